"""Which hosts a request of nova's may have at all: those that nova knows, in
the right cell, the one that was named, and none that is to be ignored.

A service host may have several nodes, each of which is a host here.
"""

import dataclasses
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
from oslo_config import cfg

from tachyon.placement import query as placement_query
from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import funnel
from tachyon.scheduler import prefilters
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.nova import request
from tachyon.scheduler.nova.pci import requests

STAGE = "destination"
UNKNOWN = "no compute node is known for it"
CELL = "it is in another cell"
REQUESTED = "another host was requested"
IGNORED = "it is to be ignored"
FORCED_HOST = "another host is forced"
FORCED_NODE = "another node is forced"


def prepare(data: scheduler_data.SchedulingData, spec: request.RequestSpec,
            conf: cfg.ConfigOpts) -> None:
    """Add to the request what pre-filters and the hosts there are tell; end
    the decision if the one that it is for is not among them.

    :raises SchedulingDataInvalid: a pre-filter knows that nothing fits.
    """
    snapshot, facts = data.snapshot, data.facts
    assert snapshot is not None and facts is not None
    data.placed = {}
    for member, providers in data.members.items():
        rows = [row for uuid in providers
                if (row := snapshot.row_of(uuid)) is not None]
        if rows:
            data.placed[member] = snapshot.uuids[snapshot.roots[rows[0]]]
    asked = aim(data.query, spec, facts)
    if asked is None:
        data.end(scheduler_data.Verdict.BAD_REQUEST,
                 f"there is no {name(spec)}")
    elif not spec.is_rebuild:
        needs = prefilters.run(conf, spec, facts, snapshot)
        data.query = add_needs(asked, needs, spec.pci_requests)
        instead = data.fallback and aim(data.fallback, spec, facts)
        if instead is not None:
            data.fallback = add_needs(instead, needs, spec.pci_requests)


def add_needs(asked: placement_query.Query, needs: prefilters.Needs,
              devices: Sequence[requests.DeviceRequest]
              ) -> placement_query.Query:
    """Return the query with what pre-filters add."""
    return dataclasses.replace(
        asked, root_required=asked.root_required | needs.root_required,
        root_forbidden=asked.root_forbidden | needs.root_forbidden,
        groups=tuple(_add(group, needs, devices) for group in asked.groups))


def _add(group: placement_query.RequestGroup, needs: prefilters.Needs,
         devices: Sequence[requests.DeviceRequest]
         ) -> placement_query.RequestGroup:
    if not group.suffix:
        return dataclasses.replace(
            group, forbidden_aggregates=(group.forbidden_aggregates
                                         | needs.forbidden_aggregates),
            member_of=tuple(dict.fromkeys(group.member_of
                                          + needs.member_of)))
    if any(each.is_group(group.suffix) for each in devices):
        return dataclasses.replace(
            group, required=group.required | needs.device_required)
    return group


def aim(asked: placement_query.Query, spec: request.RequestSpec,
        facts: facts_module.Facts) -> placement_query.Query | None:
    """Return the query for the one node that is forced or requested, or the
    query as it is if there is none, or there are several; None if there is
    no such node."""
    wanted = spec.requested_destination
    host = (wanted and wanted.host) or next(iter(spec.force_hosts), None)
    node = (wanted and wanted.node) or next(iter(spec.force_nodes), None)
    if host is None and node is None:
        return asked
    cell = None if wanted is None else wanted.cell_uuid
    found = [each for each in facts.find(host, node)
             if cell is None or each.cell_uuid == cell]
    if len(found) > 1:
        return asked
    if not found:
        return None
    return dataclasses.replace(asked, groups=tuple(
        group if group.suffix else dataclasses.replace(
            group, in_tree=found[0].uuid) for group in asked.groups))


def name(spec: request.RequestSpec) -> str:
    """Return what somebody wants it to be on, in words."""
    wanted = spec.requested_destination
    host = (wanted and wanted.host) or next(iter(spec.force_hosts), None)
    node = (wanted and wanted.node) or next(iter(spec.force_nodes), None)
    return " ".join(f"{kind} {value}" for kind, value
                    in (("host", host), ("node", node)) if value)


def leave_out(hosts: scheduler_data.HostSet, spec: request.RequestSpec
              ) -> list[tuple[str, npt.NDArray[np.bool_]]]:
    """Return the rules that apply, in words, and whom each leaves out."""
    nodes = hosts.nodes
    rules = [(UNKNOWN, ~nodes.known)]
    wanted = spec.requested_destination
    if wanted is not None:
        if wanted.cell_uuid and not wanted.allow_cross_cell_move:
            rules.append((CELL, ~nodes.coded("cell_uuid").each(
                lambda uuid: uuid == wanted.cell_uuid)))
        if wanted.host:
            rules.append((REQUESTED, ~nodes.at_hosts([wanted.host])))
        if wanted.node:
            rules.append((REQUESTED, ~_named(nodes, [wanted.node])))
    if spec.ignore_hosts:
        rules.append((IGNORED, _at(nodes, spec.ignore_hosts)))
    if spec.force_hosts:
        rules.append((FORCED_HOST, ~_at(nodes, spec.force_hosts)))
    if spec.force_nodes:
        rules.append((FORCED_NODE, ~_named(nodes, spec.force_nodes)))
    return rules


def count(rules: Iterable[tuple[str, npt.NDArray[np.bool_]]], size: int
          ) -> tuple[npt.NDArray[np.bool_], funnel.Removed]:
    """Return who is left of so many hosts, and the others, each at the rule
    that removed it first."""
    left = np.ones(size, np.bool_)
    removed = []
    for words, out in rules:
        gone = np.flatnonzero(left & out)
        if len(gone):
            removed.append((reason(words), gone))
            left[gone] = False
    return left, removed


def reason(words: str) -> reasons.Reason:
    return reasons.Reason(reasons.Code.FILTERED_BY,
                          {"filter": STAGE, "detail": words})


def _at(nodes: facts_module.NodeSet, names: Iterable[str]
        ) -> npt.NDArray[np.bool_]:
    """Return which nodes are of service hosts so called, in whichever case,
    as nova compares them."""
    names = list(names)
    if all(nodes.facts.table.at_host(each) for each in names):
        return nodes.at_hosts(names)
    wanted = {each.lower() for each in names}
    return nodes.coded("host").each(lambda host: host.lower() in wanted)


def _named(nodes: facts_module.NodeSet, names: Iterable[str]
           ) -> npt.NDArray[np.bool_]:
    wanted = frozenset(names)
    return nodes.coded("nodename").each(lambda name: name in wanted)
