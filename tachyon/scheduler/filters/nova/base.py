"""What nova's filters have in common: a verdict for each value there is.

Most of them look at one thing of a host, of which a cloud has a few kinds:
its model of processor, its aggregates. They say what they think of a value,
and mask, reason and count follow from that.
"""

import abc
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters import base
from tachyon.scheduler.host_sources import table


class ValueFilter(base.Filter):
    """Base of filters that look at one value of a host."""

    @abc.abstractmethod
    def asked(self, data: scheduler_data.SchedulingData) -> Any:
        """Return what the request wants of hosts; None: nothing, all pass.

        :raises SchedulingDataInvalid: it makes no sense.
        """

    @abc.abstractmethod
    def values(self, hosts: scheduler_data.HostSet,
               asked: Any) -> table.Coded:
        """Return what is looked at of each host."""

    @abc.abstractmethod
    def refuse(self, value: Any, asked: Any) -> str | None:
        """Return a few words why a host with a value is out, None if it is
        not."""

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        asked = self.asked(data)
        if asked is None:
            return np.ones(len(hosts), np.bool_)
        return self.values(hosts, asked).each(
            lambda value: self.refuse(value, asked) is None)

    def why(self, host: scheduler_data.Host,
            data: scheduler_data.SchedulingData) -> reasons.Reason | None:
        asked = self.asked(data)
        if asked is None:
            return None
        words = self.refuse(self.values(host.hosts, asked)[host.index], asked)
        return None if words is None else self.reason(words)

    def count(self, refused: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> Sequence[tuple[reasons.Reason, npt.NDArray[np.int64]]]:
        asked = self.asked(data)
        values = self.values(refused, asked)
        found: dict[str, list[int]] = {}
        for code in values.present():
            words = self.refuse(values.values[code], asked)
            assert words is not None
            found.setdefault(words, []).append(code)
        return [(self.reason(words),
                 np.flatnonzero(np.isin(values.codes, codes)))
                for words, codes in found.items()]


class MaskFilter(base.Filter):
    """Base of filters that find all hosts at once and have one reason."""

    # Why a host is out, the same for all.
    words: str

    def why(self, host: scheduler_data.Host,
            data: scheduler_data.SchedulingData) -> reasons.Reason | None:
        one = host.hosts.at(np.array([host.index]))
        return None if self.mask(one, data)[0] else self.reason(self.words)

    def count(self, refused: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> Sequence[tuple[reasons.Reason, npt.NDArray[np.int64]]]:
        return ([(self.reason(self.words), np.arange(len(refused)))]
                if len(refused) else [])


class RulesFilter(base.Filter):
    """Base of filters that have several rules, each with its own reason."""

    @abc.abstractmethod
    def rules(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
        """Return of each rule a few words against who breaks it, and which
        hosts keep it."""

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        passing = np.ones(len(hosts), np.bool_)
        for _, kept in self.rules(hosts, data):
            passing &= kept
        return passing

    def why(self, host: scheduler_data.Host,
            data: scheduler_data.SchedulingData) -> reasons.Reason | None:
        one = host.hosts.at(np.array([host.index]))
        return next((self.reason(words) for words, kept
                     in self.rules(one, data) if not kept[0]), None)

    def count(self, refused: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> Sequence[tuple[reasons.Reason, npt.NDArray[np.int64]]]:
        left = np.ones(len(refused), np.bool_)
        counted = []
        for words, kept in self.rules(refused, data):
            broken = left & ~kept
            if broken.any():
                counted.append((self.reason(words), np.flatnonzero(broken)))
            left &= kept
        return counted
