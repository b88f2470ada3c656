"""The choice among the hosts that are left.

Best first by their score. Equal ones come in a random order, which the seed
of the decision determines: schedulers that decide at the same moment do not
all pick the same host, and a decision can be replayed. Hosts that this
decision has already lost to others come last.
"""

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


def rank(hosts: scheduler_data.HostSet, data: scheduler_data.SchedulingData
         ) -> ranking.Ranking:
    """Return the order of all hosts, best first."""
    keys = (-np.round(data.scores.total, DECIMALS)
            if data.scores is not None
            else np.zeros(len(hosts), np.float64))
    lots = np.random.default_rng(data.seed).random(len(hosts))
    if data.conflicts and len(hosts):
        names = {name for name, _ in data.conflicts}
        rows = [hosts.snapshot.row_named(name) for name in names]
        lost = np.isin(hosts.rows, [row for row in rows if row is not None])
        keys[lost] += 1.0 + keys.max() - keys.min()
    return ranking.Ranking(keys, lots)


def choose(data: scheduler_data.SchedulingData, examples: int) -> None:
    """Choose the best host that has a candidate, as ``data.selection``.

    The engine's masks leave in a few hosts in which each group fits but not
    all of them together; that shows when a candidate is asked for.
    """
    hosts, found = data.hosts, data.found
    assert hosts is not None and found is not None
    order = rank(hosts, data)
    gone = 0
    for index in _in_order(order):
        row = int(hosts.rows[index])
        candidate = next(iter(found.candidates(roots=hosts.rows[[index]],
                                               limit=1)), None)
        if candidate is not None:
            data.selection = _bind(data, row, candidate)
            break
        gone += 1
    if gone:
        reason = reasons.Reason(reasons.Code.NO_COMBINATION, {})
        data.stages.append(funnel.stage(
            "combination", hosts, [(reason, order.first(gone))], examples))
    data.ranking = order.after(gone)
    if data.selection is None:
        data.end(scheduler_data.Verdict.NO_CANDIDATES)


def _in_order(order: ranking.Ranking) -> Iterator[int]:
    done = 0
    for count in (FIRST, len(order)):
        yield from order.first(count)[done:].tolist()
        done = count


def _bind(data: scheduler_data.SchedulingData, row: int,
          candidate: search.Candidate) -> scheduler_data.Selection:
    snapshot, serving = data.snapshot, data.serving
    assert snapshot is not None and serving is not None
    rows = [provider for provider, _ in candidate.allocations]
    service = int(serving.by_row[row])
    return scheduler_data.Selection(
        host=snapshot.names[row], provider_uuid=snapshot.uuids[row],
        service_host=(serving.services[service].host if service >= 0
                      else None),
        allocations={snapshot.uuids[provider]: dict(amounts)
                     for provider, amounts in candidate.allocations},
        names={snapshot.uuids[each]: snapshot.names[each] for each in rows},
        generations={snapshot.uuids[each]: int(snapshot.generations[each])
                     for each in {*rows, row}})
