"""An order of hosts, made only as far as somebody asks for it.

Of ten thousand hosts a decision takes the first, and Explain shows ten: to
sort them all would be the dearest part of it.
"""

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


class Ranking:
    """Indices of hosts, those with the least keys first.

    ``keys`` and ``lots`` are float64[n] each; lots decide between equal keys.
    """

    def __init__(self, keys: npt.NDArray[np.float64],
                 lots: npt.NDArray[np.float64], passed_over: int = 0):
        self._keys = keys
        self._lots = lots
        self._passed_over = passed_over
        self._ordered: Indices = np.zeros(0, np.int64)

    def __len__(self) -> int:
        return len(self._keys) - self._passed_over

    def first(self, count: int) -> Indices:
        """Return up to so many indices, best first."""
        count = min(count + self._passed_over, len(self._keys))
        if count > len(self._ordered):
            chosen = self._among(count)
            order = np.lexsort((self._lots[chosen], self._keys[chosen]))
            self._ordered = chosen[order]
        return self._ordered[self._passed_over:count]

    def after(self, count: int) -> "Ranking":
        """Return what is left when so many of the first are passed over."""
        if not count:
            return self
        return Ranking(self._keys, self._lots, self._passed_over + count)

    def place(self, index: int) -> int | None:
        """Return the place of an index, from 1 on; None if it has none."""
        key, lot = self._keys[index], self._lots[index]
        before = np.count_nonzero(
            (self._keys < key) | ((self._keys == key) & (self._lots < lot)))
        place = int(before) + 1 - self._passed_over
        return place if place > 0 else None

    def _among(self, count: int) -> Indices:
        """Return indices, in any order, that the first so many are among."""
        if not 0 < count < len(self._keys):
            return np.arange(len(self._keys) if count else 0)
        last = np.partition(self._keys, count - 1)[count - 1]
        equal = np.flatnonzero(self._keys == last)
        if len(equal) > count:
            least = np.argpartition(self._lots[equal], count - 1)
            equal = equal[least[:count]]
        return np.concatenate((np.flatnonzero(self._keys < last), equal))
