"""Clients that work at the same time, each a process of its own."""

import dataclasses
import http.client
import json
import multiprocessing
import random
import re
import time
import uuid as uuid_module
from collections.abc import Callable, Sequence
from typing import Any

from tests.benchmark import wire

# Not forks of the parent, which has threads; and what they need is imported
# once.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__, "tests.benchmark.placements"])
_START_SECONDS = 300.0
_LOOK_SECONDS = 0.05
_GRACE_SECONDS = 600.0
TRIES = 10                              # candidates that a claim tries
_CANDIDATE = re.compile(rb'\{\s*"allocations":')


@dataclasses.dataclass
class Outcome:
    """What one client, or all of them together, met."""

    done: int = 0
    conflicts: int = 0
    gave_up: int = 0
    seconds: list[float] = dataclasses.field(default_factory=list)
    faults: list[str] = dataclasses.field(default_factory=list)
    start: float = 0.0                  # by ``time.monotonic``
    wall: float = 0.0
    cpu: float = 0.0

    def add(self, other: "Outcome") -> None:
        self.done += other.done
        self.conflicts += other.conflicts
        self.gave_up += other.gave_up
        self.seconds += other.seconds
        self.faults += other.faults


Task = Callable[..., Outcome]


def run(url: str, count: int, seconds: float, task: Task, *args: Any,
        meter: Callable[[], float]) -> Outcome:
    """Run ``task(client, end, number, *args)`` in so many processes at once.

    ``end`` is by ``time.monotonic``, after so many seconds. ``wall`` of the
    outcome is from the common ``start`` to the last answer, and ``cpu`` how
    much ``meter`` went on meanwhile.
    """
    queue = _PROCESSES.Queue()
    barrier = _PROCESSES.Barrier(count + 1)
    workers = [_PROCESSES.Process(target=_work, daemon=True, args=(
        url, number, seconds, barrier, queue, task, args))
        for number in range(count)]
    for worker in workers:
        worker.start()
    together = Outcome()
    try:
        while barrier.n_waiting < count:
            if not all(worker.is_alive() for worker in workers):
                raise RuntimeError("a client ended before it began")
            time.sleep(_LOOK_SECONDS)
        before, together.start = meter(), time.monotonic()
        barrier.wait(_START_SECONDS)
        for _worker in workers:
            together.add(queue.get(timeout=seconds + _GRACE_SECONDS))
        together.wall = time.monotonic() - together.start
        together.cpu = meter() - before
    finally:
        for worker in workers:
            worker.join(timeout=5)
            worker.terminate()
    return together


def _work(url: str, number: int, seconds: float, barrier: Any, queue: Any,
          task: Task, args: Sequence[Any]) -> None:
    random.seed(number)
    client = wire.Wire(url)
    barrier.wait(_START_SECONDS)
    try:
        outcome = task(client, time.monotonic() + seconds, number, *args)
    except (OSError, http.client.HTTPException, wire.Refused) as exc:
        outcome = Outcome(faults=[repr(exc)])
    queue.put(outcome)


# ---------------------------------------------------------------------- tasks
def claim(client: wire.Wire, end: float, number: int, path: str | None,
          candidates: Sequence[dict[str, Any]]) -> Outcome:
    """Claim one candidate after another, as nova does: any of those that
    ``path`` gives anew each time (or of these), and another on a conflict."""
    outcome, found = Outcome(), b""
    while time.monotonic() < end:
        start = time.perf_counter()
        if path is not None:
            found = client.get(path)
        consumer = str(uuid_module.uuid4())
        for _try in range(TRIES):
            status, data = client.ask(
                "PUT", f"/allocations/{consumer}",
                body_of(pick(found) if found else random.choice(candidates),
                        number))
            if status == 204:
                outcome.done += 1
                outcome.seconds.append(time.perf_counter() - start)
                break
            if status != 409:
                outcome.faults.append(f"{status} {data[:200]!r}")
                break
            outcome.conflicts += 1
        else:
            outcome.gave_up += 1
    return outcome


def fill(client: wire.Wire, end: float, number: int,
         candidates: Sequence[dict[str, Any]]) -> Outcome:
    """Claim until each of the candidates has been refused for its capacity:
    a conflict of generations is no such refusal."""
    outcome = Outcome()
    left = list(candidates)
    while left and time.monotonic() < end:
        chosen = random.choice(left)
        status, data = client.ask(
            "PUT", f"/allocations/{uuid_module.uuid4()}",
            body_of(chosen, number))
        outcome.seconds.append(client.seconds)
        if status == 204:
            outcome.done += 1
        elif status != 409:
            outcome.faults.append(f"{status} {data[:200]!r}")
        elif b"placement.concurrent_update" in data:
            outcome.conflicts += 1
        else:
            left.remove(chosen)
    if left:
        outcome.faults.append("not filled in time")
    return outcome


def pick(found: bytes) -> dict[str, Any]:
    """Return any one of the candidates that an answer holds.

    All of it was read, but only that one is parsed: the clients share the
    machine with what is measured.
    """
    starts = [match.start() for match in _CANDIDATE.finditer(found)]
    number = random.randrange(len(starts))
    end = starts[number + 1] if number + 1 < len(starts) else None
    candidate: dict[str, Any]
    candidate, _length = json.JSONDecoder().raw_decode(
        found[starts[number]:end].decode())
    return candidate


def body_of(candidate: dict[str, Any], number: int) -> dict[str, Any]:
    """Return the body of a claim of a candidate."""
    body = {"allocations": candidate["allocations"],
            "project_id": f"bench-{number}", "user_id": "bench",
            "consumer_generation": None, "consumer_type": "INSTANCE"}
    if candidate.get("mappings"):
        body["mappings"] = candidate["mappings"]
    return body
