"""Which of nova's options Tachyon's scheduler has too, and under which names.

Both sides of the pipe use this, so it knows neither nova nor Tachyon.
"""

from collections.abc import Iterator, Mapping
from typing import Any

# Group of nova's: the groups of Tachyon's where such names may be.
GROUPS = {
    "filter_scheduler": ("filter_scheduler",),
    "metrics": ("metrics",),
    "scheduler": ("scheduler", "nova"),
}
# Of other groups, those that are named: nova's group and Tachyon's.
SINGLE = {
    "service_down_time": ("DEFAULT", "nova_hosts"),
    "default_availability_zone": ("DEFAULT", "nova_hosts"),
    "disable_fallback_pcpu_query": ("workarounds", "nova"),
}
# What has the same name, and is another thing.
OTHERS = {("scheduler", "max_attempts"), ("scheduler", "workers")}


def gather(conf: Any) -> dict[str, dict[str, Any]]:
    """Return the values of nova's options."""
    found = {group: dict(conf[group]) for group in GROUPS}
    for name, (group, _) in SINGLE.items():
        there = conf if group == "DEFAULT" else conf[group]
        found.setdefault(group, {})[name] = there[name]
    return found


def places(given: Mapping[str, Mapping[str, Any]], conf: Any
           ) -> Iterator[tuple[str, str, Any]]:
    """Yield group, name and value of Tachyon's options."""
    for name, (group, mine) in SINGLE.items():
        yield mine, name, given[group][name]
    for group, mine_all in GROUPS.items():
        for name, value in given[group].items():
            for mine in mine_all:
                if name in conf[mine] and (mine, name) not in OTHERS:
                    yield mine, name, value
