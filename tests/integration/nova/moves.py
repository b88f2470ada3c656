"""What is asked of a scheduler when servers change, or their hosts do."""

from tests.integration.nova import base
from tests.integration.nova import client


class MoveTests(base.StackCase):

    def begin_move(self, action, arguments=None):
        """Move a new server as far as somebody has to say whether it is good
        there; return what it was before, and what it is."""
        before = self.boot()
        self.nova.act(before["id"], action, arguments)
        moved = self.nova.wait_for(before["id"], "VERIFY_RESIZE", "ERROR",
                                   "ACTIVE")
        self.assertEqual("VERIFY_RESIZE", moved["status"], moved.get("fault"))
        self.assertNotEqual(before[client.HOST], moved[client.HOST])
        # Its migration keeps its place meanwhile.
        migration, = self.nova.get(
            f"/os-migrations?instance_uuid={before['id']}")["migrations"]
        self.assertEqual({
            before["id"]: self.share_of(moved),
            migration["uuid"]: self.share_of(before)}, self.allocations())
        return before, moved

    def finish_move(self, action, server):
        """Say whether it is good there; return what it is in the end."""
        self.nova.act(server["id"], action,
                      status=204 if action == "confirmResize" else 202)
        after = self.active(server["id"])
        # The source of a move that is confirmed is freed after that.
        client.until(lambda: len(self.allocations()) == 1,
                     "the migration has nothing")
        self.check_allocations()
        return after

    def test_resize_and_confirm(self):
        _before, moved = self.begin_move("resize", {"flavorRef": "medium"})
        after = self.finish_move("confirmResize", moved)
        self.assertEqual((moved[client.HOST], 2), (
            after[client.HOST], after["flavor"]["vcpus"]))

    def test_resize_and_revert(self):
        before, moved = self.begin_move("resize", {"flavorRef": "medium"})
        after = self.finish_move("revertResize", moved)
        self.assertEqual((before[client.HOST], 1), (
            after[client.HOST], after["flavor"]["vcpus"]))

    def test_cold_migration(self):
        _before, moved = self.begin_move("migrate")
        after = self.finish_move("confirmResize", moved)
        self.assertEqual(moved[client.HOST], after[client.HOST])

    def test_live_migration(self):
        before = self.boot()
        self.nova.act(before["id"], "os-migrateLive",
                      {"host": None, "block_migration": "auto"})
        self.wait_until_elsewhere(before)
        self.active(before["id"])
        client.until(lambda: len(self.allocations()) == 1,
                     "the migration has nothing")
        self.check_allocations()

    def test_rebuild(self):
        before = self.boot()
        self.nova.act(before["id"], "rebuild",
                      {"imageRef": client.OTHER_IMAGE})
        after = self.active(before["id"])
        self.assertEqual(
            (before[client.HOST], client.OTHER_IMAGE),
            (after[client.HOST], after["image"]["id"]))
        self.check_allocations()

    def test_evacuation_from_a_compute_that_died(self):
        """Until the compute is back, what its servers had is kept."""
        before = self.boot()
        host = before[client.HOST]
        self.stack.computes[host].kill()
        self.addCleanup(self.revive, host)
        self.nova.change_service(host, forced_down=True)
        self.assertIn("refused by ComputeFilter (its compute is down)",
                      self.refused(host=host))
        self.nova.act(before["id"], "evacuate", {}, status=200)
        self.wait_until_elsewhere(before)
        after = self.nova.wait_for(before["id"], "SHUTOFF", "ERROR")
        self.assertEqual("SHUTOFF", after["status"], after.get("fault"))
        self.assertEqual(
            {before["id"]: {**self.share_of(before),
                            **self.share_of(after)}}, self.allocations())
        self.revive(host)
        client.until(lambda: self.allocations() == self.expected(),
                     "the compute has given back what it had")

    def wait_until_elsewhere(self, before):
        client.until(
            lambda: self.nova.server(before["id"])[client.HOST]
            != before[client.HOST], "it is elsewhere")

    def revive(self, host):
        """Have a compute serve again."""
        if self.stack.computes[host].running:
            return
        seen = self.nova.services()[host]["updated_at"]
        self.stack.computes[host].launch()
        # It reports once it listens.
        client.until(
            lambda: self.nova.services()[host]["updated_at"] != seen,
            f"{host} serves")
        self.nova.change_service(host, forced_down=False)
