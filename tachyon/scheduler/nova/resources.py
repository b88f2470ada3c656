"""What a nova request asks of placement: from RequestSpec to Query.

Resources come from the flavor's sizes, unless its extra specs
(``resources:VCPU``, ``resources1:...``) say otherwise, and from the groups of
ports and devices; traits from extra specs and the image. Values that nova
ignores with a warning are ignored here, too.
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping

import os_resource_classes as orc
from oslo_log import log as logging

from tachyon import exception
from tachyon.db import models
from tachyon.placement import query as placement_query
from tachyon.scheduler.nova import constraints
from tachyon.scheduler.nova import request

LOG = logging.getLogger(__name__)

_EXTRA_SPEC = re.compile(
    r"(?P<kind>resources|trait)(?P<suffix>[a-zA-Z0-9_-]{1,64})?:(?P<name>.*)")
_MIB_IN_GIB = 1024
_POLICIES = ("none", "isolate")


@dataclasses.dataclass
class _Group:
    """A request group that is being put together."""

    resources: dict[str, int] = dataclasses.field(default_factory=dict)
    required: set[str] = dataclasses.field(default_factory=set)
    forbidden: set[str] = dataclasses.field(default_factory=set)
    member_of: tuple[frozenset[str], ...] = ()
    forbidden_aggregates: frozenset[str] = frozenset()
    in_tree: str | None = None

    def done(self, suffix: str) -> placement_query.RequestGroup | None:
        """Return it; None if it asks for nothing."""
        made = placement_query.RequestGroup(
            suffix=suffix,
            resources={name: amount for name, amount
                       in self.resources.items() if amount},
            required=frozenset(self.required),
            forbidden=frozenset(self.forbidden), member_of=self.member_of,
            forbidden_aggregates=self.forbidden_aggregates,
            in_tree=self.in_tree)
        empty = placement_query.RequestGroup(suffix=suffix,
                                             in_tree=self.in_tree)
        return None if made == empty else made


def query(spec: request.RequestSpec,
          limit: int | None = None) -> placement_query.Query:
    """Return what is asked, without what only facts of hosts can tell.

    ``limit`` stands in the query for those who read it.

    :raises ValidationError: it contradicts itself.
    """
    return _query(spec, limit)


def fallback(spec: request.RequestSpec, limit: int | None = None
             ) -> placement_query.Query | None:
    """Return what a server with pinned CPUs may ask of hosts instead that
    count them as ``VCPU``; None if its CPUs are not pinned, or not all.

    :raises ValidationError: it contradicts itself.
    """
    return (_query(spec, limit, pins=False) if constraints.is_pinned(spec)
            else None)


def _query(spec: request.RequestSpec, limit: int | None,
           pins: bool = True) -> placement_query.Query:
    groups: dict[str, _Group] = {"": _Group()}
    policy = _read_extra_specs(spec.flavor, groups)
    of_flavor = sum(1 for suffix in groups if suffix)
    whole = groups[""]
    constraints.apply(spec, whole.resources, whole.required, whole.forbidden,
                      pins)
    for outside in spec.requested_resources:
        _add_outside(outside, groups)
    _add_sizes(spec, groups)
    if spec.requested_destination is not None:
        whole.member_of = spec.requested_destination.aggregates
        whole.forbidden_aggregates = (
            spec.requested_destination.forbidden_aggregates)
    made = tuple(group for suffix, each in groups.items()
                 if (group := each.done(suffix)) is not None)
    level = spec.request_level
    asked = placement_query.Query(
        groups=made, group_policy=_policy(made, policy, of_flavor),
        same_subtree=level.same_subtree, root_required=level.root_required,
        root_forbidden=level.root_forbidden, limit=limit)
    asked.check()
    return asked


def required_traits(asked: placement_query.Query) -> frozenset[str]:
    """Return the traits that some group requires."""
    return frozenset[str]().union(*(group.required for group in asked.groups))


# ------------------------------------------------------------------- flavors
def _read_extra_specs(flavor: request.Flavor,
                      groups: dict[str, _Group]) -> str | None:
    """Fill in the groups that extra specs tell of; return their policy."""
    policy = None
    for key, value in flavor.extra_specs.items():
        if key == "group_policy":
            if value in _POLICIES:
                policy = value
            else:
                LOG.warning("Flavor %s: group_policy is ignored, it is "
                            "neither none nor isolate.", flavor.name)
            continue
        found = _EXTRA_SPEC.match(key)
        if found is None:
            continue
        group = groups.setdefault(found["suffix"] or "", _Group())
        if found["kind"] == "resources":
            ignored = not _add_resource(group, found["name"], value)
        else:
            ignored = not _add_trait(group, found["name"], value)
        if ignored:
            LOG.warning("Flavor %s: extra spec %s is ignored, %r makes no "
                        "sense there.", flavor.name, key[:100], value[:100])
    return policy


def _add_resource(group: _Group, name: str, value: str) -> bool:
    if name not in orc.STANDARDS and not name.startswith(
            orc.CUSTOM_NAMESPACE):
        return False
    try:
        amount = int(value)
    except ValueError:
        return False
    if not 0 <= amount <= models.MAX_INT:
        return False
    group.resources[name] = amount
    return True


def _add_trait(group: _Group, name: str, value: str) -> bool:
    if value not in ("required", "forbidden"):
        return False
    (group.required if value == "required" else group.forbidden).add(name)
    return True


def _add_sizes(spec: request.RequestSpec,
               groups: Mapping[str, _Group]) -> None:
    """Ask for the flavor's sizes, where no group asks for the class, be it
    for none of it."""
    flavor, sizes = spec.flavor, groups[""].resources
    asked = frozenset(name for group in groups.values()
                      for name in group.resources)
    if not asked & {orc.VCPU, orc.PCPU}:
        sizes[orc.VCPU] = flavor.vcpus
    if orc.MEMORY_MB not in asked:
        sizes[orc.MEMORY_MB] = flavor.memory_mb
    if orc.DISK_GB not in asked:
        root = 0 if spec.is_bfv else flavor.root_gb
        swap = -(-flavor.swap // _MIB_IN_GIB)
        sizes[orc.DISK_GB] = root + flavor.ephemeral_gb + swap


# -------------------------------------------------------------- other groups
def _add_outside(outside: request.RequestGroup,
                 groups: dict[str, _Group]) -> None:
    suffix = outside.requester_id
    if not suffix or suffix in groups:
        raise exception.ValidationError(
            field="requested_resources",
            reason=f"the requester {suffix or '(none)'} of a group is not "
                   "unique.")
    groups[suffix] = _Group(
        dict(outside.resources), set(outside.required_traits),
        set(outside.forbidden_traits), outside.aggregates,
        outside.forbidden_aggregates, outside.in_tree)


def _policy(groups: Iterable[placement_query.RequestGroup],
            policy: str | None, of_flavor: int) -> str | None:
    """Return the group policy: a flavor with several groups has to say it,
    else what ports and devices add may overlap."""
    suffixed = sum(1 for group in groups if group.suffix)
    if policy is not None or suffixed < 2:
        return policy
    if of_flavor > 1:
        raise exception.ValidationError(
            field="group_policy",
            reason="the flavor asks for several groups of resources, and "
                   "does not say whether they may overlap.")
    return "none"
