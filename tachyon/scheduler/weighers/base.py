"""What a weigher is: it says how good each host is.

Its raw numbers are spread over 0..1 by the least and the greatest among the
candidates, as Nova does, and multiplied by its multiplier: weighers of
different units add up. A plug-in is made once and serves many threads: it
keeps nothing of a request.
"""

import abc

import numpy as np
import numpy.typing as npt
from oslo_config import cfg

from tachyon.scheduler import data as scheduler_data


class Weigher(abc.ABC):
    """Base of plug-ins in ``tachyon.scheduler.weighers``.

    ``option`` names the multiplier in group ``scheduler``; a weigher with
    an option elsewhere overrides ``multiplier``.
    """

    option: str | None = None

    def __init__(self, conf: cfg.ConfigOpts, name: str):
        self.conf = conf
        self.name = name                     # as the configuration has it

    @property
    def multiplier(self) -> float:
        """Return the multiplier of now: it may be changed while running."""
        if self.option is None:
            return 1.0
        return float(self.conf.scheduler[self.option])

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


def normalise(raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return weights spread over 0..1; zeros where all are equal."""
    if not len(raw):
        return raw.astype(np.float64)
    low, high = raw.min(), raw.max()
    if low == high:
        return np.zeros(len(raw), np.float64)
    return np.asarray((raw - low) / (high - low), np.float64)
