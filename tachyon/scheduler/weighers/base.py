"""What a weigher is: it says how good each host is.

Its raw numbers are spread over 0..1 by the least and the greatest among the
candidates, as Nova does, and multiplied by its multiplier: weighers of
different units add up. A plug-in is made once and serves many threads: it
keeps nothing of a request.
"""

import abc
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from oslo_config import cfg

from tachyon.scheduler import data as scheduler_data

# Weights closer than this are equal: sums of floats differ in their last bits.
DECIMALS = 9


class Weigher(abc.ABC):
    """Base of plug-ins in ``tachyon.scheduler.weighers``.

    ``option`` names the multiplier in group ``scheduler``; a weigher with
    an option elsewhere overrides ``multiplier``.
    """

    option: str | None = None
    # What counts as 0 when weights are spread, and all that is less; None:
    # the least among the candidates.
    least: float | None = None
    # Likewise what counts as 1, and all that is more.
    greatest: float | None = None

    def __init__(self, conf: cfg.ConfigOpts, name: str):
        self.conf = conf
        self.name = name                     # as the configuration has it

    @property
    def multiplier(self) -> float:
        """Return the multiplier of now: it may be changed while running."""
        if self.option is None:
            return 1.0
        return float(self.conf.scheduler[self.option])

    def multipliers(self, hosts: scheduler_data.HostSet,
                    data: scheduler_data.SchedulingData
                    ) -> float | npt.NDArray[np.float64]:
        """Return the multiplier of all hosts, or float[n], one for each."""
        return self.multiplier

    @abc.abstractmethod
    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        """Return the raw weight of each host, float[n]: more is better."""


class HostWeigher(Weigher):
    """Base of weighers that think one host at a time."""

    @abc.abstractmethod
    def weigh_one(self, host: scheduler_data.Host,
                  data: scheduler_data.SchedulingData) -> float:
        """Return the raw weight of one host."""

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        return np.fromiter((self.weigh_one(host, data) for host in hosts),
                           np.float64, len(hosts))


class FreeResourceWeigher(Weigher):
    """Base of weighers by what is left of one resource class."""

    resource_class: str

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        return hosts.free(self.resource_class).astype(np.float64)


def normalise(raw: npt.NDArray[np.float64], least: float | None = None,
              greatest: float | None = None) -> npt.NDArray[np.float64]:
    """Return weights spread over 0..1; zeros where all are equal.

    ``least`` is what becomes 0, ``greatest`` what becomes 1, whether there is
    one of it or not.
    """
    if not len(raw):
        return raw.astype(np.float64)
    if least is not None:
        raw = np.maximum(raw, least)
    if greatest is not None:
        raw = np.minimum(raw, greatest)
    low = raw.min() if least is None else least
    high = raw.max() if greatest is None else greatest
    if low == high:
        return np.zeros(len(raw), np.float64)
    return np.asarray((raw - low) / (high - low), np.float64)


def places(weighted: Sequence[npt.NDArray[np.float64]],
           count: int) -> npt.NDArray[np.float64]:
    """Return the place of each of ``count`` hosts in a lexicographic order,
    1 the best, 0 the last: the first weigher decides, the next one among
    those that are equal to it, and so on. Equal ones share a place."""
    if not weighted or not count:
        return np.zeros(count, np.float64)
    keys = np.round(np.stack(weighted), DECIMALS)
    # The last key is the first to sort by.
    order = np.lexsort(keys[::-1])
    better = (np.diff(keys[:, order]) != 0).any(axis=0)
    found = np.zeros(count, np.float64)
    found[order[1:]] = np.cumsum(better)
    return found / max(found.max(), 1.0)
