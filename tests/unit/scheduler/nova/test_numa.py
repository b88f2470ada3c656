"""NUMA cells: what a node reports, and special cases of what fits."""

import concurrent.futures
import dataclasses
import json

from tachyon import exception
from tachyon.scheduler.nova import wire
from tachyon.scheduler.nova.numa import cpus
from tachyon.scheduler.nova.numa import fit
from tachyon.scheduler.nova.numa import guest
from tachyon.scheduler.nova.numa import pagesizes
from tachyon.scheduler.nova.numa import pins
from tachyon.scheduler.nova.numa import topology
from tests import base
from tests.unit.scheduler.nova import messages


def report(**fields):
    """Return the text of a node with one cell."""
    cell = {"id": 0, "cpuset": [0, 1], "pcpuset": [2, 3], "memory": 1024,
            "cpu_usage": 1, "memory_usage": 256, "pinned_cpus": [3],
            "siblings": [[0, 1], [2, 3]], "mempages": [], **fields}
    return json.dumps(messages.envelope("NUMATopology", "1.2", cells=[
        messages.envelope("NUMACell", "1.5", **cell)]))


class TestTopology(base.TestCase):

    def test_a_report(self):
        host = topology.HostTopology(report())
        cell, = host.cells
        self.assertEqual((0b11, 0b1100, 0b1000, 0b100, (0b11, 0b1100)), (
            cell.shared, cell.dedicated, cell.pinned, cell.free, cell.cores))
        self.assertEqual((1024, 768, 1, None, None), (
            cell.memory, cell.free_memory, cell.shared_used, cell.socket,
            cell.networks))
        self.assertEqual(
            topology.Summary(
                cells=1, threads=True, shared=2, free=1, free_in_all=1,
                memory=1024 * 1024, free_memory=768 * 1024), host.summary)

    def test_pages(self):
        text = report(mempages=[
            messages.envelope("NUMAPagesTopology", "1.1", size_kb=size,
                              total=total, used=1, reserved=2)
            for size, total in ((2048, 10), (4, 100))])
        summary = topology.HostTopology(text).summary
        self.assertEqual((400, 388, 388, 7 * 2048, 7 * 2048), (
            summary.memory, summary.free_memory, summary.small,
            summary.large, summary.any))

    def test_what_is_no_report_is_no_cell(self):
        for text in ("", "{", "[]", report(cpuset=7),
                     report(pcpuset=[cpus.CPUS_MAX + 1]),
                     '{"cells": [{"id": 0, "cpus": "0-3"}]}'):
            with self.subTest(text):
                host = topology.HostTopology(text)
                self.assertEqual((), host.cells)
                self.assertEqual(topology.Summary(), host.summary)

    def test_it_knows_its_text(self):
        host = topology.HostTopology(report())
        self.assertEqual(1, len(host.cells))
        self.assertTrue(host.says(report()))
        self.assertFalse(host.says(report(id=1)))

    def test_many_may_ask_first(self):
        with concurrent.futures.ThreadPoolExecutor(8) as threads:
            for number in range(50):
                host = topology.HostTopology(report(id=number))
                found = [threads.submit(lambda its: its.cells, host)
                         for _ in range(8)]
                self.assertEqual({number}, {
                    cell.id for each in found for cell in each.result()})

    def test_hosts_of_a_model_share_their_cores(self):
        first, second = (topology.HostTopology(report(id=id)).cells[0]
                         for id in (0, 1))
        self.assertIs(first.cores, second.cores)


class TestGuest(base.TestCase):

    def read(self, **fields):
        return guest.GuestCell.read(wire.read(messages.envelope(
            "InstanceNUMACell", "1.6",
            **{"id": 0, "cpuset": [0, 1], "pcpuset": [], "memory": 64,
               **fields}), "InstanceNUMACell"))

    def test_policies_that_are_not_known_are_refused(self):
        for fields in ({"cpu_policy": "timeshared"}, {"memory": -1},
                       {"cpu_thread_policy": "avoid"}, {"cpuset": ["x"]},
                       {"pagesize": "2MB"}):
            with self.subTest(fields):
                self.assertRaises(exception.MalformedMessage, self.read,
                                  **fields)

    def test_cells_of_old_have_one_set_of_cpus(self):
        cell = self.read(cpu_policy="dedicated", pcpuset=None)
        self.assertEqual((0, 2), (cell.shared, cell.pinned))


class TestFit(base.TestCase):

    def cells(self, count=2, **fields):
        return tuple(topology.HostCell(
            **{"id": id, "shared": 0b1111 << 8 * id,
               "dedicated": 0b1111 << 8 * id + 4, "memory": 1024,
               "cores": tuple(0b11 << 8 * id + 2 * core
                              for core in range(4)), **fields})
            for id in range(count))

    def guest(self, *sizes, **fields):
        return guest.GuestTopology(tuple(
            guest.GuestCell(id, 512, **{"shared": size, **fields})
            for id, size in enumerate(sizes)))

    def chosen(self, *args, **kwargs):
        found = fit.fit(*args, **kwargs)
        return found and [share.cell for share in found]

    def test_the_emptiest_cell_first_or_the_fullest(self):
        empty, full = self.cells()
        full = dataclasses.replace(full, shared_used=2)
        for pack, expected in ((False, 0), (True, 1)):
            self.assertEqual([expected], self.chosen(
                (empty, full), self.guest(1), pack=pack))

    def test_nobody_overcommits_against_itself(self):
        limits = fit.Limits(16.0, 16.0)
        self.assertEqual([0], self.chosen(self.cells(), self.guest(4),
                                          limits))
        self.assertIsNone(fit.fit(self.cells(), self.guest(5), limits))

    def test_what_is_taken_is_gone(self):
        cells = self.cells(1)
        wanted = self.guest(0, pinned=1, policy=guest.Cpus.DEDICATED)
        for left in (3, 2):
            cells = fit.take(cells, fit.fit(cells, wanted))
            self.assertEqual(left, cells[0].free.bit_count())
        self.assertEqual(1024, cells[0].memory_used)
        # No memory is left.
        self.assertIsNone(fit.fit(cells, wanted))

    def test_ways_are_not_tried_for_ever(self):
        tried = []
        devices = fit.Devices(wanted=True, can_be_had=tried.append)
        self.assertIsNone(fit.fit(self.cells(9), self.guest(*[1] * 9),
                                  devices=devices))
        self.assertEqual(fit.WAYS_MAX, len(tried))

    def test_a_host_that_tells_no_cores_pins_nobody(self):
        cell, = self.cells(1, cores=())
        self.assertIsNone(pins.pack(cell, 1, guest.Threads.PREFER, 0))

    def test_isolated_threads_leave_the_others_idle(self):
        cell, = self.cells(1)
        old = dataclasses.replace(cell, shared=cell.dedicated)
        wanted = self.guest(0, pinned=1, policy=guest.Cpus.DEDICATED,
                            threads=guest.Threads.ISOLATE)
        self.assertIsNone(fit.fit([cell], wanted))
        left, = fit.take([old], fit.fit([old], wanted))
        self.assertEqual(2, left.free.bit_count())


class TestPageSizes(base.TestCase):

    def test_the_largest_that_has_room(self):
        pages = (topology.Pages(4, 1000), topology.Pages(2048, 4),
                 topology.Pages(1048576, 1, used=1))
        for wanted, memory, expected in (
                (pagesizes.SMALL, 4000, 4), (pagesizes.SMALL, 4096, None),
                (pagesizes.LARGE, 8192, 2048), (pagesizes.LARGE, 4, None),
                (pagesizes.ANY, 4, 4), (2048, 4096, 2048), (64, 64, None)):
            with self.subTest(wanted=wanted, memory=memory):
                self.assertEqual(expected, pagesizes.choose(pages, wanted,
                                                            memory))
