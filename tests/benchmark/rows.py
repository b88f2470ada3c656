"""What is measured: the rows of the table.

A row asks one side for so many seconds, and gives a ``Figure``: what a
request took, and the CPU time of all parts of the side that it cost.
"""

import dataclasses
import itertools
import statistics
import time
import uuid as uuid_module
from collections.abc import Callable, Iterator
from typing import Any

from tachyon.transfer import generated
from tests.benchmark import clients
from tests.benchmark import sides
from tests.benchmark import wire

CLIENTS = 8
_RESOURCES = "resources=VCPU:1,MEMORY_MB:512,DISK_GB:10"
_CANDIDATES = "/allocation_candidates?"
_GRANULAR = ("resources_NUMA0=VCPU:2,MEMORY_MB:1024"
             "&resources_NUMA1=VCPU:2,MEMORY_MB:1024"
             f"&resources_PCI={generated.PCI}:1&limit=1000")
_SUBTREE = "&same_subtree=_NUMA0,_PCI"
# Of each of the providers that C4 fills.
_BRIM, _BRIMS = 40, 4
_FILL_SECONDS = 120.0                   # by then it must be done


@dataclasses.dataclass
class Figure:
    """What one row came to on one side.

    ``p50`` and ``cpu`` are milliseconds a request, ``rate`` is requests a
    second. ``faults`` are answers that should not be, at most a few of them.
    """

    count: int
    p50: float
    cpu: float
    rate: float
    size: int = 0                       # bytes of the last answer
    conflicts: int = 0
    note: str = ""
    faults: list[str] = dataclasses.field(default_factory=list)


Run = Callable[[sides.Side, float], Figure]


@dataclasses.dataclass(frozen=True)
class Row:
    """``least``: how many times less, or more a second, Tachyon on Neo4j is
    to need than Placement; 0: no such bar. ``by_rate`` says which."""

    name: str
    shape: str
    run: Run
    least: float = 0
    by_rate: bool = False


# -------------------------------------------------------------------- queries
def _query(path: str) -> Run:
    def run(side: sides.Side, seconds: float) -> Figure:
        return _one_after_another(side, seconds, lambda client: client.ask(
            "GET", path), (200,))

    return run


def _one_after_another(side: sides.Side, seconds: float,
                       ask: Callable[[wire.Wire], tuple[int, bytes]],
                       good: tuple[int, ...]) -> Figure:
    """Ask again and again over one connection, warm."""
    client = wire.Wire(side.url)
    times: list[float] = []
    faults: list[str] = []
    size = 0

    def ask_for(seconds: float, least: int) -> int:
        nonlocal size
        end = time.monotonic() + seconds
        for count in itertools.count():
            if count >= least and time.monotonic() > end:
                return count
            status, data = ask(client)
            size = len(data)
            times.append(client.seconds)
            if status not in good:
                faults.append(f"{status} {data[:200]!r}")
        raise AssertionError("not reached")

    # Half of the time to get warm; what is slow needs one turn.
    ask_for(seconds / 2, 1)
    times.clear()
    before = side.cpu()
    count = ask_for(seconds, 3)
    cpu = side.cpu() - before
    client.close()
    return Figure(count, _ms(statistics.median(times)), _ms(cpu / count),
                  count / sum(times), size, faults=faults[:3])


def _ms(seconds: float) -> float:
    return seconds * 1000


# --------------------------------------------------------------------- claims
def candidates_of(side: sides.Side) -> list[dict[str, Any]]:
    """Return a candidate for each host."""
    client = wire.Wire(side.url)
    found: list[dict[str, Any]] = client.tell(
        "GET", _CANDIDATES + _RESOURCES)["allocation_requests"]
    client.close()
    return found


def _claims(path: str | None, first: int | None = None) -> Run:
    """Return what claims: those that a path gives, or (the first) of all."""
    def run(side: sides.Side, seconds: float) -> Figure:
        return claims(side, seconds, CLIENTS, path, first)

    return run


def claims(side: sides.Side, seconds: float, count: int, path: str | None,
           first: int | None = None) -> Figure:
    """Claim from so many clients at once."""
    found = [] if path else candidates_of(side)[:first]
    warm = wire.Wire(side.url)
    clients.claim(warm, time.monotonic() + seconds / 2, CLIENTS, path, found)
    warm.close()
    return _figure(clients.run(side.url, count, seconds, clients.claim, path,
                               found, meter=side.cpu))


def _figure(outcome: clients.Outcome) -> Figure:
    return Figure(
        outcome.done,
        _ms(statistics.median(outcome.seconds)) if outcome.seconds else 0.0,
        _ms(outcome.cpu / max(outcome.done, 1)),
        outcome.done / outcome.wall, conflicts=outcome.conflicts,
        note=f"gave up {outcome.gave_up}" if outcome.gave_up else "",
        faults=outcome.faults[:3])


def _fill(side: sides.Side, _seconds: float) -> Figure:
    """Claim more than there is of new providers: all of it, and no more."""
    client = wire.Wire(side.url)
    made = list(_make_small_ones(client))
    figure = _figure(clients.run(
        side.url, CLIENTS, _FILL_SECONDS, clients.fill,
        [{"allocations": {uuid: {"resources": {"VCPU": 1}}}}
         for uuid in made], meter=side.cpu))
    used = [client.tell("GET", f"/resource_providers/{uuid}/usages")[
        "usages"]["VCPU"] for uuid in made]
    client.close()
    figure.note = f"used {used} of {_BRIM} each"
    if used != [_BRIM] * _BRIMS or figure.count != _BRIM * _BRIMS:
        figure.faults.append(
            f"{figure.count} claims were granted, of {_BRIM * _BRIMS}")
    return figure


def _make_small_ones(client: wire.Wire) -> Iterator[str]:
    for _turn in range(_BRIMS):
        uuid = str(uuid_module.uuid4())
        client.tell("POST", "/resource_providers",
                    {"name": f"brim-{uuid}", "uuid": uuid})
        client.tell("PUT", f"/resource_providers/{uuid}/inventories", {
            "resource_provider_generation": 0, "inventories": {"VCPU": {
                "total": _BRIM // 4 + 1, "reserved": 1,
                "allocation_ratio": 4.0}}})
        yield uuid


# ----------------------------------------------------------- writes and reads
def _update(side: sides.Side, seconds: float) -> Figure:
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

    return _one_after_another(side, seconds, ask, (200,))


def _usages(side: sides.Side, seconds: float) -> Figure:
    numbers = itertools.cycle(range(side.hosts))
    return _one_after_another(side, seconds, lambda client: client.ask(
        "GET", "/resource_providers/"
        f"{generated.uuid(side.shape, next(numbers))}/usages"), (200,))


Q1 = f"{_CANDIDATES}{_RESOURCES}&limit=10"
Q2 = f"{_CANDIDATES}{_RESOURCES}&required={generated.RARE}&limit=1000"
ROWS = (
    Row("Q1_limit10", "flat", _query(Q1), 100),
    Row("Q1_limit1000", "flat", _query(
        f"{_CANDIDATES}{_RESOURCES}&limit=1000"), 50),
    Row("Q1_nolimit", "flat", _query(_CANDIDATES + _RESOURCES), 20),
    Row("Q2_trait1pct", "flat", _query(Q2), 50),
    Row("Q3_zone_forbidden", "flat", _query(
        f"{_CANDIDATES}{_RESOURCES}&limit=1000"
        f"&member_of={generated.zone('flat', 1)}"
        f"&required=!{generated.TENTH}"), 25),
    *(Row(f"Q4_{policy}{'_subtree' if subtree else ''}", "numa", _query(
        f"{_CANDIDATES}{_GRANULAR}&group_policy={policy}{subtree}"), 50)
        for policy in ("isolate", "none") for subtree in ("", _SUBTREE)),
    Row("C1_limit10", "flat", _claims(Q1), 100, by_rate=True),
    Row("C1_limit1000", "flat", _claims(
        f"{_CANDIDATES}{_RESOURCES}&limit=1000"), 60, by_rate=True),
    Row("C2_put_random", "flat", _claims(None), 5, by_rate=True),
    Row("C3_put_hot4", "flat", _claims(None, 4), 5, by_rate=True),
    Row("C4_fill", "flat", _fill),
    Row("U1_put_inventories", "flat", _update, 3),
    Row("U2_get_usages", "flat", _usages, 2),
)
