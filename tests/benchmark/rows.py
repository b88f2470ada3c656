"""What is measured: the rows of the table.

A row asks one side for so many seconds, and gives a ``Figure``: what a
request took, and the CPU time of all parts of the side that it cost.
"""

import dataclasses
import itertools

from tachyon.transfer import generated
from tests.benchmark import claims
from tests.benchmark import figures
from tests.benchmark import instances
from tests.benchmark import sides
from tests.benchmark import wide
from tests.benchmark import wire

_INSTANCE = claims.CANDIDATES + claims.RESOURCES
_GRANULAR = ("resources_NUMA0=VCPU:2,MEMORY_MB:1024"
             "&resources_NUMA1=VCPU:2,MEMORY_MB:1024"
             f"&resources_PCI={generated.PCI}:1&limit=1000")
_SUBTREE = "&same_subtree=_NUMA0,_PCI"


@dataclasses.dataclass(frozen=True)
class Row:
    """What is asked, and the bar for Tachyon on Neo4j. That is one of these:

    ``least``: so many times less CPU and time than Placement (``by_rate``:
    so many times more a second); ``pings``: a median of at most so many
    pings of the store; ``rate``: at least so many a second. None: all that
    is wanted are right answers.

    ``ours``: Placement is not asked. It has no such thing, or would not come
    to an end.
    """

    name: str
    shape: str
    run: figures.Run
    least: float = 0
    by_rate: bool = False
    pings: float = 0
    rate: float = 0
    ours: bool = False


# -------------------------------------------------------------------- queries
def _query(path: str) -> figures.Run:
    def run(side: sides.Side, seconds: float) -> figures.Figure:
        return figures.one_after_another(
            side, seconds, lambda client: client.ask("GET", path))

    return run


# ----------------------------------------------------------- writes and reads
def _update(side: sides.Side, seconds: float) -> figures.Figure:
    """Write whole inventories of one host after another."""
    client = wire.Wire(side.url)
    known = {}
    for number in range(min(side.hosts, 50)):
        path = (f"/resource_providers/{generated.uuid(side.shape, number)}"
                "/inventories")
        known[path] = client.tell("GET", path)
    client.close()
    paths = itertools.cycle(known)

    def ask(client: wire.Wire) -> tuple[int, bytes]:
        path = next(paths)
        known[path]["inventories"]["DISK_GB"]["reserved"] ^= 1
        status, data = client.ask("PUT", path, known[path])
        known[path]["resource_provider_generation"] += 1
        return status, data

    return figures.one_after_another(side, seconds, ask)


def _usages(side: sides.Side, seconds: float) -> figures.Figure:
    numbers = itertools.cycle(range(side.hosts))
    return figures.one_after_another(side, seconds, lambda client: client.ask(
        "GET", "/resource_providers/"
        f"{generated.uuid(side.shape, next(numbers))}/usages"))


Q1 = f"{_INSTANCE}&limit=10"
Q2 = f"{_INSTANCE}&required={generated.RARE}&limit="
ROWS = (
    Row("Q1_limit10", "flat", _query(Q1), 100),
    Row("Q1_limit1000", "flat", _query(f"{_INSTANCE}&limit=1000"), 50),
    Row("Q1_nolimit", "flat", _query(_INSTANCE), 20),
    Row("Q2_trait1pct", "flat", _query(f"{Q2}1000"), 50),
    Row("Q2_limit10", "flat", _query(f"{Q2}10")),
    Row("Q3_zone_forbidden", "flat", _query(
        f"{_INSTANCE}&limit=1000"
        f"&member_of={generated.zone('flat', 1)}"
        f"&required=!{generated.TENTH}"), 25),
    *(Row(f"Q4_{policy}{'_subtree' if subtree else ''}", "numa", _query(
        f"{claims.CANDIDATES}{_GRANULAR}&group_policy={policy}{subtree}"), 50)
        for policy in ("isolate", "none") for subtree in ("", _SUBTREE)),
    *(Row(f"Q5_wide{groups}_{policy}", "flat", wide.row(groups, policy),
          pings=100, ours=True)
      for groups in (6, 8) for policy in ("none", "isolate")),
    Row("C1_limit10", "flat", claims.row(Q1), 100, by_rate=True),
    Row("C1_limit1000", "flat", claims.row(f"{_INSTANCE}&limit=1000"), 60,
        by_rate=True),
    Row("C2_put_random", "flat", claims.row(None), 5, by_rate=True),
    Row("C2_put_alone", "flat", claims.alone),
    Row("C3_put_hot4", "flat", claims.row(None, 4), 5, by_rate=True),
    Row("C4_fill", "flat", claims.fill),
    Row("U1_put_inventories", "flat", _update, 3),
    Row("U2_get_usages", "flat", _usages, 2),
    Row("I1_instances", "flat", instances.row, rate=100, ours=True),
)
