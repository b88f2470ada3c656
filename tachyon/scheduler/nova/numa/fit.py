"""Which cells of a host the cells of a guest get, and what it takes there.

nova tries all ways in an order, and takes the first. It keeps what it found
out about a pair of cells, by the numbers they have at that moment, and a size
of pages that was once found in place of the wish for one. Both show where
cells differ; it is so here, too, since nova-compute has the last word.

Numbers change while ways are tried, so that a pair may be taken for another
one. A way that was taken only for that is no way: each cell is looked at once
more.
"""

import dataclasses
import itertools
from collections.abc import Callable, Mapping, Sequence

from tachyon.scheduler.nova.numa import cpus
from tachyon.scheduler.nova.numa import guest as guest_module
from tachyon.scheduler.nova.numa import networks as networks_module
from tachyon.scheduler.nova.numa import pagesizes
from tachyon.scheduler.nova.numa import pins
from tachyon.scheduler.nova.numa import topology

# Eight cells can be given to eight in so many ways; where there are more,
# those that come first must do.
WAYS_MAX = 40_320


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """By how much a host overcommits, and the networks of the guest."""

    cpu_ratio: float
    ram_ratio: float
    networks: networks_module.Networks | None = None


@dataclasses.dataclass(frozen=True, slots=True)
class Devices:
    """What PCI devices have to say: how many are near to each cell, whether
    any are wanted, and whether those can be had with some cells."""

    near: Mapping[int | None, int] = dataclasses.field(default_factory=dict)
    wanted: bool = False
    can_be_had: Callable[[Sequence[int]], bool] = lambda cells: True


NO_DEVICES = Devices()


@dataclasses.dataclass(frozen=True, slots=True)
class Share:
    """What a guest's cell takes of a host's, which is known by its id."""

    cell: int
    guest: guest_module.GuestCell
    pagesize: int | None
    pinned: int


class _Trial:
    """A cell of the guest while ways are tried."""

    def __init__(self, cell: guest_module.GuestCell,
                 pagesize: int | None) -> None:
        self.cell = cell
        self.id = cell.id
        self.pagesize = pagesize
        self.pins = pins.Pins(0, 0)

    def fit(self, host: topology.HostCell, limits: Limits | None,
            emulators: int) -> bool:
        """Return whether it fits on a cell of the host; then it is there."""
        cell = self.cell
        if not self._has_memory(host):
            return False
        if cell.is_shared and cell.shared > host.shared.bit_count():
            return False
        if cell.is_pinned:
            if cell.pinned + emulators > host.free.bit_count():
                return False
            found = pins.pack(host, cell.pinned, cell.threads, emulators)
            if found is None:
                return False
            self.pins, self.id = found, host.id
        if cell.is_shared and limits is not None and (
                host.shared_used + cell.shared
                > host.shared.bit_count() * limits.cpu_ratio
                or host.memory_used + cell.memory
                > host.memory * limits.ram_ratio):
            return False
        self.id = host.id
        return True

    def _has_memory(self, host: topology.HostCell) -> bool:
        """Nobody overcommits against itself; who has CPUs of its own, or
        asks for a size of pages, not at all."""
        cell, pages = self.cell, host.pages
        memory_kb = cell.memory * topology.KIB_IN_MIB
        if self.pagesize is not None:
            size = pagesizes.choose(pages, self.pagesize, memory_kb)
            if size is None:
                return False
            self.pagesize = size
            return True
        if pages:
            return pagesizes.fits(pages, pagesizes.smallest(pages), memory_kb,
                                  overcommitted=not cell.is_pinned)
        return cell.memory <= (host.free_memory if cell.is_pinned
                               else host.memory)

    def share(self) -> Share:
        return Share(self.id, self.cell, self.pagesize,
                     self.pins.guest | self.pins.emulator)


def fit(cells: Sequence[topology.HostCell],
        guest: guest_module.GuestTopology, limits: Limits | None = None,
        devices: Devices = NO_DEVICES, pack: bool = False
        ) -> tuple[Share, ...] | None:
    """Return what the guest takes of which cells, None if it does not fit.

    Without limits, any overcommitment will do. ``pack`` takes the fullest
    cells first, not the emptiest.
    """
    wanted = guest.cells
    if not wanted or len(wanted) > len(cells):
        return None
    ordered = (_in_order(cells, wanted[0], devices, pack)
               if len(wanted) < len(cells) else cells)
    trials = [_Trial(cell, cell.pagesize) for cell in wanted]
    known: dict[tuple[int, int], bool] = {}
    for chosen in itertools.islice(
            itertools.permutations(ordered, len(wanted)), WAYS_MAX):
        if (_all_fit(trials, chosen, known, limits, guest.isolates_emulator)
                and devices.can_be_had([cell.id for cell in chosen])
                and _is_near(limits, chosen, cells)):
            return _shares(trials, chosen, limits, guest.isolates_emulator)
    return None


def _in_order(cells: Sequence[topology.HostCell],
              first: guest_module.GuestCell, devices: Devices,
              pack: bool) -> list[topology.HostCell]:
    """Return the cells, those to be tried first first: by devices, then by
    CPUs, then by memory."""
    ordered = sorted(cells, key=lambda cell: cell.free_memory,
                     reverse=not pack)
    if first.is_pinned:
        ordered.sort(key=lambda cell: cell.free.bit_count(),
                     reverse=not pack)
    else:
        ordered.sort(key=lambda cell: cell.shared_used, reverse=pack)
    ordered.sort(key=lambda cell: devices.near.get(cell.id, 0),
                 reverse=devices.wanted)
    return ordered


def _all_fit(trials: Sequence[_Trial], chosen: Sequence[topology.HostCell],
             known: dict[tuple[int, int], bool], limits: Limits | None,
             isolates_emulator: bool) -> bool:
    for place, (trial, cell) in enumerate(zip(trials, chosen, strict=True)):
        pair = cell.id, trial.id
        if pair not in known:
            known[pair] = trial.fit(
                cell, limits, int(isolates_emulator and not place))
        elif known[pair]:
            trial.id = cell.id
        if not known[pair]:
            return False
    return True


def _shares(trials: Sequence[_Trial], chosen: Sequence[topology.HostCell],
            limits: Limits | None, isolates_emulator: bool
            ) -> tuple[Share, ...] | None:
    """Return what the guest takes of the chosen cells, None if one that was
    not looked at does not fit."""
    looked = [_Trial(trial.cell, trial.pagesize) for trial in trials]
    return (tuple(trial.share() for trial in looked)
            if _all_fit(looked, chosen, {}, limits, isolates_emulator)
            else None)


def _is_near(limits: Limits | None, chosen: Sequence[topology.HostCell],
             cells: Sequence[topology.HostCell]) -> bool:
    if limits is None or limits.networks is None:
        return True
    return networks_module.are_near(
        limits.networks, [cell.networks for cell in chosen],
        [cell.networks for cell in cells])


def take(cells: Sequence[topology.HostCell],
         shares: Sequence[Share]) -> tuple[topology.HostCell, ...]:
    """Return what is left of a host's cells."""
    left = []
    for cell in cells:
        for share in shares:
            if share.cell == cell.id:
                cell = _take(cell, share)
        left.append(cell)
    return tuple(left)


def _take(cell: topology.HostCell, share: Share) -> topology.HostCell:
    wanted, pinned = share.guest, share.pinned
    if wanted.threads is guest_module.Threads.ISOLATE:
        # Nobody else may have the other threads of its cores.
        pinned = cpus.union(core for core in cell.cores if core & pinned)
    size = share.pagesize or (pagesizes.smallest(cell.pages)
                              if cell.pages else None)
    taken_kb = wanted.memory * topology.KIB_IN_MIB
    return dataclasses.replace(
        cell, pinned=cell.pinned | pinned & cell.dedicated,
        shared_used=cell.shared_used + wanted.shared,
        memory_used=cell.memory_used + wanted.memory,
        pages=tuple(
            dataclasses.replace(each, used=each.used + taken_kb / size)
            if each.size_kb == size else each for each in cell.pages))
