"""JsonFilter: hint ``query``, an expression about what a node reports.

``["and", [">=", "$free_ram_mb", 1024], ["=", "$hypervisor_type", "QEMU"]]``.
It is for administrators who look at one host in Python; requests that have
no such hint do not.
"""

import operator
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson

from tachyon import exception
from tachyon.placement import reasons
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters import base

# A query of more brackets in brackets is refused.
DEPTH_MAX = 20


def _compare(holds: Callable[[Any, Any], bool]
             ) -> Callable[[Sequence[Any]], bool]:
    """Return a command: the first argument holds to all others."""
    def command(args: Sequence[Any]) -> bool:
        try:
            return len(args) > 1 and all(holds(args[0], other)
                                         for other in args[1:])
        except TypeError:
            # Words and numbers have no order.
            return False
    return command


_COMMANDS: dict[str, Callable[[Sequence[Any]], Any]] = {
    "=": _compare(operator.eq), "<": _compare(operator.lt),
    ">": _compare(operator.gt), "<=": _compare(operator.le),
    ">=": _compare(operator.ge),
    "in": lambda args: len(args) > 1 and args[0] in args[1:],
    "not": lambda args: [not each for each in args],
    "or": any, "and": all,
}


class JsonFilter(base.HostFilter):
    """Asks the query of hint ``query`` of each host."""

    def mask(self, hosts: scheduler_data.HostSet,
             data: scheduler_data.SchedulingData) -> npt.NDArray[np.bool_]:
        if not data.nova.hint("query"):
            return np.ones(len(hosts), np.bool_)
        return super().mask(hosts, data)

    def why(self, host: scheduler_data.Host,
            data: scheduler_data.SchedulingData) -> reasons.Reason | None:
        text = data.nova.hint("query")
        if not text:
            return None
        try:
            query = orjson.loads(text)
        except orjson.JSONDecodeError as e:
            raise self._invalid(f"it is no JSON: {e}") from e
        answer = self._ask(query, host)
        if any(answer) if isinstance(answer, list) else answer:
            return None
        return self.reason("hint query")

    def _ask(self, query: Any, host: scheduler_data.Host,
             depth: int = 1) -> Any:
        if not query:
            return True
        if depth > DEPTH_MAX:
            raise self._invalid("it has too many brackets.")
        if not (isinstance(query, list) and isinstance(query[0], str)
                and query[0] in _COMMANDS):
            raise self._invalid(f"{str(query)[:80]} starts with no command.")
        args = []
        for arg in query[1:]:
            if isinstance(arg, list):
                arg = self._ask(arg, host, depth + 1)
            elif isinstance(arg, str):
                arg = _look_up(arg, host)
            if arg is not None:
                args.append(arg)
        return _COMMANDS[query[0]](args)

    def _invalid(self, reason: str) -> exception.SchedulingDataInvalid:
        return exception.SchedulingDataInvalid(
            action=f"hint query of filter {self.name}", reason=reason)


def _look_up(word: str, host: scheduler_data.Host) -> Any:
    """Return a word itself, or what ``$name.key`` finds; None for nothing."""
    if not word.startswith("$"):
        return word or None
    name, *keys = word[1:].split(".")
    value: Any = None
    if name == "service":
        service = host.service
        value = service and {
            "host": service.host, "binary": service.binary,
            "disabled": not service.enabled,
            "disabled_reason": service.disabled_reason}
    elif host.node is not None:
        value = host.node.attribute(name)
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value
