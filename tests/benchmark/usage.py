"""What processes, and all that they started, have used of a machine."""

import os
import pathlib
from collections.abc import Iterable

_TICKS = os.sysconf("SC_CLK_TCK")


def cpu(pids: Iterable[int]) -> float:
    """Return the seconds of CPU, of users and of the kernel."""
    total = 0
    for pid in _trees(pids):
        fields = _stat(pid)
        if fields:
            # Its own time, and that of those it has reaped.
            total += sum(int(value) for value in fields[11:15])
    return total / _TICKS


def memory(pids: Iterable[int]) -> dict[int, float]:
    """Return the megabytes that each holds; what is shared, in part (PSS)."""
    found = {}
    for pid in _trees(pids):
        try:
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found[pid] = sum(int(line.split()[1]) for line in text.splitlines()
                         if line.startswith("Pss:")) / 1024
    return found


def _trees(pids: Iterable[int]) -> list[int]:
    children: dict[int, list[int]] = {}
    for path in pathlib.Path("/proc").glob("[0-9]*"):
        fields = _stat(int(path.name))
        if fields:
            children.setdefault(int(fields[1]), []).append(int(path.name))
    found = list(pids)
    for pid in found:                   # grows meanwhile
        found.extend(children.get(pid, ()))
    return found


def _stat(pid: int) -> list[str]:
    """Return what follows the name in ``/proc/PID/stat``; nothing if it has
    gone."""
    try:
        text = pathlib.Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.rpartition(")")[2].split()
