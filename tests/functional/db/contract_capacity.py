"""Many writers at once: what every driver must hold to, to the unit."""

from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models

HOSTS = ("host0", "host1", "host2", "host3")
VCPUS = 15                              # of each


def fill(driver, hosts, amounts):
    """Claim from one host after the other until none has room for any of
    the amounts; return what was got in all."""
    got = 0
    for amount in amounts:
        left = list(hosts)
        while left:
            host = left[got % len(left)]
            try:
                driver.allocations.replace([models.Claim(
                    consumer_uuid=uuidutils.generate_uuid(),
                    consumer_generation=None, project_id="demo",
                    user_id="alice", allocations={host: {"VCPU": amount}})])
            except exception.CapacityExceeded:
                left.remove(host)
            else:
                got += amount
    return got


def fill_from_process(args):
    """``fill`` with a driver of this process's own."""
    opener, hosts, amounts = args
    driver = opener()
    try:
        return fill(driver, hosts, amounts)
    finally:
        driver.close()


class CapacityContract:

    def setUp(self):
        super().setUp()
        self.hosts = [self.make_provider(name, VCPU=VCPUS).uuid
                      for name in HOSTS]

    def test_threads_fill_to_the_unit(self):
        got = self.in_threads(
            lambda amounts: fill(self.driver, self.hosts, amounts),
            [(3, 2, 1)] * 8)
        self._assert_full(sum(got))

    def test_processes_fill_to_the_unit(self):
        got = self.in_processes(
            fill_from_process, [(self.opener, self.hosts, (3, 2, 1))] * 8)
        self._assert_full(sum(got))

    def test_one_consumer_is_moved_once(self):
        def move(host):
            try:
                self.take(uuids.vm, {host: {"VCPU": 1}}, 1)
            except exception.ConcurrentUpdate:
                return 0
            return 1

        self.take(uuids.vm, {self.hosts[0]: {"VCPU": 1}})
        self.assertEqual(1, sum(self.in_threads(move, self.hosts * 4)))
        self.assertEqual(1, sum(self.used(host) for host in self.hosts))

    def test_one_new_consumer_is_made_once(self):
        def make(host):
            try:
                self.take(uuids.vm, {host: {"VCPU": 1}})
            except exception.ConcurrentUpdate:
                return 0
            return 1

        self.assertEqual(1, sum(self.in_threads(make, self.hosts * 4)))
        self.assertEqual(1, sum(self.used(host) for host in self.hosts))

    def test_one_generation_is_written_once(self):
        def write(total):
            try:
                self.driver.inventories.replace(
                    self.hosts[0], 1, {"VCPU": models.Inventory(total)})
            except exception.ConcurrentUpdate:
                return 0
            return 1

        self.assertEqual(1, sum(self.in_threads(write, range(20, 36))))
        self.assertEqual(2, self.driver.resource_providers.get(
            self.hosts[0]).generation)

    def test_one_name_is_taken_once(self):
        def make(index):
            try:
                self.driver.resource_providers.create(
                    uuidutils.generate_uuid(), "same")
            except exception.DuplicateProvider:
                return 0
            return 1

        self.assertEqual(1, sum(self.in_threads(make, range(16))))

    def _assert_full(self, got):
        self.assertEqual(VCPUS * len(self.hosts), got)
        for host in self.hosts:
            provider, consumers = self.driver.allocations.list_by_provider(
                host)
            self.assertEqual(VCPUS, provider.inventories["VCPU"].used)
            self.assertEqual(VCPUS, sum(
                one.allocations[host].resources["VCPU"] for one in consumers))
