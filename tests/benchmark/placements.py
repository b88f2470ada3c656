"""How many instances a second a cloud places: from POST to STOPPED.

``python -m tests.benchmark.placements --store neo4j`` starts the daemons that
an operator would, on a cloud of so many hosts that one simulator runs, asks
for instances from several clients at once, and prints the rate, and what a
placement cost each part in CPU.
"""

import argparse
import contextlib
import pathlib
import sys
import time
import uuid as uuid_module
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.benchmark import clients
from tests.benchmark import sides
from tests.benchmark import usage
from tests.benchmark import wire
from tests.integration.parts import daemons
from tests.integration.parts import processes
from tests.integration.parts import wait

CLIENTS = 8
SCHEDULERS = 2
DEADLINE = 600.0                        # seconds until all have an end
LOOK = 0.1                              # seconds between two looks at them
PAGE = 1000
_FLAVOR, _IMAGE = "m1.tiny", "debian-12"

# What it takes to make no difference between machines but their speed.
CALM: daemons.Options = {
    "DEFAULT": {"debug": False, "report_interval": 10,
                "service_down_time": 60, "rpc_response_timeout": 60},
    "compute": {"inventory_interval": 60, "reconcile_interval": 60},
    "scheduler": {"claim_ttl": 30, "sweep_interval": 5},
    "database": {"deadline": sides.DEADLINE},
}


def run(url: str, count: int, count_of_clients: int = CLIENTS) -> float:
    """Ask for so many instances, from so many clients at once, and return
    how many a second were placed, from the first POST to the moment when the
    last is seen to be STOPPED.

    :raises RuntimeError: not each of them was stored, and placed, once.
    """
    name = f"placed-{uuid_module.uuid4()}"
    each = [count // count_of_clients + (number < count % count_of_clients)
            for number in range(count_of_clients)]
    outcome = clients.run(url, count_of_clients, DEADLINE, create, name, each,
                          meter=time.process_time)
    if outcome.faults or outcome.done != count:
        raise RuntimeError(f"{outcome.done} of {count} were accepted: "
                           f"{outcome.faults[:3]}")
    client = wire.Wire(url)
    with contextlib.closing(client):
        _wait_for_their_end(client, name)
        seconds = time.monotonic() - outcome.start
        bodies = list(_instances(client, name))
    bad = [body for body in bodies if body["status"] != "STOPPED"]
    if bad or len({body["id"] for body in bodies}) != count:
        raise RuntimeError(f"{len(bodies)} of {count}, and not STOPPED: "
                           f"{bad[:3]}")
    return count / seconds


def create(client: wire.Wire, _end: float, number: int, name: str,
           each: Sequence[int]) -> clients.Outcome:
    """Ask for this client's share of them, one after the other."""
    outcome = clients.Outcome()
    body = {"name": name, "flavor": _FLAVOR, "image": _IMAGE}
    for _turn in range(each[number]):
        status, data = client.ask("POST", "/api/v1/instances", body)
        if status == 202:
            outcome.done += 1
            outcome.seconds.append(client.seconds)
        else:
            outcome.faults.append(f"{status} {data[:200]!r}")
    return outcome


def _wait_for_their_end(client: wire.Wire, name: str) -> None:
    query = f"/api/v1/instances?name={name}&status=BUILDING&limit=1"
    wait.until(lambda: not client.tell("GET", query)["instances"],
               "every instance is placed", deadline=DEADLINE, interval=LOOK)


def _instances(client: wire.Wire, name: str) -> Iterator[dict[str, Any]]:
    marker = ""
    while True:
        page = client.tell("GET", f"/api/v1/instances?name={name}"
                           f"&limit={PAGE}{marker}")["instances"]
        yield from page
        if len(page) < PAGE:
            return
        marker = f"&marker={page[-1]['id']}"


# ------------------------------------------------------------------ the cloud
class Placed(daemons.Cloud):
    """Daemons apart, and hosts that one simulator runs, whatever they are."""

    def __init__(self, directory: pathlib.Path, hosts: int,
                 store: daemons.Options | None):
        super().__init__(
            directory, api_workers=1, schedulers=SCHEDULERS, computes=1,
            store=store, options=CALM, compute_options={
                "fake": {"hosts": 0}, "compute": {
                    "serves": "*", "max_concurrent_actions": 64}})
        self._hosts = hosts

    def sync_store(self) -> None:
        super().sync_store()
        _generate(self.api, self._hosts)

    def wait_until_up(self) -> None:
        wanted = {(each.binary, each.name) for each in self.processes}
        wait.until(lambda: wanted <= {
            name for name, body in self.client.services().items()
            if body["state"] == "up"}, f"up: {sorted(wanted)}",
            deadline=sides.LOAD_DEADLINE)


def _generate(daemon: daemons.Daemon, hosts: int) -> None:
    daemon.manage("cloud", "generate", "--hosts", str(hosts), "--shape",
                  "flat", deadline=sides.LOAD_DEADLINE)


@contextlib.contextmanager
def on_neo4j(hosts: int) -> Iterator[tuple[str, list[processes.Process]]]:
    """Run daemons apart, on Neo4j and RabbitMQ; give the URL, and all parts.
    """
    with processes.Directory() as directory, sides.BenchNeo4j() as server:
        with Placed(directory.path, hosts, {
                "database": {"driver": "neo4j"}, "neo4j_database": {
                    "uri": server.uri, "password": server.password}}) as cloud:
            yield cloud.api.url, [*cloud.processes, server.process,
                                  daemons.rabbitmq.shared().node]


@contextlib.contextmanager
def on_sqlite(hosts: int) -> Iterator[tuple[str, list[processes.Process]]]:
    """Run all in one process, on SQLite; give the URL, and that process."""
    with processes.Directory() as directory:
        standalone = daemons.Standalone(directory.path, daemons.merge(CALM, {
            "fake": {"hosts": 0}, "compute": {
                "serves": "*", "max_concurrent_actions": 64}}))
        standalone.sync_store()
        _generate(standalone, hosts)
        with standalone:
            yield standalone.url, [standalone]


STORES: dict[str, Callable[..., Any]] = {"neo4j": on_neo4j,
                                         "sqlite": on_sqlite}


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--store", choices=STORES, default="sqlite")
    parser.add_argument("--hosts", type=int, default=10_000)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--clients", type=int, default=CLIENTS)
    parser.add_argument("--rounds", type=int, default=3,
                        help="the first ones make a store on Java warm (3)")
    given = parser.parse_args(argv)
    with STORES[given.store](given.hosts) as (url, parts):
        for _round in range(given.rounds):
            before = _cpu(parts)
            rate = run(url, given.count, given.clients)
            cost = {name: (seconds - before[name]) / given.count * 1000
                    for name, seconds in _cpu(parts).items()}
            print(f"{rate:.1f}/s; CPU of each, ms: {sum(cost.values()):.1f} ("
                  + ", ".join(f"{name} {each:.1f}"
                              for name, each in cost.items()) + ")",
                  flush=True)
    return 0


def _cpu(parts: Sequence[processes.Process]) -> dict[str, float]:
    return {each.name: usage.cpu([each.pid]) for each in parts}


if __name__ == "__main__":
    sys.exit(main())
