"""The choice among the hosts that are left.

Best first by their score. Equal ones come in a random order, which the seed
of the decision determines: schedulers that decide at the same moment do not
all pick the same host, and a decision can be replayed. Hosts that this
decision has already lost to others come last.
"""

import functools
import operator
from collections.abc import Iterator

import numpy as np

from tachyon.placement import reasons
from tachyon.placement import search
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import funnel
from tachyon.scheduler import ranking

# Scores closer than this are equal: sums of floats differ in their last bits.
DECIMALS = 9
# Hosts that are put in order for a start: mostly the first will do.
FIRST = 16
# Candidates of one host that are looked at.
CANDIDATES_MAX = 1000
_NO_COMBINATION = reasons.Reason(reasons.Code.NO_COMBINATION, {})


def rank(hosts: scheduler_data.HostSet, data: scheduler_data.SchedulingData
         ) -> ranking.Ranking:
    """Return the order of all hosts, best first."""
    keys = (-np.round(data.scores.total, DECIMALS)
            if data.scores is not None
            else np.zeros(len(hosts), np.float64))
    lots = np.random.default_rng(data.seed).random(len(hosts))
    lost = np.zeros(len(hosts), np.bool_)
    if data.conflicts and len(hosts):
        names = {name for name, _ in data.conflicts}
        rows = [hosts.snapshot.row_named(name) for name in names]
        lost = np.isin(hosts.rows, [row for row in rows if row is not None])
        keys[lost] += 1.0 + keys.max() - keys.min()
    best = min(data.subset_size, len(hosts) - int(lost.sum()))
    if best > 1:
        drawn = int(np.random.default_rng(data.seed).integers(best))
        keys[ranking.Ranking(keys, lots).first(best)[drawn]] = keys.min() - 1.0
    return ranking.Ranking(keys, lots)


def choose(data: scheduler_data.SchedulingData, examples: int) -> None:
    """Choose the best host that has a candidate, as ``data.selection``, and
    the next best ones as ``data.alternates``, as many as are wanted.

    The engine's masks leave in a few hosts in which each group fits but not
    all of them together; that shows when a candidate is asked for. Others
    have no candidate that all filters admit.
    """
    hosts = data.hosts
    assert hosts is not None
    order = rank(hosts, data)
    gone: dict[str, tuple[reasons.Reason, list[int]]] = {}
    count = 0
    for index in _in_order(order):
        found = _select(data, hosts, index)
        if isinstance(found, scheduler_data.Selection):
            data.selection = found
            break
        gone.setdefault(found.text(), (found, []))[1].append(index)
        count += 1
    if gone:
        data.stages.append(funnel.stage(
            "combination", hosts, [
                (reason, np.array(indices, np.int64))
                for reason, indices in gone.values()], examples))
    data.ranking = order.after(count)
    if data.selection is None:
        data.end(scheduler_data.Verdict.NO_CANDIDATES)
    elif data.spares:
        data.alternates = _alternates(data, hosts, data.selection)


def _in_order(order: ranking.Ranking) -> Iterator[int]:
    done = 0
    for count in (FIRST, len(order)):
        yield from order.first(count)[done:].tolist()
        done = count


def _select(data: scheduler_data.SchedulingData,
            hosts: scheduler_data.HostSet, index: int
            ) -> scheduler_data.Selection | reasons.Reason:
    """Return a host with what would be claimed of it, or why there is
    nothing that would do."""
    row = int(hosts.rows[index])
    if data.claimless and data.found is None:
        return _bind(data, hosts, index, row, None)
    assert data.found is not None
    host, refused = hosts.host(index), _NO_COMBINATION
    for candidate in data.found.candidates(roots=hosts.rows[[index]],
                                           limit=CANDIDATES_MAX):
        mappings = _mappings(hosts, candidate)
        by = next((each for each in data.filters if not each.admits(
            host, data, mappings)), None)
        if by is None:
            return _bind(data, hosts, index, row, candidate)
        refused = by.reason("no combination of providers will do")
    return refused


def _mappings(hosts: scheduler_data.HostSet, candidate: search.Candidate
              ) -> dict[str, tuple[str, ...]]:
    """Return the uuids of the providers that serve each group."""
    return {suffix: tuple(hosts.snapshot.uuids[row] for row in rows)
            for suffix, rows in candidate.mappings.items()}


def _alternates(data: scheduler_data.SchedulingData,
                hosts: scheduler_data.HostSet,
                chosen: scheduler_data.Selection
                ) -> list[scheduler_data.Selection]:
    """Return the best of the other hosts, for each cell as many as are
    wanted: a conductor of a cell can try those of its own."""
    assert data.ranking is not None and chosen.place is not None
    taken = data.taken | {chosen.provider_uuid}
    cells = hosts.nodes.coded("cell_uuid")
    found = []
    for cell in sorted(data.cells | {chosen.place.cell_uuid}):
        there = cells.each(functools.partial(operator.eq, cell))
        left = data.spares
        for index in _in_order(data.ranking):
            if not left:
                break
            if not there[index] or hosts.host(index).uuid in taken:
                continue
            selection = _select(data, hosts, index)
            if isinstance(selection, scheduler_data.Selection):
                found.append(selection)
                left -= 1
    return found


def _bind(data: scheduler_data.SchedulingData,
          hosts: scheduler_data.HostSet, index: int, row: int,
          candidate: search.Candidate | None) -> scheduler_data.Selection:
    snapshot, serving = hosts.snapshot, hosts.serving
    allocations = () if candidate is None else candidate.allocations
    host = hosts.host(index)
    rows = [provider for provider, _ in allocations]
    service = int(serving.by_row[row])
    return scheduler_data.Selection(
        host=snapshot.names[row], provider_uuid=snapshot.uuids[row],
        service_host=(serving.services[service].host if service >= 0
                      else None),
        allocations={snapshot.uuids[provider]: dict(amounts)
                     for provider, amounts in allocations},
        names={snapshot.uuids[each]: snapshot.names[each] for each in rows},
        generations={snapshot.uuids[each]: int(snapshot.generations[each])
                     for each in {*rows, row}},
        mappings={} if candidate is None else _mappings(hosts, candidate),
        place=_place(data, hosts, index, row),
        limits={name: limit for each in data.filters
                for name, limit in each.compute_limits(
                    host, data).items()})


def _place(data: scheduler_data.SchedulingData,
           hosts: scheduler_data.HostSet, index: int,
           row: int) -> scheduler_data.Place | None:
    if data.nova is None or hosts.facts is None:
        return None
    node = hosts.host(index).node
    assert node is not None             # others were left out
    return scheduler_data.Place(
        host=node.host, nodename=node.nodename, cell_uuid=node.cell_uuid,
        availability_zone=hosts.facts.zone(row) or data.default_zone)
