"""Which CPUs of a cell a guest is pinned to."""

from collections.abc import Sequence
from typing import NamedTuple

from tachyon.scheduler.nova.numa import cpus
from tachyon.scheduler.nova.numa import guest
from tachyon.scheduler.nova.numa import topology


class Pins(NamedTuple):
    """Masks: the CPUs of the guest's own, and those its emulator gets."""

    guest: int
    emulator: int


def pack(cell: topology.HostCell, count: int, threads: guest.Threads,
         emulators: int) -> Pins | None:
    """Return CPUs for a guest and its emulator; None if there are none that
    its wishes for threads allow."""
    if not cell.cores:
        return None
    cores = [free for core in cell.cores if (free := core & cell.free)]
    if threads is guest.Threads.ISOLATE:
        return _isolate(cell, cores, count, emulators)
    return _fill(cell, cores, count, emulators,
                 threads is guest.Threads.REQUIRE)


def _isolate(cell: topology.HostCell, cores: Sequence[int], count: int,
             emulators: int) -> Pins | None:
    """Give a whole core to each CPU. Where cores have several threads, that
    is only done by hosts of the old kind, which don't tell CPUs for guests
    that are pinned from others."""
    per_core = _threads(cell)
    if per_core != 1 and cell.dedicated != cell.shared:
        return None
    whole = [core for core in cores if core.bit_count() >= per_core]
    pinned = _take(whole, 1, count)
    if not pinned:
        return None
    return _pins(pinned, [core for core in cores if not core & pinned],
                 emulators)


def _fill(cell: topology.HostCell, cores: Sequence[int], count: int,
          emulators: int, siblings: bool) -> Pins | None:
    """Give as many threads of each core as can be. If they need not be
    siblings, single ones will do at last."""
    if siblings and _threads(cell) <= 1:
        return None
    most = max((core.bit_count() for core in cores), default=0)
    pinned = None
    for per_core in range(most, 1 if siblings else 0, -1):
        pinned = _take([core for core in cores
                        if core.bit_count() >= per_core], per_core, count)
        if pinned is None:
            continue
        found = _pins(pinned, [core & ~pinned for core in cores], emulators)
        if found is not None:
            return found
    if siblings or pinned:
        return None
    singles = [thread for core in cores for thread in cpus.each(core)]
    pinned = _take(singles, 1, count)
    if pinned is None:
        return None
    return _pins(pinned, [one & ~pinned for one in singles], emulators)


def _threads(cell: topology.HostCell) -> int:
    return max(core.bit_count() for core in cell.cores) or 1


def _take(cores: Sequence[int], per_core: int, count: int) -> int | None:
    """Return so many CPUs, as many of each core; None if there are fewer."""
    if per_core * len(cores) < count:
        return None
    taken, left = 0, count
    for core in cores:
        taken |= cpus.first(core, min(per_core, left))
        left -= min(per_core, left)
    return taken


def _pins(pinned: int, spare: Sequence[int], emulators: int) -> Pins | None:
    """Return the pins, with CPUs for the emulator of what is to spare."""
    if not emulators:
        return Pins(pinned, 0)
    # A guest with no CPUs of its own in this cell has none for an emulator.
    kept = _take([core for core in spare if core], 1, 1) if pinned else None
    return None if kept is None else Pins(pinned, kept)
