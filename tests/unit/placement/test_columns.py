import random
import unittest

from tachyon.db import models
from tachyon.placement import columns


class TestRowSet(unittest.TestCase):

    def test_grows_and_shrinks(self):
        rows = columns.RowSet()
        for row in range(10):
            rows.add(row)
        for row in (0, 9, 4):
            rows.discard(row)
        self.assertEqual([1, 2, 3, 5, 6, 7, 8], sorted(rows.rows.tolist()))
        self.assertEqual(7, len(rows))


class TestInventoryColumn(unittest.TestCase):

    def setUp(self):
        self.column = columns.InventoryColumn()

    def put(self, row, **fields):
        inventory = models.Inventory(**fields)
        self.column.put(row, inventory)
        return inventory

    def fitting(self, amount):
        mask = self.column.enough(amount) & self.column.allowed(amount)
        return sorted(self.column.rows[mask].tolist())

    def test_gives_back_what_was_put(self):
        expected = {}
        for row in range(9, -1, -1):
            expected[row] = self.put(
                row, total=row + 10, reserved=1, min_unit=2, max_unit=8,
                step_size=2, allocation_ratio=1.5, used=row)
        self.column.remove(3)
        del expected[3]
        expected[5] = self.put(5, total=99)
        found = {row: self.column.inventory(self.column.slot(row))
                 for row in self.column.rows.tolist()}
        self.assertEqual(expected, found)
        self.assertIsNone(self.column.slot(3))

    def test_limits(self):
        for name, fields, fits in (
                ("all of it", {"total": 8}, [1, 7, 8]),
                ("used", {"total": 8, "used": 3}, [1, 4, 5]),
                ("reserved", {"total": 8, "reserved": 3}, [1, 4, 5]),
                ("ratio, rounded down",
                 {"total": 5, "allocation_ratio": 1.5}, [1, 6, 7]),
                ("over-full", {"total": 2, "used": 4}, []),
                ("max_unit", {"total": 8, "max_unit": 3}, [1, 2, 3]),
                ("min_unit", {"total": 8, "min_unit": 6}, [6, 7, 8]),
                ("step_size", {"total": 8, "step_size": 3}, [3, 6])):
            with self.subTest(name):
                self.put(0, **fields)
                found = [amount for amount in range(1, 10)
                         if self.fitting(amount)]
                self.assertEqual(fits, [a for a in found if a in fits])
                self.assertEqual(fits[-1:], found[-1:])
                self.assertEqual(fits[:1], found[:1])

    def test_a_rule_that_goes_is_checked_no_more(self):
        self.put(1, total=10, step_size=4, min_unit=4)
        self.put(2, total=10)
        self.assertEqual([2], self.fitting(5))
        self.put(1, total=10)
        self.assertEqual([1, 2], self.fitting(5))
        self.put(1, total=10, step_size=5)
        self.assertEqual([1, 2], self.fitting(5))
        self.column.remove(1)
        self.assertEqual([2], self.fitting(7))

    def test_numbers_beyond_all_measure(self):
        self.put(1, total=models.MAX_INT, allocation_ratio=3.4e38)
        self.put(2, total=1, reserved=models.MAX_INT,
                 allocation_ratio=3.4e38)
        self.assertEqual([], self.fitting(10 ** 30))
        self.assertEqual([1], self.fitting(models.MAX_INT))
        self.assertEqual([], self.fitting(models.MAX_INT + 1))

    def test_room_for_one_candidate(self):
        self.put(1, total=10, used=4, max_unit=8)
        self.put(2, total=10, max_unit=8)
        self.assertEqual((6, 8), (self.column.room(1), self.column.room(2)))

    def test_spread_whatever_the_order(self):
        rng = random.Random(0)
        present = set()
        for _ in range(400):
            row = rng.choice((len(present), rng.randint(0, 9)))
            if row in present and rng.random() < 0.7:
                self.column.remove(row)
                present.discard(row)
            elif row < 10:
                self.put(row, total=row + 1)
                present.add(row)
            self.assertEqual(
                [row + 1 if row in present else 0 for row in range(10)],
                self.column.spread(self.column.free, 10).tolist())
