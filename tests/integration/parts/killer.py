"""A daemon that kills itself, with -9, at a chosen point of an instance's way.

Run as ``python -m tests.integration.parts.killer POINT N COMMAND ARGUMENT…``:
runs a tachyon command in this process, and ends the process the Nth time that
the point is reached. Nobody gets to clean up, flush or answer.

This is all that is not the daemon itself: each point wraps one method of one
class of the product.
"""

import functools
import importlib
import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any, NamedTuple

from tachyon import backend


class Point(NamedTuple):
    """Before or after which method to end."""

    module: str
    owner: str
    method: str
    after: bool = True


# In the order in which a create meets them; then what only nova's meet.
POINTS = {
    "before the wake-up": Point(
        "tachyon.rpc.scheduler", "SchedulerAPI", "wake", after=False),
    "before candidates": Point(
        "tachyon.scheduler.actions.candidates", "CandidatesAction", "execute",
        after=False),
    "between candidates and filter": Point(
        "tachyon.scheduler.actions.candidates", "CandidatesAction",
        "execute"),
    "between filter and weigh": Point(
        "tachyon.scheduler.actions.filter", "FilterAction", "execute"),
    "between weigh and claim": Point(
        "tachyon.scheduler.actions.weigh", "WeighAction", "execute"),
    "after claim, before the cast": Point(
        "tachyon.scheduler.actions.claim", "ClaimAction", "execute"),
    "after the cast": Point(
        "tachyon.rpc.compute", "ComputeAPI", "execute"),
    "before the driver": Point(
        "tachyon.compute.drivers.fake", "FakeDriver", "create", after=False),
    "after the driver, before finish": Point(
        "tachyon.compute.drivers.fake", "FakeDriver", "create"),
    "before finish is stored": Point(
        "tachyon.scheduler.manager", "SchedulerManager", "finish_action",
        after=False),
    "after finish": Point(
        "tachyon.scheduler.manager", "SchedulerManager", "finish_action"),
    "after nova's claims, before the answer": Point(
        "tachyon.scheduler.nova.manager", "NovaManager", "select"),
}


def arm(point: Point, number: int) -> None:
    """Make the Nth call of the point's method the last of this process."""
    owner = getattr(importlib.import_module(point.module), point.owner)
    method = getattr(owner, point.method)
    setattr(owner, point.method, _ended(method, point.after, number))


def _ended(method: Callable[..., Any], after: bool, number: int
           ) -> Callable[..., Any]:
    calls = itertools.count(1)

    @functools.wraps(method)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        if after:
            # One that raises, as a claim in conflict does, does not count.
            result = method(*args, **kwargs)
        if next(calls) >= number:
            os.kill(os.getpid(), signal.SIGKILL)
        return result if after else method(*args, **kwargs)

    return wrapper


def main() -> None:
    name, number, command, *arguments = sys.argv[1:]
    backend.choose()
    main = importlib.import_module(
        f"tachyon.cmd.{command.removeprefix('tachyon-')}").main
    arm(POINTS[name], int(number))
    sys.argv = [command, *arguments]
    sys.exit(main())


if __name__ == "__main__":
    main()
