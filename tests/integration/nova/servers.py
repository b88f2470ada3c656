"""What is asked of a scheduler when servers are made."""

from tests.integration.nova import base
from tests.integration.nova import client


class ServerTests(base.StackCase):

    def test_boot_and_delete(self):
        server = self.boot()
        self.check_allocations()
        request, = self.placement.get(
            f"/api/v1/requests?consumer={server['id']}")["requests"]
        self.assertEqual("scheduled", request["verdict"])
        self.nova.delete([server["id"]])
        self.assertEqual({}, self.allocations())

    def test_host_that_is_forced_or_requested(self):
        self.assertEqual(["host1", "host2"], [
            self.boot(**asked)[client.HOST] for asked in (
                {"availability_zone": "nova:host1"}, {"host": "host2"})])
        self.check_allocations()

    def test_no_room(self):
        self.assertEqual(
            "No valid host was found. 0/3 hosts: 3 short of VCPU.",
            self.refused(self.flavor("huge", vcpus=100000)))

    def test_disabled_host(self):
        self.addCleanup(self.nova.change_service, "host0", status="enabled")
        self.nova.change_service("host0", status="disabled")
        self.assertRegex(self.refused(host="host0"),
                         "^No valid host was found. 0/3 hosts: 2 outside tree "
                         r".*, 1 root traits do not match \(has "
                         r"COMPUTE_STATUS_DISABLED\)\.$")
        self.assertNotIn("host0", self.hosts_of(self.nova.boot(count=6)))
        self.check_allocations()

    def test_availability_zone(self):
        self.aggregate(["host1"], availability_zone="east")
        self.assertEqual({"host1"}, self.hosts_of(
            self.nova.boot(count=3, availability_zone="east")))

    def test_aggregate_with_metadata(self):
        self.aggregate(["host0", "host2"], disk="fast")
        self.aggregate(["host0", "host1"], disk="slow")
        flavor = self.flavor("fast", **{
            "aggregate_instance_extra_specs:disk": "fast"})
        self.assertEqual({"host0", "host2"}, self.hosts_of(
            self.nova.boot(flavor, count=8)))

    def test_anti_affinity(self):
        """Two hosts are there for a group; its third member is refused, and
        told why."""
        self.aggregate(["host0", "host1"], availability_zone="pair")
        asked = {"hints": {"group": self.group("anti-affinity")},
                 "availability_zone": "pair"}
        self.assertEqual({"host0", "host1"}, self.hosts_of(
            self.nova.boot(count=2, **asked)))
        self.assertRegex(
            self.refused(**asked), "^No valid host was found. 0/3 hosts: "
            r"2 refused by ServerGroupAntiAffinityFilter \(as many of its "
            r"server group as may be are there\), 1 outside .*\.$")
        self.check_allocations()

    def test_affinity(self):
        asked = {"hints": {"group": self.group("affinity")}}
        first = self.boot(**asked)[client.HOST]
        self.assertEqual({first}, self.hosts_of(
            self.nova.boot(count=3, **asked)))

    def test_20_at_once(self):
        ids = self.nova.boot(count=20)
        self.assertEqual(20, len(ids))
        self.hosts_of(ids)
        self.check_allocations()
