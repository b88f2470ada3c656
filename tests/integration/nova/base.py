"""What every test on a whole cloud of nova's starts from."""

from tests.integration import base
from tests.integration.nova import client
from tests.integration.nova import stack


class StackCase(base.TestCase):
    """One cloud serves all tests of a class. Each begins with no server, and
    in the end allocations are checked against those that there are."""

    LIMIT = 400

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack = cls.share(stack.Stack(cls.share_directory()))
        cls.nova = cls.stack.client
        cls.placement = cls.stack.placement
        cls.nova.make_flavor("small")
        cls.nova.make_flavor("medium", vcpus=2, ram=1024)

    def tearDown(self):
        """Leave nothing behind: no server, and nothing allocated."""
        self.nova.delete(self.nova.servers())
        client.until(lambda: not self.allocations(), "nothing is allocated")
        super().tearDown()

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

    def hosts_of(self, ids):
        """Return the hosts of servers that become active."""
        return {self.active(id)[client.HOST] for id in ids}

    def flavor(self, name, **kwargs):
        """Make a flavor for this test."""
        self.addCleanup(self.nova.tell, "DELETE", f"/flavors/{name}",
                        status=202)
        return self.nova.make_flavor(name, **kwargs)

    def group(self, policy):
        """Make a server group, and return its id."""
        id = self.nova.tell("POST", "/os-server-groups", {"server_group": {
            "name": policy, "policy": policy}})["server_group"]["id"]
        self.addCleanup(self.nova.tell, "DELETE", f"/os-server-groups/{id}",
                        status=204)
        return id

    def aggregate(self, hosts, **metadata):
        """Make a host aggregate."""
        id = self.nova.tell("POST", "/os-aggregates", {"aggregate": {
            "name": f"of {', '.join(hosts)}"}})["aggregate"]["id"]
        path = f"/os-aggregates/{id}"
        self.addCleanup(self.nova.tell, "DELETE", path)
        self.nova.tell("POST", f"{path}/action", {
            "set_metadata": {"metadata": metadata}})
        for host in hosts:
            # A zone with a host that has servers may not go, nor an
            # aggregate with hosts.
            self.addCleanup(self.nova.tell, "POST", f"{path}/action",
                            {"remove_host": {"host": host}})
            self.nova.tell("POST", f"{path}/action",
                           {"add_host": {"host": host}})

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
        return {id: self.share_of(server)
                for id, server in self.nova.servers().items()
                if server[client.HOST]}

    def share_of(self, server):
        """Return what a server takes of its host."""
        flavor = server["flavor"]
        return {server[client.HOST]: {
            "VCPU": flavor["vcpus"], "MEMORY_MB": flavor["ram"],
            "DISK_GB": flavor["disk"]}}

    def check_allocations(self):
        """Each server has what its flavor says, where it is; nobody else has
        anything."""
        self.assertEqual(self.expected(), self.allocations())
