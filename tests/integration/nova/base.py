"""What every test on a whole cloud of nova's starts from."""

from tests.integration import base
from tests.integration.nova import client
from tests.integration.nova import daemons
from tests.integration.nova import stack
from tests.integration.parts import wait


class StackCase(base.TestCase):
    """One cloud serves all tests of a class. Each begins with no server, and
    in the end allocations are checked against those that there are."""

    LIMIT = 300

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack = cls.share(stack.Stack(cls.share_directory()))
        cls.nova = cls.stack.client
        cls.placement = cls.stack.placement
        cls.nova.make_flavor("small")
        cls.nova.make_flavor("medium", vcpus=2, ram=1024)

    def setUp(self):
        super().setUp()
        self.addCleanup(self.clean_up)

    def clean_up(self):
        """Leave nothing behind: no server, and nothing allocated."""
        self.nova.delete(self.nova.servers())
        wait.until(lambda: not self.allocations(),
                   "nothing is allocated", deadline=client.DEADLINE)

    # ---------------------------------------------------------------- words
    def boot(self, *args, **kwargs):
        """Return a new server, once it is active."""
        id, = self.nova.boot(*args, **kwargs)
        return self.active(id)

    def active(self, id):
        """Return a server that has become active."""
        server = self.nova.wait_for(id, "ACTIVE", "ERROR")
        self.assertEqual("ACTIVE", server["status"], server.get("fault"))
        return server

    def refused(self, *args, **kwargs):
        """Return why a new server has no host."""
        id, = self.nova.boot(*args, **kwargs)
        server = self.nova.wait_for(id, "ACTIVE", "ERROR")
        self.assertEqual("ERROR", server["status"], server)
        self.assertEqual({}, self.placement.allocations_of(id))
        return server["fault"]["message"]

    def allocations(self):
        """Return what is allocated: by consumer, amounts by host."""
        found = {}
        for host, uuid in self.placement.providers().items():
            body = self.placement.get(
                f"/resource_providers/{uuid}/allocations")["allocations"]
            for consumer, each in body.items():
                found.setdefault(consumer, {})[host] = each["resources"]
        return found

    def expected(self):
        """Return the allocations that nova's servers should have."""
        return {id: {server[client.HOST]: {
            "VCPU": server["flavor"]["vcpus"],
            "MEMORY_MB": server["flavor"]["ram"],
            "DISK_GB": server["flavor"]["disk"]}}
            for id, server in self.nova.servers().items()
            if server[client.HOST]}

    def check_allocations(self):
        """Each server has what its flavor says, where it is; else nobody has
        anything; and nova's own audit says so, too."""
        self.assertEqual(self.expected(), self.allocations())
        self.stack.manage("placement", "audit", "--verbose")
