"""nova's own conductor code calls tachyon-scheduler, over RabbitMQ."""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.scheduler import service
from tests.functional.nova import base
from tests.functional.nova import test_service
from tests.integration.parts import conductor
from tests.integration.parts import rabbitmq
from tests.unit.scheduler.nova import messages

# Seconds until nova is imported, and for an answer, on a busy machine.
DEADLINE = 120.0


class TestConductor(base.NovaCase):

    db_driver = "sqlite"

    def test_calls(self):
        """nova declares the exchange as it does by default, and makes its
        own objects and errors of the answers."""
        node = self.add_node("n1")
        self.set_zone("east", "n1-service")
        url = rabbitmq.shared().new_url()
        self.config(group="nova", transport_url=url)
        daemon = service.SchedulerService(
            self.conf, lambda: self.make_scheduler(self.driver))
        daemon.start()
        self.addCleanup(daemon.stop)
        found, refused, ping, _told = self.ask(url, [
            ("select", messages.spec(), [uuids.vm]),
            ("select", messages.spec(flavor={"vcpus": 99}), [uuids.big]),
            ("ping", None, []),
            ("tell", test_service.AGGREGATE, [uuids.vm])])
        self.assertEqual([[{
            "node": "n1", "cell": messages.CELL, "zone": "east", "limits": {},
            "request": {"mappings": {"": [node]}, "allocations": {
                node: {"resources": {"VCPU": 1, "MEMORY_MB": 512,
                                     "DISK_GB": 1}}}}}]], found)
        self.assertEqual({
            "error": "nova.exception.NoValidHost",
            "message": "No valid host was found. 0/1 hosts: 1 short of "
                       "VCPU."}, refused)
        self.assertEqual({"service": "scheduler", "arg": "hello"}, ping)
        self.assertEqual({"update_aggregates", "sync_instance_info"},
                         {each[0] for each in self.heard(2)})

    heard = test_service.ServiceCase.heard

    def ask(self, url, calls):
        """Have a conductor make these calls; return its answers."""
        file = pathlib.Path(self.state_path) / "nova.conf"
        file.write_text(f"[DEFAULT]\ntransport_url = {url}\n")
        with tempfile.TemporaryFile("w+") as log:
            done = subprocess.run(
                # Beside it is another module of the name of nova's package.
                [sys.executable, "-P", conductor.__file__, str(file)],
                input="".join(f"{json.dumps(each)}\n" for each in calls),
                stdout=subprocess.PIPE, stderr=log, timeout=DEADLINE,
                cwd=self.state_path, text=True,
                # Threads: the other choice, eventlet, is on its way out.
                env={**os.environ,
                     "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true"})
            log.seek(0)
            self.assertEqual(0, done.returncode, log.read()[-5000:])
        return [json.loads(line) for line in done.stdout.splitlines()]
