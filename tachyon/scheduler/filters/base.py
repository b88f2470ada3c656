"""What a filter is: it refuses hosts that have what was asked.

The engine has already left only hosts that can give every resource, trait
and aggregate; filters know what placement does not. A plug-in is made once
and serves many threads: it keeps nothing of a request.
"""

import abc
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from oslo_config import cfg

from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data

# A filter that can't count its reasons at once is asked about so many hosts
# one by one, at most.
ASKED_MAX = 256


class Filter(abc.ABC):
    """Base of plug-ins in ``tachyon.scheduler.filters``.

    ``mask`` and ``why`` must agree: a host is out if and only if ``why`` has
    a reason. One test holds every filter to that.
    """

    # Whether a rebuild is asked, too: it stays on its host, so that what is
    # free there, or who else is there, is no question.
    on_rebuild = False

    def __init__(self, conf: cfg.ConfigOpts, name: str):
        self.conf = conf
        self.name = name                     # as the configuration has it

    @abc.abstractmethod
    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        """Return which hosts pass, bool[n].

        This runs in every decision: work on columns, not host by host.
        """

    @abc.abstractmethod
    def why(self, host: scheduler_data.Host,
            data: scheduler_data.SchedulingData) -> reasons.Reason | None:
        """Return why one host is out, None if it is not."""

    def admits(self, host: scheduler_data.Host,
               data: scheduler_data.SchedulingData,
               mappings: Mapping[str, tuple[str, ...]]) -> bool:
        """Return whether a host that has passed will do in one of the ways
        in which Placement can give what is asked: ``mappings`` tell for each
        group by which providers. It is asked about the best hosts only."""
        return True

    def looks_at_mappings(self, data: scheduler_data.SchedulingData) -> bool:
        """Return whether ``admits`` may refuse anything for a request. Where
        none does, it is told faster how many of them fit."""
        return type(self).admits is not Filter.admits

    def most(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData
             ) -> npt.NDArray[np.int64] | None:
        """Return how many more like this one each host that has passed may
        get, as far as the filter knows, int64[n]; None if it sets no limit.
        It is asked where somebody wants to know how many fit."""
        return None

    def compute_limits(self, host: scheduler_data.Host,
                       data: scheduler_data.SchedulingData
                       ) -> Mapping[str, Any]:
        """Return what nova's compute has to keep to on a host that was
        chosen, by the fields of its ``SchedulerLimits``."""
        return {}

    def count(self, refused: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> Sequence[tuple[reasons.Reason, npt.NDArray[np.int64]]]:
        """Return the reasons of the hosts that the mask refused, and for
        each the indices of its hosts; every host once.

        As it is, ``why`` is asked for each of a few; many get one common
        reason. Override it to count all of them at once.
        """
        if len(refused) > ASKED_MAX:
            return [(self.reason(), np.arange(len(refused)))]
        found: dict[str, tuple[reasons.Reason, list[int]]] = {}
        for host in refused:
            reason = self.why(host, data) or self.reason()
            found.setdefault(reason.text(), (reason, []))[1].append(
                host.index)
        return [(reason, np.array(indices, np.int64))
                for reason, indices in found.values()]

    def reason(self, detail: str | None = None,
               **params: object) -> reasons.Reason:
        """Return FILTERED_BY this filter. ``detail`` is a few words that
        are the same for all hosts refused for one cause."""
        known = {"filter": self.name, "detail": detail, **params}
        return reasons.Reason(reasons.Code.FILTERED_BY,
                              {name: value for name, value in known.items()
                               if value is not None})


class HostFilter(Filter):
    """Base of filters that think one host at a time: only ``why`` is needed.

    It costs Python time for every candidate host, so it is for rules that
    are hard to say in columns.
    """

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        return np.fromiter((self.why(host, data) is None for host in hosts),
                           np.bool_, len(hosts))
