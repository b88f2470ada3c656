"""A filter of nova's interface, as one of Tachyon's."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from oslo_config import cfg

from tachyon import exception
from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters import base
from tachyon.scheduler.third_party import look


class ThirdPartyFilter(base.Filter):
    """Asks ``filter_all`` about all hosts that are left, as nova does."""

    # nova's base class knows whether a rebuild is a question.
    on_rebuild = True

    def __init__(self, conf: cfg.ConfigOpts, name: str,
                 cls: type[Any]) -> None:
        super().__init__(conf, name)
        self._theirs = cls()

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        """:raises PluginFailed:
        :raises SchedulingDataInvalid: nova can't read the request."""
        shown, call = look.at(data), data.nova.call
        with look.running(self.name):
            again = self._theirs.run_filter_for_index(
                call.number(data.request_id))
        if again or self.name not in call.passed:
            passed = self._ask(hosts, shown)
            call.passed[self.name] = frozenset(
                host.uuid for host in hosts if passed[host.index])
        else:
            # It was asked for a former server of the call: that counts.
            passed = np.fromiter((host.uuid in call.passed[self.name]
                                  for host in hosts), np.bool_, len(hosts))
        shown.verdicts[self.name] = dict(zip(
            hosts.rows.tolist(), passed.tolist(), strict=True))
        return passed

    def _ask(self, hosts: scheduler_data.HostSet,
             shown: look.Look) -> npt.NDArray[np.bool_]:
        states = shown.states(hosts)
        with look.running(self.name):
            # A generator, for the most part; None is nobody.
            left = {id(each) for each in self._theirs.filter_all(
                list(states), shown.spec) or ()}
        return np.fromiter((id(state) in left for state in states), np.bool_,
                           len(states))

    def why(self, host: scheduler_data.Host,
            data: scheduler_data.SchedulingData) -> reasons.Reason | None:
        if host.node is None:
            # nova would not show it, either.
            return None
        try:
            shown = look.at(data)
            passed = shown.verdicts.get(self.name, {}).get(host.row)
            if passed is None:
                alone = host.hosts.at(np.array([host.index]))
                passed = bool(self._ask(alone, shown)[0])
        except exception.PluginFailed as e:
            return self.reason(str(e))
        return None if passed else self.reason()

    def count(self, refused: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> Sequence[tuple[reasons.Reason, npt.NDArray[np.int64]]]:
        return [(self.reason(), np.arange(len(refused)))]

    def admits(self, host: scheduler_data.Host,
               data: scheduler_data.SchedulingData,
               mappings: Mapping[str, tuple[str, ...]]) -> bool:
        """A filter may have struck out some of the host's candidates."""
        state = look.at(data).known(host)
        if state is None or not state.was_asked_for_candidates:
            return True
        return any(each["mappings"] == {suffix: list(uuids) for suffix, uuids
                                        in mappings.items()}
                   for each in state.allocation_candidates)

    def compute_limits(self, host: scheduler_data.Host,
                       data: scheduler_data.SchedulingData
                       ) -> Mapping[str, Any]:
        """:raises PluginFailed: these are no limits."""
        state = look.at(data).known(host)
        if state is None or not state.limits:
            return {}
        with look.running(self.name):
            found: Mapping[str, Any] = state.wire_limits()
            return found
