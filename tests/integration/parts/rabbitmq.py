"""A private RabbitMQ node: Debian's rabbitmq-server, started by a test.

It listens on 127.0.0.1 only, on free ports, with a port mapper (epmd), a data
directory, a user and a password of its own, so that it meets neither the
machine's broker nor those of other test processes. One node serves a whole
test process; each user takes a virtual host, which is empty and its alone.
"""

import atexit
import base64
import functools
import hashlib
import itertools
import json
import os
import pathlib
import secrets
import shutil

import amqp
import fixtures

from tests.integration.parts import ports
from tests.integration.parts import processes
from tests.integration.parts import wait

# The wrapper in the PATH insists on the packaged user and directories.
HOME = pathlib.Path("/usr/lib/rabbitmq/bin")
USER = "tachyon"
VIRTUAL_HOSTS = 16


class RabbitMQ(fixtures.Fixture):
    """A running node. ``new_url`` gives the transport_url of a fresh host."""

    def _setUp(self) -> None:
        self.server = HOME / "rabbitmq-server"
        if not self.server.exists():
            raise RuntimeError(
                "rabbitmq-server is not installed: the integration tests "
                "need it (on Debian: apt-get install rabbitmq-server).")
        self.directory = self.useFixture(processes.Directory()).path
        self.port = ports.find()
        self.password = secrets.token_hex(16)
        self._hosts = itertools.count()
        environment = self._write_configuration()
        self.mapper = self.useFixture(processes.Process(
            "epmd", [shutil.which("epmd") or "epmd"],
            self.directory / "epmd.log", env=environment))
        self.node = self.useFixture(processes.Process(
            "rabbitmq", [str(self.server)], self.directory / "node.log",
            env=environment))
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        wait.until(self._answers, "RabbitMQ answers", deadline=90,
                   interval=0.25)

    def new_url(self) -> str:
        """Return the URL of a virtual host that nobody has used yet."""
        number = next(self._hosts)
        if number >= VIRTUAL_HOSTS:
            raise RuntimeError("Out of virtual hosts.")
        return (f"rabbit://{USER}:{self.password}@127.0.0.1:{self.port}"
                f"/host{number}")

    def _answers(self) -> bool:
        if not self.node.running:
            raise RuntimeError(f"RabbitMQ ended:\n{self.node.output}")
        try:
            with amqp.Connection(
                    f"127.0.0.1:{self.port}", userid=USER,
                    password=self.password, virtual_host="host0",
                    connect_timeout=5, read_timeout=5, write_timeout=5):
                return True
        except (OSError, amqp.AMQPError):
            return False

    # -------------------------------------------------------- configuration
    def _write_configuration(self) -> dict[str, str]:
        """Write all files of the node, and return its environment."""
        directory = self.directory
        definitions = directory / "definitions.json"
        definitions.write_text(json.dumps(self._definitions()))
        configuration = directory / "rabbitmq.conf"
        configuration.write_text("\n".join((
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            f"load_definitions = {definitions}",
            "log.console = true",
            "log.file = false",
            "disk_free_limit.absolute = 1MB",
            "heartbeat = 30",
        )) + "\n")
        plugins = directory / "enabled_plugins"
        plugins.write_text("[].\n")
        settings = directory / "rabbitmq-env.conf"
        settings.write_text("")
        return {
            "HOME": str(directory),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(ports.find()),
            "RABBITMQ_CONF_ENV_FILE": str(settings),
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(directory / "advanced"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_NODENAME": f"tachyon-{os.getpid()}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(ports.find()),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_ALLOW_INPUT": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _definitions(self) -> dict[str, list[dict[str, str]]]:
        salt = secrets.token_bytes(4)
        digest = hashlib.sha256(salt + self.password.encode()).digest()
        hosts = [f"host{number}" for number in range(VIRTUAL_HOSTS)]
        return {
            "users": [{
                "name": USER, "tags": "administrator",
                "password_hash": base64.b64encode(salt + digest).decode(),
                "hashing_algorithm": "rabbit_password_hashing_sha256"}],
            "vhosts": [{"name": host} for host in hosts],
            "permissions": [
                {"user": USER, "vhost": host, "configure": ".*",
                 "write": ".*", "read": ".*"} for host in hosts],
        }


@functools.cache
def shared() -> RabbitMQ:
    """Return the node of this test process, started at its first use."""
    node = RabbitMQ()
    node.setUp()
    atexit.register(node.cleanUp)
    return node
