"""From the query string of ``GET /allocation_candidates`` to a ``Query``."""

import re
import sys

from tachyon.api import errors
from tachyon.api import microversion
from tachyon.api import validation
from tachyon.api.placement import params
from tachyon.api.placement.schemas import allocation_candidates as schemas
from tachyon.placement import query as query_module

# The key of a group, by the version since which it has this form.
_KEYS = {since: re.compile(
    f"({'|'.join(schemas.GROUP_KEYS)})({suffix})?", re.ASCII)
    for since, suffix in (("1.0", schemas.NUMBER), ("1.33", schemas.SUFFIX))}
_FORBIDDEN_TRAITS = (1, 22)
_RESOURCELESS = (1, 36)


def parse(given: validation.Query,
          version: microversion.Version = microversion.MAX_VERSION
          ) -> query_module.Query:
    """Return what a query string asks for.

    :raises Problem: 400, with Placement's words.
    """
    root_required, root_forbidden = _parse_root_required(given)
    same_subtree = tuple(map(_parse_subtree, given.getlist("same_subtree")))
    groups = _parse_groups(given, version)
    if version >= _RESOURCELESS:
        _check_resourceless(groups, same_subtree)
    else:
        _check_orphans(groups)
    if version >= _FORBIDDEN_TRAITS:
        _check_contradictions(groups)
    group_policy = given.get("group_policy")
    if group_policy is None and sum(map(bool, groups)) > 1:
        raise errors.Problem(
            400, 'The "group_policy" parameter is required when specifying '
                 'more than one "resources{N}" parameter.')
    return query_module.Query(
        groups=tuple(groups.values()), group_policy=group_policy,
        same_subtree=same_subtree, root_required=root_required,
        root_forbidden=root_forbidden, limit=_parse_limit(given))


Groups = dict[str, query_module.RequestGroup]


def _parse_groups(given: validation.Query,
                  version: microversion.Version) -> Groups:
    """Return the groups by suffix, in the order of their first keys."""
    form = microversion.choose(_KEYS, version)
    keys_by_suffix: dict[str, set[str]] = {}
    for key in given:
        match = form.fullmatch(key)
        if match:
            keys_by_suffix.setdefault(match[2] or "", set()).add(match[1])
    return {suffix: _parse_group(given, suffix, keys, version)
            for suffix, keys in keys_by_suffix.items()}


def _parse_group(given: validation.Query, suffix: str, keys: set[str],
                 version: microversion.Version) -> query_module.RequestGroup:
    resources = {}
    if "resources" in keys:
        resources = params.parse_resources(
            given.getlist("resources" + suffix)[-1])
    required, required_any, forbidden = params.parse_traits(
        given.getlist("required" + suffix), version)
    member_of, forbidden_aggregates = params.parse_member_of(
        given.getlist("member_of" + suffix), version, suffix)
    in_tree = None
    if "in_tree" in keys:
        in_tree = params.parse_in_tree(given.getlist("in_tree" + suffix)[-1])
    return query_module.RequestGroup(
        suffix=suffix, resources=resources, required=required,
        required_any=required_any, forbidden=forbidden, member_of=member_of,
        forbidden_aggregates=forbidden_aggregates, in_tree=in_tree)


def _parse_subtree(value: str) -> frozenset[str]:
    suffixes = frozenset(item.strip() for item in value.split(","))
    if "" in suffixes:
        raise errors.Problem(
            400, "Empty string (unsuffixed group) can not be specified in "
                 "`same_subtree` ", errors.BAD_VALUE)
    return suffixes


def _check_resourceless(groups: Groups,
                        same_subtree: tuple[frozenset[str], ...]) -> None:
    """A group without resources must stand in a subtree, and what stands in
    a subtree must be a group."""
    in_subtree: set[str] = set().union(*same_subtree)
    resourceless = [suffix for suffix, group in groups.items()
                    if not group.resources]
    if len(resourceless) == len(groups):
        raise errors.Problem(
            400, "There must be at least one resources or resources[$S] "
                 "parameter.", errors.MISSING_VALUE)
    alone = [suffix for suffix in resourceless if suffix not in in_subtree]
    if alone:
        raise errors.Problem(
            400, "Resourceless suffixed group request should be specified in "
                 f"`same_subtree` query param: bad group(s) - {alone}.",
            errors.BAD_VALUE)
    unknown = sorted(in_subtree - groups.keys())
    if unknown:
        raise errors.Problem(
            400, "Real suffixes should be specified in `same_subtree`: "
                 f"{unknown} not found in {list(groups)}.", errors.BAD_VALUE)


def _check_orphans(groups: Groups) -> None:
    """As it was before: each group asks for resources."""
    alone = {suffix: group for suffix, group in groups.items()
             if not group.resources}
    traits = [f"required{suffix}" for suffix, group in alone.items()
              if group.all_required]
    if traits:
        raise errors.Problem(
            400, "All traits parameters must be associated with resources.  "
                 "Found the following orphaned traits keys: "
                 f"{', '.join(traits)}")
    aggregates = [f"member_of{suffix}" for suffix, group in alone.items()
                  if group.member_of or group.forbidden_aggregates]
    if aggregates:
        raise errors.Problem(
            400, "All member_of parameters must be associated with "
                 "resources. Found the following orphaned member_of keys: "
                 f"{', '.join(aggregates)}")
    if alone:
        raise errors.Problem(400, "All request groups must specify "
                                  "resources.")
    if not groups:
        raise errors.Problem(
            400, "At least one request group (`resources` or "
                 "`resources{$S}`) is required.")


def _check_contradictions(groups: Groups) -> None:
    conflicts = [
        f"required{suffix}: ({', '.join(sorted(traits))})"
        for suffix, group in groups.items()
        for traits in (*(frozenset({name}) for name in group.required),
                       *group.required_any)
        if traits <= group.forbidden]
    if conflicts:
        raise errors.Problem(
            400, "Conflicting required and forbidden traits found in the "
                 f"following traits keys: {', '.join(sorted(conflicts))}")


def _parse_root_required(given: validation.Query
                         ) -> tuple[frozenset[str], frozenset[str]]:
    values = given.getlist("root_required")
    if not values:
        return frozenset(), frozenset()
    if len(values) > 1:
        raise errors.Problem(
            400, "Query parameter 'root_required' may be specified only "
                 "once.", errors.DUPLICATE_KEY)
    required, forbidden = params.parse_flat_traits(values[0])
    conflicts = sorted(required & forbidden)
    if conflicts:
        raise errors.Problem(
            400, "Conflicting required and forbidden traits found in "
                 f"root_required: {', '.join(conflicts)}", errors.BAD_VALUE)
    return required, forbidden


def _parse_limit(given: validation.Query) -> int | None:
    values = given.getlist("limit")
    if not values:
        return None
    # The schema looks at the last one, Placement at the first.
    if not re.fullmatch("[1-9][0-9]*", values[0], re.ASCII):
        raise errors.Problem(
            400, f"Invalid query string parameters: {values[0]!r} does not "
                 "match '^[1-9][0-9]*$'")
    return int(values[0]) if len(values[0]) < 19 else sys.maxsize
