"""Callers: conductors that call select_destinations, each in a process.

Every answer is compared with what the Placement API has for its servers then;
what they have is given back, so that the next call finds the cloud as it was.
"""

import contextlib
import dataclasses
import json
import multiprocessing
import statistics
import time
import uuid as uuid_module
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import oslo_messaging
from oslo_config import cfg

from tests.benchmark import figures
from tests.benchmark import wire
from tests.unit.scheduler.nova import messages

# Not forks of a parent that has threads.
_PROCESSES = multiprocessing.get_context("forkserver")
_PATIENCE = 1800.0                      # seconds for a call of many
_PING_SECONDS = 5.0
_LEAST = 5                              # calls, however long they take
TOPIC, EXCHANGE, VERSION = "scheduler", "nova", "4.5"


@dataclasses.dataclass
class Outcome:
    """What a caller met. ``placed`` is what each server was given."""

    seconds: list[float] = dataclasses.field(default_factory=list)
    faults: list[str] = dataclasses.field(default_factory=list)
    placed: dict[str, Mapping[str, Any]] = dataclasses.field(
        default_factory=dict)


@contextlib.contextmanager
def client(transport_url: str, **target: Any) -> Iterator[Any]:
    """Lend what calls a scheduler as a conductor does."""
    # oslo.messaging drops messages where it is given other options.
    cfg.CONF([], project="tachyon-benchmark")
    transport = oslo_messaging.get_rpc_transport(cfg.CONF, url=transport_url)
    try:
        yield oslo_messaging.get_rpc_client(
            transport, oslo_messaging.Target(
                **{"topic": TOPIC, "exchange": EXCHANGE, "version": VERSION,
                   **target}), timeout=_PATIENCE)
    finally:
        transport.cleanup()


def ping(transport_url: str) -> None:
    """Return when a scheduler answers."""
    context = messages.captured("boot")["context"]
    end = time.monotonic() + _PATIENCE
    with client(transport_url, namespace="baseapi", version="1.0") as asker:
        while True:
            try:
                # What is sent before anybody listens is lost.
                asker.prepare(timeout=_PING_SECONDS).call(context, "ping",
                                                          arg="benchmark")
                return
            except oslo_messaging.MessagingTimeout:
                if time.monotonic() > end:
                    raise


def sync_hosts(transport_url: str, names: list[str]) -> None:
    """Tell schedulers what computes do every two minutes: that they have no
    instances. nova-scheduler reads those of each host anew, for each request,
    until it was told twice."""
    context = messages.captured("boot")["context"]
    with client(transport_url, fanout=True) as caster:
        for name in [*names, *names]:
            caster.cast(context, "sync_instance_info", host_name=name,
                        instance_uuids=[])


def call(transport_url: str, placement_url: str, seconds: float, *,
         servers: int, callers: int, meter: Callable[[], float]
         ) -> figures.Figure:
    """Call for so many servers at a time, from so many processes."""
    queue = _PROCESSES.Queue()
    barrier = _PROCESSES.Barrier(callers + 1)
    workers = [_PROCESSES.Process(target=_work, daemon=True, args=(
        transport_url, servers, seconds, barrier, queue))
        for _ in range(callers)]
    for worker in workers:
        worker.start()
    together = Outcome()
    try:
        barrier.wait(_PATIENCE)
        before, start = meter(), time.monotonic()
        for _ in workers:
            outcome = queue.get(timeout=seconds + _PATIENCE)
            together.seconds += outcome.seconds
            together.faults += outcome.faults
            together.placed |= outcome.placed
        wall, cpu = time.monotonic() - start, meter() - before
    finally:
        for worker in workers:
            worker.join(timeout=5)
            worker.terminate()
    together.faults += _take_back(placement_url, together.placed)
    count = len(together.seconds)
    return figures.Figure(
        count, figures.ms(statistics.median(together.seconds or [0.0])),
        figures.ms(cpu / max(count, 1)), count / wall,
        faults=together.faults[:5])


def _work(transport_url: str, servers: int, seconds: float, barrier: Any,
          queue: Any) -> None:
    made = messages.captured("boot")
    made["args"]["spec_obj"]["nova_object.data"]["num_instances"] = servers
    outcome = Outcome()
    with client(transport_url) as caller:
        # The connection is made, and who has just been started has warmed up.
        _call_once(caller, made, servers, outcome)
        outcome.seconds.clear()
        barrier.wait(_PATIENCE)
        end = time.monotonic() + seconds
        while time.monotonic() < end or len(outcome.seconds) < _LEAST:
            if not _call_once(caller, made, servers, outcome):
                break
        queue.put(outcome)


def _call_once(caller: Any, made: Mapping[str, Any], servers: int,
               outcome: Outcome) -> bool:
    uuids = [str(uuid_module.uuid4()) for _ in range(servers)]
    context = {**made["context"], "request_id": f"req-{uuids[0]}"}
    args = {**made["args"], "instance_uuids": uuids}
    args["spec_obj"]["nova_object.data"]["instance_uuid"] = uuids[0]
    start = time.perf_counter()
    try:
        answer = caller.call(context, "select_destinations", **args)
    except (oslo_messaging.MessagingException, RuntimeError) as exc:
        outcome.faults.append(repr(exc)[:300])
        return False
    outcome.seconds.append(time.perf_counter() - start)
    for uuid, found in zip(uuids, answer, strict=True):
        chosen = found[0]["nova_object.data"]
        outcome.placed[uuid] = {
            provider: each["resources"] for provider, each in json.loads(
                chosen["allocation_request"])["allocations"].items()}
    return True


def _take_back(url: str, placed: Mapping[str, Mapping[str, Any]]
               ) -> list[str]:
    """Return where the Placement API has something else."""
    asker, faults = wire.Wire(url), []
    for uuid, wanted in placed.items():
        path = f"/allocations/{uuid}"
        found = {provider: each["resources"] for provider, each
                 in asker.tell("GET", path)["allocations"].items()}
        if found != wanted:
            faults.append(f"{uuid} has {found}, and was told {wanted}")
        asker.ask("DELETE", path)
    asker.close()
    return faults
