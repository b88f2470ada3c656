"""What pre-filters read, and what they write."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from oslo_config import cfg
from oslo_utils import strutils

from tachyon import exception
from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler.host_sources import facts as facts_module

_NONE: frozenset[str] = frozenset()


@dataclasses.dataclass(frozen=True, slots=True)
class Needs:
    """What is to be added to a query.

    ``member_of`` and ``forbidden_aggregates`` are of the unsuffixed group;
    of each set in the former, one. ``device_required`` are traits that each
    group of a PCI request is to have, too.
    """

    root_required: frozenset[str] = _NONE
    root_forbidden: frozenset[str] = _NONE
    member_of: tuple[frozenset[str], ...] = ()
    forbidden_aggregates: frozenset[str] = _NONE
    device_required: frozenset[str] = _NONE


class Asked:
    """A request on its way through the pre-filters."""

    def __init__(self, conf: cfg.ConfigOpts, request: Any,
                 facts: facts_module.Facts,
                 snapshot: snapshot_module.Snapshot) -> None:
        self.options = conf.scheduler
        self.request = request
        self.facts = facts
        self._snapshot = snapshot
        self.root_required: set[str] = set()
        self.root_forbidden: set[str] = set()
        self.member_of: list[frozenset[str]] = []
        self.forbidden_aggregates: set[str] = set()
        self.device_required: set[str] = set()

    def needs(self) -> Needs:
        return Needs(
            frozenset(self.root_required), frozenset(self.root_forbidden),
            tuple(self.member_of), frozenset(self.forbidden_aggregates),
            frozenset(self.device_required))

    def aggregates_of(self, uuid: str) -> frozenset[str]:
        """Return the aggregates of a provider, none if there is none."""
        row = self._snapshot.row_of(uuid)
        return _NONE if row is None else self._snapshot.aggregates_of[row]

    @property
    def extra_specs(self) -> Mapping[str, str]:
        found: Mapping[str, str] = self.request.flavor.extra_specs
        return found

    @property
    def properties(self) -> Mapping[str, Any]:
        image = self.request.image
        found: Mapping[str, Any] = image.properties if image else {}
        return found

    def flag(self, name: str) -> bool:
        """Return whether flavor or image switch something on.

        :raises SchedulingDataInvalid: they contradict each other.
        """
        said = {strutils.bool_from_string(value) for value in (
            self.extra_specs.get(f"hw:{name}"),
            self.properties.get(f"hw_{name}")) if value is not None}
        if len(said) > 1:
            raise refuse(f"flavor and image differ in {name}.")
        return True in said

    def word(self, name: str) -> str | None:
        """Return what flavor or image say, None if neither does.

        :raises SchedulingDataInvalid: they contradict each other.
        """
        said = {str(value) for value in (
            self.extra_specs.get(f"hw:{name}"),
            self.properties.get(f"hw_{name}")) if value}
        if len(said) > 1:
            raise refuse(f"flavor and image differ in {name}.")
        return next(iter(said), None)


def refuse(reason: str) -> exception.SchedulingDataInvalid:
    """Return the error of a request that no host can satisfy."""
    return exception.SchedulingDataInvalid(action="pre-filter",
                                           reason=reason)
