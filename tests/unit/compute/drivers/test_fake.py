import ipaddress
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import uuid

import fixtures

from tachyon import exception
from tachyon import plugins
from tachyon.compute.drivers import base as drivers
from tachyon.compute.drivers import fake
from tachyon.compute.drivers import journal
from tests import base

ID = "7a1f5a8e-0d7c-4b61-9f0e-6f2d5c3b0001"


def spec(instance_id=ID, attempt=1, host="cn1"):
    return drivers.DomainSpec(instance_id=instance_id, attempt=attempt,
                              host=host, name="vm", image="cirros",
                              resources={"VCPU": 1})


class FakeCase(base.TestCase):

    def setUp(self):
        super().setUp()
        self.path = fake.journal_path(self.conf)
        self.driver = self.open()

    def open(self):
        driver = fake.FakeDriver(self.conf)
        self.addCleanup(driver.close)
        return driver

    def reopen(self):
        self.driver.close()
        return self.open()

    def events(self, event=None):
        with open(self.path) as file:
            events = [json.loads(line) for line in file]
        return [each for each in events if event in (None, each["event"])]


class TestActions(FakeCase):

    def test_it_is_the_plug_in_named_fake(self):
        self.assertIs(fake.FakeDriver,
                      plugins.load(plugins.COMPUTE_DRIVERS, "fake"))

    def test_create(self):
        domain = self.driver.create(spec())
        self.assertEqual((ID, 1, "cn1", "STOPPED"),
                         (domain.instance_id, domain.attempt, domain.host,
                          domain.state))
        self.assertIn(ipaddress.ip_address(domain.ip_address), fake.NETWORK)
        self.assertEqual([domain], self.driver.list())
        self.assertEqual(domain, self.driver.get(ID))

    def test_a_second_create_adopts(self):
        first = self.driver.create(spec())
        self.driver.start(ID)
        second = self.driver.create(spec(attempt=2))
        self.assertEqual((first.ip_address, 2, "RUNNING"),
                         (second.ip_address, second.attempt, second.state))
        self.assertEqual(1, len(self.events("create")))
        self.assertEqual(1, len(self.events("adopt")))

    def test_a_create_elsewhere_is_refused(self):
        self.driver.create(spec())
        self.assertRaises(exception.DomainError, self.driver.create,
                          spec(host="cn2"))

    def test_transitions(self):
        """Every action in every state: the state after it, or an error."""
        ways = {"STOPPED": [], "RUNNING": ["start"],
                "PAUSED": ["start", "pause"]}
        table = {
            ("STOPPED", "start"): "RUNNING",
            ("STOPPED", "stop"): "STOPPED",
            ("STOPPED", "restart"): None,
            ("STOPPED", "pause"): None,
            ("STOPPED", "resume"): None,
            ("RUNNING", "start"): "RUNNING",
            ("RUNNING", "stop"): "STOPPED",
            ("RUNNING", "restart"): "RUNNING",
            ("RUNNING", "pause"): "PAUSED",
            ("RUNNING", "resume"): "RUNNING",
            ("PAUSED", "start"): None,
            ("PAUSED", "stop"): "STOPPED",
            ("PAUSED", "restart"): None,
            ("PAUSED", "pause"): "PAUSED",
            ("PAUSED", "resume"): "RUNNING",
        }
        for (state, action), after in table.items():
            with self.subTest(state=state, action=action):
                instance_id = str(uuid.uuid4())
                self.driver.create(spec(instance_id))
                for step in ways[state]:
                    getattr(self.driver, step)(instance_id)
                act = getattr(self.driver, action)
                if after is None:
                    self.assertRaises(exception.DomainError, act, instance_id)
                    after = state
                else:
                    act(instance_id)
                self.assertEqual(after, self.driver.get(instance_id).state)

    def test_actions_need_a_domain(self):
        for action in ("start", "stop", "restart", "pause", "resume"):
            with self.subTest(action):
                self.assertRaises(exception.DomainError,
                                  getattr(self.driver, action), ID)

    def test_destroy_is_idempotent(self):
        self.driver.create(spec())
        self.driver.destroy(ID)
        self.driver.destroy(ID)
        self.assertIsNone(self.driver.get(ID))
        self.assertEqual(1, len(self.events("destroy")))

    def test_addresses_are_never_shared(self):
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.compute.drivers.fake.NETWORK",
            ipaddress.ip_network("192.0.2.0/29")))
        taken = {self.driver.create(spec(str(uuid.uuid4()))).ip_address
                 for _ in range(6)}
        self.assertEqual(
            {f"192.0.2.{number}" for number in range(1, 7)}, taken)

    def test_failure_rate(self):
        self.config(group="fake", failure_rate=1.0)
        self.assertRaises(exception.DomainError, self.driver.create, spec())
        self.assertIsNone(self.driver.get(ID))
        self.config(group="fake", failure_rate=0.0)
        self.driver.create(spec())

    def test_delay(self):
        slept = []
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.compute.drivers.fake.time.sleep", slept.append))
        self.config(group="fake", delay=1.5)
        self.driver.create(spec())
        self.driver.start(ID)
        self.driver.destroy(ID)
        self.assertEqual([1.5] * 3, slept)

    def test_many_threads(self):
        ids = [str(uuid.uuid4()) for _ in range(200)]

        def make(mine):
            for instance_id in mine:
                self.driver.create(spec(instance_id))

        threads = [threading.Thread(target=make, args=(ids[n::8],))
                   for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(ids), sorted(
            event["instance_id"] for event in self.events("create")))
        self.assertEqual(200, len({
            domain.ip_address for domain in self.driver.list()}))


class TestInventory(FakeCase):

    def test_hosts_are_as_configured_and_keep_their_uuids(self):
        self.config(group="fake", hosts=2, vcpus=4, memory_mb=2048,
                    disk_gb=7, traits=["HW_CPU_X86_AVX2"])
        one, two = self.driver.inventory()
        self.assertEqual(("testhost-1", "testhost-2"), (one.name, two.name))
        self.assertEqual({"VCPU": 4, "MEMORY_MB": 2048, "DISK_GB": 7}, {
            name: inventory.total
            for name, inventory in one.inventories.items()})
        self.assertEqual({"HW_CPU_X86_AVX2"}, one.traits)
        self.assertNotEqual(one.uuid, two.uuid)
        self.assertEqual(
            one, self.reopen().inventory()[0])

    def test_no_hosts(self):
        self.config(group="fake", hosts=0)
        self.assertEqual([], self.driver.inventory())


class TestMemory(FakeCase):

    def test_all_is_there_after_a_restart(self):
        made = [self.driver.create(spec(str(uuid.uuid4())))
                for _ in range(3)]
        self.driver.start(made[0].instance_id)
        self.driver.destroy(made[1].instance_id)
        before = self.driver.list()
        self.assertEqual(before, self.reopen().list())
        self.assertEqual(3, len(self.events("create")))

    def test_a_torn_last_line_is_cut_off(self):
        self.driver.create(spec())
        before = self.driver.list()
        self.driver.close()
        whole = os.path.getsize(self.path)
        with open(self.path, "ab") as file:
            file.write(b'{"event":"destroy","insta')
        driver = self.open()
        self.assertEqual(before, driver.list())
        self.assertEqual(whole, os.path.getsize(self.path))
        driver.destroy(ID)
        self.assertEqual(["create", "destroy"], [
            event["event"] for event in self.events()])

    def test_lines_of_nonsense_are_passed_over(self):
        self.driver.create(spec())
        before = self.driver.list()
        self.driver.close()
        with open(self.path, "ab") as file:
            file.write(b'nonsense\n[1]\n{"event":"create"}\n\xff\n'
                       b'{"event":"x","instance_id":"y","attempt":1,'
                       b'"host":"z","state":"FLYING","ip_address":null}\n')
        driver = self.open()
        self.assertEqual(before, driver.list())

    def test_a_second_process_is_refused(self):
        code = textwrap.dedent("""
            import sys
            from tachyon import exception
            from tachyon.compute.drivers import journal
            try:
                journal.Journal(sys.argv[1])
            except exception.DomainError as exc:
                print(exc)
        """)
        done = subprocess.run([sys.executable, "-c", code, self.path],
                              capture_output=True, text=True, timeout=60)
        self.assertIn("in use by another process", done.stdout)

    def test_killed_while_writing(self):
        """Whatever is acknowledged is there, and nothing is there twice."""
        code = textwrap.dedent("""
            import sys
            from tachyon import backend
            backend.choose()
            from tachyon import conf
            from tachyon.compute.drivers import base, fake
            conf.CONF([], project="tachyon", default_config_files=[],
                      default_config_dirs=[])
            conf.CONF.set_override("state_path", sys.argv[1])
            conf.CONF.set_override("service_host", "testhost")
            driver = fake.FakeDriver(conf.CONF)
            n = 0
            while True:
                n += 1
                name = f"00000000-0000-4000-8000-{n:012d}"
                driver.create(base.DomainSpec(
                    instance_id=name, attempt=1, host="h", name="n",
                    image="i", resources={}))
                print(name, flush=True)
        """)
        self.driver.close()
        writer = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", code, self.state_path],
            stdout=subprocess.PIPE, text=True)
        acknowledged = [writer.stdout.readline().strip() for _ in range(50)]
        writer.send_signal(signal.SIGKILL)
        acknowledged += writer.stdout.read().split()
        writer.wait()
        writer.stdout.close()
        driver = self.open()
        there = {domain.instance_id for domain in driver.list()}
        created = [event["instance_id"] for event in self.events("create")]
        self.assertEqual(sorted(there), sorted(created))
        # The very last line read may be half a name.
        self.assertLessEqual(set(acknowledged[:-1]), there)
        self.assertGreaterEqual(len(there), 50)

    def test_what_can_not_be_written_has_not_happened(self):
        self.driver.create(spec())
        before = self.driver.list()

        def full(self, event):
            raise OSError(28, "No space left on device")

        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.compute.drivers.journal.Journal.append", full))
        self.assertRaises(exception.DomainError, self.driver.start, ID)
        self.assertRaises(exception.DomainError, self.driver.destroy, ID)
        self.assertRaises(exception.DomainError, self.driver.create,
                          spec(str(uuid.uuid4())))
        self.assertEqual(before, self.driver.list())


class TestJournal(base.TestCase):

    def setUp(self):
        super().setUp()
        self.path = os.path.join(self.state_path, "deep", "x.journal")
        self.journal = journal.Journal(self.path)
        self.addCleanup(self.journal.close)

    def test_events_come_back_in_order(self):
        events = [{"n": n, "text": "käse\n"} for n in range(5)]
        for event in events:
            self.journal.append(event)
        self.assertEqual(events, self.journal.replay())

    def test_a_short_write_is_taken_back(self):
        self.journal.append({"n": 1})

        def short(fd, data, write=os.write):
            return write(fd, data[:4])

        with fixtures.MonkeyPatch(
                "tachyon.compute.drivers.journal.os.write", short):
            self.assertRaises(OSError, self.journal.append, {"n": 2})
        self.journal.append({"n": 3})
        self.assertEqual([{"n": 1}, {"n": 3}], self.journal.replay())
