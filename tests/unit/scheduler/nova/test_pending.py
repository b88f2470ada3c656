"""The host source ``nova`` knows what decisions took."""

import json

from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources.nova import pending
from tachyon.scheduler.host_sources.nova import tables
from tachyon.scheduler.nova import demand
from tachyon.scheduler.nova.numa import guest
from tachyon.scheduler.nova.pci import requests
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler.nova import databases
from tests.unit.scheduler.nova import messages
from tests.unit.scheduler.nova import source_case

at = databases.at


class TestPending(source_case.SourceCase):

    def take(self, source, uuid="new", host="h1"):
        source.consume([(
            placement_fakes.uuid(host), facts_module.Consumption(
                uuid, ram_mb=1000, disk_mb=1024, vcpus=2))])

    def free(self, source, later=0.0):
        return self.free_in(self.facts(source, later))

    def free_in(self, facts):
        node = self.node(facts, "h1")
        return (node.free_ram_mb, node.free_disk_mb, node.vcpus_used,
                node.num_instances, node.num_io_ops)

    def test_what_is_taken_shows_at_once(self):
        source = self.make()
        self.facts(source)
        self.take(source)
        self.assertEqual((3000, 50176, 3, 3, 2), self.free(source))
        self.assertEqual("h1", self.where(source, "new", later=0))
        source.release(placement_fakes.uuid("h1"), "new")
        self.assertEqual((4000, 51200, 1, 2, 1), self.free(source))
        self.assertIsNone(self.where(source, "new", later=0))

    def test_facts_less_a_share(self):
        """They are what facts are once it is taken, and others stay."""
        source = self.make()
        facts = self.facts(source)
        row = facts.by_row.tolist().index(next(
            index for index, node in enumerate(facts.table.nodes)
            if node.host == "h1"))
        left = facts.less(row, facts_module.Consumption(
            "new", ram_mb=1000, disk_mb=1024, vcpus=2))
        self.take(source)
        self.assertEqual(self.free(source), self.free_in(left))
        self.assertEqual("h1", left.instances.host_of("new"))
        self.assertIsNone(facts.instances.host_of("new"))
        self.assertEqual((4000, 51200, 1, 2, 1), self.free_in(facts))

    def test_cells_and_devices_are_taken_as_the_compute_will(self):
        """Also of what it reports later: who is there by then may have others
        than was thought."""
        source = self.make()
        self.report([0, 1])
        self.facts(source, later=10.0)
        source.consume([(
            placement_fakes.uuid("h1"), facts_module.Consumption(
                "new", demand=demand.Demand(
                    guest.GuestTopology((guest.GuestCell(
                        0, 64, pinned=2, policy=guest.Cpus.DEDICATED),)),
                    devices=(requests.DeviceRequest(
                        1, (requests.Spec((("vendor_id", "10de"),)),)),))))])

        def left(later):
            node = self.node(self.facts(source, later), "h1")
            cell, = node.numa.cells
            return cell.free, cell.memory_used, node.pci.free
        self.assertEqual((0b110000, 64, 1), left(0.0))
        self.report([4, 5], when=20)
        self.assertEqual((0b1100, 64, 1), left(10.0))
        source.release(placement_fakes.uuid("h1"), "new")
        self.assertEqual((0b1111, 0, 2), left(0.0))

    def report(self, pinned, when=9):
        self.cloud.update(
            tables.NODES, "h1", updated_at=at(when),
            pci_stats=json.dumps([{"count": 2, "vendor_id": "10de"}]),
            numa_topology=json.dumps(messages.envelope(
                "NUMATopology", "1.2", cells=[messages.envelope(
                    "NUMACell", "1.5", id=0, cpuset=[], memory=1024,
                    pcpuset=list(range(6)), cpu_usage=0, memory_usage=0,
                    pinned_cpus=pinned, mempages=[],
                    siblings=[[0, 1], [2, 3], [4, 5]])])))

    def test_it_stays_until_the_compute_has_counted_it(self):
        source = self.make()
        self.facts(source)
        self.take(source)
        # Its usual report, without the new one.
        self.cloud.update(tables.NODES, "h1", free_ram_mb=3900,
                          updated_at=at(9))
        self.assertEqual(2900, self.free(source, 1)[0])
        self.cloud.add_instance("new", "h1", when=10)
        self.cloud.update(tables.NODES, "h1", free_ram_mb=2900,
                          updated_at=at(10))
        self.assertEqual(2900, self.free(source, 1)[0])
        self.assertEqual("h1", self.where(source, "new"))

    def test_what_never_comes_is_forgotten(self):
        source = self.make()
        self.facts(source)
        self.take(source)
        self.assertEqual(3000, self.free(source, pending.PENDING_MAX)[0])
        self.assertEqual(4000, self.free(source, 1)[0])
        self.assertIsNone(self.where(source, "new"))

    def test_who_is_coming_has_no_host_in_the_database(self):
        source = self.make()
        self.facts(source)
        self.cloud.add_instance("new", None, when=1)
        self.take(source)
        self.assertEqual("h1", self.where(source, "new"))
        self.assertEqual(3000, self.free(source)[0])

    def test_who_is_built_elsewhere_takes_nothing_any_more(self):
        source = self.make()
        self.facts(source)
        self.take(source)
        self.cloud.add_instance("new", "h2", when=1)
        self.assertEqual("h2", self.where(source, "new"))
        self.assertEqual(4000, self.free(source)[0])

    def test_who_moves_stays_on_its_former_host(self):
        self.cloud.add_instance("i1", "h2")
        source = self.make()
        self.facts(source)
        self.take(source, "i1")
        self.assertEqual("h2", self.where(source, "i1", later=0))
        self.assertEqual(3000, self.free(source)[0])

    def test_who_is_unknown_has_nothing_to_take(self):
        source = self.make()
        self.facts(source)
        self.take(source, host="alien")
        source.release(placement_fakes.uuid("alien"), "new")
        self.assertIsNone(self.where(source, "new", later=0))

    def test_who_came_and_went_unseen_takes_nothing_any_more(self):
        source = self.make()
        self.facts(source)
        self.take(source)
        self.cloud.add_instance("new", "h1", when=1, deleted=7)
        self.assertIsNone(self.where(source, "new"))
        self.assertEqual(4000, self.free(source)[0])

    def test_who_failed_takes_nothing_any_more(self):
        source = self.make()
        self.facts(source)
        self.take(source)
        self.cloud.add_instance("new", None, when=1, vm_state="error")
        self.assertIsNone(self.where(source, "new"))
        self.assertEqual(4000, self.free(source)[0])

    def test_who_is_being_built_has_no_task_for_a_moment(self):
        source = self.make()
        self.facts(source)
        self.take(source)
        self.cloud.add_instance("new", None, when=1, vm_state="building")
        self.assertEqual("h1", self.where(source, "new"))
        self.assertEqual(3000, self.free(source)[0])

    def test_who_moved_there_and_back_unseen_takes_nothing_any_more(self):
        self.cloud.add_instance("i1", "h2", vm_state="active",
                                task_state="resize_prep")
        source = self.make()
        self.facts(source)
        self.take(source, "i1")
        self.assertEqual(3000, self.free(source, 1)[0])
        self.cloud.change_instance("i1", updated_at=at(2), task_state=None)
        self.assertEqual("h2", self.where(source, "i1"))
        self.assertEqual(4000, self.free(source)[0])

    def test_who_is_to_move_once_more_has_not_moved_there(self):
        """There, back, and asked to move again, since the last look."""
        self.cloud.add_instance("i1", "h2", vm_state="active",
                                task_state="resize_prep")
        source = self.make()
        self.facts(source)
        self.take(source, "i1")
        source.update_instance_info("h1", [{"uuid": "i1"}])
        source.begin("i1")
        self.assertEqual(4000, self.free(source, 1)[0])
        self.assertEqual("h2", self.where(source, "i1"))

    def test_who_is_there_and_not_counted_stays_when_it_is_to_move(self):
        source = self.make()
        self.facts(source)
        self.take(source)
        self.cloud.add_instance("new", "h1", when=1, vm_state="active")
        source.begin("new")
        self.assertEqual(3000, self.free(source, 1)[0])
        self.assertEqual("h1", self.where(source, "new"))

    def test_what_was_read_before_does_not_tell_of_it(self):
        """A look that began earlier knows nothing of the task for which it
        was taken."""
        self.cloud.add_instance("i1", "h2", vm_state="active")
        source = self.make()
        self.facts(source)
        cell = source._cells["c1"].cell
        look = cell.look()
        self.clock.now += 1.0
        self.take(source, "i1")
        source.known.take({"c1": look}, None)
        self.assertEqual(3000, self.free(source, 0)[0])
