"""The NUMA cells that a guest asks for."""

import dataclasses
import enum

from tachyon.scheduler.nova import wire


class Cpus(enum.StrEnum):
    """``hw:cpu_policy``: what its CPUs are, of their own or not."""

    SHARED = "shared"
    DEDICATED = "dedicated"
    MIXED = "mixed"


class Threads(enum.StrEnum):
    """``hw:cpu_thread_policy``: what it wants of the threads of a core."""

    PREFER = "prefer"
    ISOLATE = "isolate"
    REQUIRE = "require"


class Emulator(enum.StrEnum):
    """``hw:emulator_threads_policy``: isolated, they get one CPU more."""

    SHARE = "share"
    ISOLATE = "isolate"


@dataclasses.dataclass(frozen=True, slots=True)
class GuestCell:
    """One cell. ``shared`` and ``pinned`` are numbers of CPUs, ``memory`` is
    in MiB; ``pagesize`` in KiB, or one of the wishes of
    ``tachyon.scheduler.nova.numa.pagesizes``."""

    id: int
    memory: int
    shared: int = 0
    pinned: int = 0
    pagesize: int | None = None
    policy: Cpus = Cpus.SHARED
    threads: Threads = Threads.PREFER

    @property
    def is_pinned(self) -> bool:
        """Return whether any of its CPUs are its own."""
        return self.policy is not Cpus.SHARED

    @property
    def is_shared(self) -> bool:
        """Return whether any of its CPUs are not."""
        return self.policy is not Cpus.DEDICATED

    @classmethod
    def read(cls, fields: wire.Fields) -> "GuestCell":
        """:raises MalformedMessage:"""
        policy = fields.one_of("cpu_policy", Cpus, Cpus.SHARED)
        shared = len(set(fields.wholes("cpuset")))
        pinned = len(set(fields.wholes("pcpuset")))
        if policy is Cpus.DEDICATED and not pinned:
            # Before version 1.5 there was one set for both.
            shared, pinned = 0, shared
        return cls(
            id=fields.integer("id") or 0, memory=fields.whole("memory"),
            shared=shared, pinned=pinned,
            pagesize=fields.integer("pagesize") or None, policy=policy,
            threads=fields.one_of("cpu_thread_policy", Threads,
                                  Threads.PREFER))


@dataclasses.dataclass(frozen=True, slots=True)
class GuestTopology:
    """All cells. With an isolated emulator, the first needs a CPU more."""

    cells: tuple[GuestCell, ...]
    isolates_emulator: bool = False

    @classmethod
    def read(cls, fields: wire.Fields) -> "GuestTopology":
        """:raises MalformedMessage:"""
        emulator = fields.one_of("emulator_threads_policy", Emulator,
                                 Emulator.SHARE)
        return cls(
            tuple(GuestCell.read(each) for each
                  in fields.objects("cells", "InstanceNUMACell")),
            emulator is Emulator.ISOLATE)
