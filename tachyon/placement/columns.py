"""Columns: the growable arrays that the view's forest is made of.

A column holds values of one kind, one for each provider that has it: a
resource class that ten providers offer costs ten entries, however many
providers there are. Entries stand in no order; a removed one is overwritten
by the last, so that every change costs O(1).
"""

import copy
from collections.abc import Mapping

import numpy as np

from tachyon.db import models

# Amounts and capacities beyond this are all the same: more than anybody has.
HUGE = 2 ** 62


def grown(array: np.ndarray, size: int) -> np.ndarray:
    """Return a longer array that begins with this one; the rest is 0."""
    longer = np.zeros(size, array.dtype)
    longer[:len(array)] = array
    return longer


class RowSet:
    """A set of row numbers, as an array: who has a trait, for instance."""

    __slots__ = ("_rows", "_count")

    def __init__(self) -> None:
        self._rows = np.zeros(4, np.int32)
        self._count = 0

    def __len__(self) -> int:
        return self._count

    @property
    def rows(self) -> np.ndarray:
        """Return the rows, int32, in no order. Not to be written to."""
        return self._rows[:self._count]

    def add(self, row: int) -> None:
        """Add a row that is not in the set."""
        if self._count == len(self._rows):
            self._rows = grown(self._rows, 2 * self._count)
        self._rows[self._count] = row
        self._count += 1

    def discard(self, row: int) -> None:
        """Remove a row that is in the set."""
        place = int(np.argmax(self.rows == row))
        self._count -= 1
        self._rows[place] = self._rows[self._count]


class InventoryColumn:
    """The inventories of one resource class, an entry a provider.

    ``rows[i]`` is the provider of entry i; ``capacity[i]`` what can be
    allocated of it in all; ``free[i]`` what is left, which is below 0 where
    an inventory shrank under what is used.
    """

    _INTEGERS = ("capacity", "free", "used", "total", "reserved", "min_unit",
                 "max_unit", "step_size")
    _ARRAYS = ("rows",) + _INTEGERS + ("ratio",)

    def __init__(self) -> None:
        self._slots: dict[int, int] = {}
        self._count = 0
        self._stepped = 0
        self._floored = 0
        self._misplaced = 0
        self._rows = np.zeros(4, np.int32)
        self._free: np.ndarray
        self._used: np.ndarray
        self._ratio = np.zeros(4, np.float64)
        for name in self._INTEGERS:
            setattr(self, f"_{name}", np.zeros(4, np.int64))

    def __len__(self) -> int:
        return self._count

    def __getattr__(self, name: str) -> np.ndarray:
        # Only reached for the public names: the arrays without their spare.
        if name in InventoryColumn._ARRAYS:
            return getattr(self, f"_{name}")[:self._count]
        raise AttributeError(name)

    def slot(self, row: int) -> int | None:
        """Return where the entry of a provider is, None if it has none."""
        return self._slots.get(row)

    def put(self, row: int, inventory: models.Inventory) -> None:
        """Set the inventory of one provider."""
        slot = self._slots.get(row)
        if slot is None:
            slot = self._append(row)
        else:
            self._count_rules(slot, -1)
        capacity = max(-HUGE, min(inventory.capacity, HUGE))
        self._capacity[slot] = capacity
        self._free[slot] = capacity - inventory.used
        self._used[slot] = inventory.used
        self._total[slot] = inventory.total
        self._reserved[slot] = inventory.reserved
        self._min_unit[slot] = inventory.min_unit
        self._max_unit[slot] = inventory.max_unit
        self._step_size[slot] = inventory.step_size
        self._ratio[slot] = inventory.allocation_ratio
        self._count_rules(slot, +1)

    def _append(self, row: int) -> int:
        slot = self._count
        if slot == len(self._rows):
            for name in self._ARRAYS:
                array = getattr(self, f"_{name}")
                setattr(self, f"_{name}", grown(array, 2 * slot))
        self._slots[row] = slot
        self._rows[slot] = row
        self._misplaced += row != slot
        self._count += 1
        return slot

    def _count_rules(self, slot: int, by: int) -> None:
        # Hardly any inventory has a step or a minimum. While none has, the
        # checks (a modulo over the whole column) are left out.
        self._stepped += by * int(self._step_size[slot] > 1)
        self._floored += by * int(self._min_unit[slot] > 1)

    def remove(self, row: int) -> None:
        """Forget the inventory of a provider that has one."""
        slot = self._slots.pop(row)
        self._count_rules(slot, -1)
        self._misplaced -= row != slot
        self._count -= 1
        if slot != self._count:
            last = self._rows.item(self._count)
            self._misplaced += (last != slot) - (last != self._count)
            for name in self._ARRAYS:
                array = getattr(self, f"_{name}")
                array[slot] = array[self._count]
            self._slots[last] = slot

    def spread(self, values: np.ndarray, n: int) -> np.ndarray:
        """Return an array by row, for n rows, of values by entry; 0 or False
        for who has no entry."""
        by_row = np.zeros(n, values.dtype)
        if self._misplaced:
            by_row[self.rows] = values
        else:                            # each entry i is row i's: far faster
            by_row[:self._count] = values
        return by_row

    def less(self, taken: Mapping[int, int]) -> "InventoryColumn":
        """Return a column in which amounts are used besides, by row. All but
        ``free`` and ``used`` is this one's own: neither is to be changed."""
        left = copy.copy(self)
        left._free, left._used = self._free.copy(), self._used.copy()
        for row, amount in taken.items():
            slot = self._slots[row]
            left._free[slot] -= amount
            left._used[slot] += amount
        return left

    def inventory(self, slot: int) -> models.Inventory:
        """Return an entry as the record it came from."""
        return models.Inventory(
            total=self._total.item(slot), reserved=self._reserved.item(slot),
            min_unit=self._min_unit.item(slot),
            max_unit=self._max_unit.item(slot),
            step_size=self._step_size.item(slot),
            allocation_ratio=self._ratio.item(slot),
            used=self._used.item(slot))

    def room(self, row: int) -> int:
        """Return what one candidate can take of a provider in all, however
        many groups take it: what is left, and no more than max_unit."""
        slot = self._slots[row]
        return min(self._free.item(slot), self._max_unit.item(slot))

    def allowed(self, amount: int) -> np.ndarray:
        """Return for each entry whether its unit rules allow an amount."""
        if amount > HUGE:
            return np.zeros(self._count, bool)
        allowed = self.max_unit >= amount
        if self._floored:
            allowed &= self.min_unit <= amount
        if self._stepped:
            allowed &= amount % self.step_size == 0
        return allowed

    def enough(self, amount: int) -> np.ndarray:
        """Return for each entry whether as much is left."""
        return self.free >= min(amount, HUGE + 1)
