"""Rows of claims: what clients take, at the same time and alone."""

import statistics
import time
import uuid as uuid_module
from collections.abc import Iterator
from typing import Any

from tests.benchmark import clients
from tests.benchmark import figures
from tests.benchmark import sides
from tests.benchmark import wire

CLIENTS = 8
RESOURCES = "resources=VCPU:1,MEMORY_MB:512,DISK_GB:10"
CANDIDATES = "/allocation_candidates?"
# Of each of the providers that are filled.
_BRIM, _BRIMS = 40, 4
_FILL_SECONDS = 120.0                   # by then it must be done


def row(path: str | None, first: int | None = None) -> figures.Run:
    """Return what claims: those that a path gives, or (the first) of all."""
    def run(side: sides.Side, seconds: float) -> figures.Figure:
        return claims(side, seconds, CLIENTS, path, first)

    return run


def alone(side: sides.Side, seconds: float) -> figures.Figure:
    """Claim of any host, with nobody else there."""
    return claims(side, seconds, 1, None).count_pings(side)


def claims(side: sides.Side, seconds: float, count: int, path: str | None,
           first: int | None = None) -> figures.Figure:
    """Claim from so many clients at once."""
    found = [] if path else candidates_of(side)[:first]
    if first is not None:
        _make_room(side, found)
    warm = wire.Wire(side.url)
    clients.claim(warm, time.monotonic() + seconds / 2, CLIENTS, path, found)
    warm.close()
    return _figure(clients.run(side.url, count, seconds, clients.claim, path,
                               found, meter=side.cpu))


def candidates_of(side: sides.Side) -> list[dict[str, Any]]:
    """Return a candidate for each host."""
    client = wire.Wire(side.url)
    found: list[dict[str, Any]] = client.tell(
        "GET", CANDIDATES + RESOURCES)["allocation_requests"]
    client.close()
    return found


def _make_room(side: sides.Side, found: list[dict[str, Any]]) -> None:
    """Give the hosts of these candidates more than will be claimed."""
    client = wire.Wire(side.url)
    for uuid in {uuid for each in found for uuid in each["allocations"]}:
        path = f"/resource_providers/{uuid}/inventories"
        body = client.tell("GET", path)
        for inventory in body["inventories"].values():
            inventory["total"] *= 1000
        client.tell("PUT", path, body)
    client.close()


def _figure(outcome: clients.Outcome) -> figures.Figure:
    return figures.Figure(
        outcome.done,
        figures.ms(statistics.median(outcome.seconds))
        if outcome.seconds else 0.0,
        figures.ms(outcome.cpu / max(outcome.done, 1)),
        outcome.done / outcome.wall, conflicts=outcome.conflicts,
        note=f"gave up {outcome.gave_up}" if outcome.gave_up else "",
        faults=outcome.faults[:3])


def fill(side: sides.Side, _seconds: float) -> figures.Figure:
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
