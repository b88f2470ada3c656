"""A real nova, with Tachyon as its Placement and in nova-scheduler's place."""

from tests.integration.nova import base


class TestStack(base.StackCase):

    def test_boot_and_delete(self):
        server = self.boot()
        self.check_allocations()
        self.nova.delete([server["id"]])
        self.assertEqual({}, self.allocations())
