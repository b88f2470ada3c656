"""Starts writers and readers over one store, and judges them."""

import contextlib
import queue
import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self

from tests.functional.db import base
from tests.functional.db.exactness import board as board_module
from tests.functional.db.exactness import readers
from tests.functional.db.exactness import registers
from tests.functional.db.exactness import writers

EAGER = 2                               # readers that never rest
READERS = EAGER + 1                     # and a lazy one
PATIENCE = 300.0                        # seconds; only what is broken waits
POLL = 0.005
LEAST_TURNS = 1                         # of each register, in a run
LEAST_READS = 3                         # of each reader

# Name, target and arguments of a process.
Task = tuple[str, Callable[..., None], tuple[Any, ...]]


class Trial:
    """Writers and readers, in processes of their own, within a ``with``.

    Every method raises AssertionError with the seed, and the first thing that
    was wrong, as soon as one of them has found something.
    """

    def __init__(self, opener: base.Opener, seed: int,
                 holder: writers.Holder | None = None):
        self._seed = seed
        self.driver = opener()
        self._failures: Any = base.PROCESSES.Queue()
        self.board = self._make_board()
        self._processes = [
            base.PROCESSES.Process(target=target, daemon=True, name=name,
                                   args=(opener, *args, self._failures))
            for name, target, args in self._tasks(holder)]

    def _make_board(self) -> board_module.Board:
        return board_module.Board(
            base.PROCESSES, registers.WRITERS * len(registers.KINDS),
            registers.WRITERS, READERS)

    def _tasks(self, holder: writers.Holder | None) -> Iterator[Task]:
        """Yield what each process does. It is called with what opens the
        store, these arguments, and the queue for what goes wrong."""
        for writer in range(registers.WRITERS):
            yield f"writer {writer}", writers.main, (
                holder, self.board, self._seed, writer)
        for reader in range(READERS):
            yield f"reader {reader}", readers.main, (
                self.board, self._seed, reader, reader >= EAGER)

    def _prepare(self) -> None:
        registers.prepare(self.driver)

    def __enter__(self) -> Self:
        self._prepare()
        for process in self._processes:
            process.start()
        return self

    def __exit__(self, kind: type[BaseException] | None,
                 value: BaseException | None,
                 traceback: TracebackType | None) -> None:
        self.board.set("stop", 1)
        with contextlib.closing(self.driver):
            for process in self._processes:
                process.join(PATIENCE if kind is None else 5.0)
                if process.is_alive():
                    process.kill()
                    process.join()
        if kind is None:
            self._judge(0.0, ended=True)

    # ----------------------------------------------------------------- phases
    def run(self, seconds: float, every: float = 0.1,
            action: Callable[[], Any] = lambda: None,
            in_all: int = 0) -> None:
        """Let all write and read for a while, at least until each of them has
        done something, and the turns add up to ``in_all``. Meanwhile call
        ``action`` now and then."""
        end = time.monotonic() + seconds
        reads = self.board.reads + LEAST_READS
        if self.board.away:
            reads[EAGER:] = 0
        turns = self.board.acks + LEAST_TURNS
        self._wait(lambda: not self.board.paused.any())
        while (time.monotonic() < end or (self.board.reads < reads).any()
               or (self.board.acks < turns).any()
               or self.board.acks.sum() < in_all):
            if time.monotonic() > end + PATIENCE:
                self._fail("too little happened")
            self._judge(min(every, seconds))
            action()

    @contextlib.contextmanager
    def quiet(self) -> Any:
        """Nobody writes meanwhile; readers go on."""
        self.board.set("pause", 1)
        self._wait(lambda: self.board.paused.all())
        yield
        self.board.set("pause", 0)
        self._wait(lambda: not self.board.paused.any())

    def compare(self) -> None:
        """Let every reader compare its view to the store, while all is
        quiet."""
        with self.quiet():
            self.board.set("round", self.board.round + 1)
            self._wait(lambda: (self.board.compared
                                == self.board.round).all())

    def go_back(self, restore: Callable[[], Any], turns: Any) -> None:
        """Make the store what it was, and what the board says of it too."""
        with self.quiet():
            self.board.set("era", self.board.era + 1)
            restore()
            self.board.acks[:] = turns
            self.board.intents[:] = turns
            self.board.set("era", self.board.era + 1)

    @contextlib.contextmanager
    def away(self) -> Any:
        """The lazy reader does not ask meanwhile."""
        self.board.set("away", 1)
        yield
        self.board.set("away", 0)

    def check_ledger(self) -> None:
        """See that ``used`` is the sum of what consumers have."""
        with self.quiet():
            _cursor, pages = self.driver.snapshot()
            for provider in (one for page in pages for one in page):
                self._check_provider(provider.uuid)

    def counts(self) -> dict[str, Any]:
        """Return what was done so far, for the log."""
        return {"turns": int(self.board.acks.sum()),
                "transfers": int(self.board.transfers.sum()),
                "reads": self.board.reads.tolist(),
                "loads": self.board.loads.tolist(),
                "expired": self.board.expired.tolist(),
                "rounds": self.board.round}

    # -------------------------------------------------------------- internals
    def _check_provider(self, uuid: str) -> None:
        provider, consumers = self.driver.allocations.list_by_provider(uuid)
        for name, inventory in provider.inventories.items():
            taken = sum(one.allocations[uuid].resources.get(name, 0)
                        for one in consumers)
            if taken != inventory.used:
                self._fail(f"{provider.name}: {inventory.used} of {name} are "
                           f"used, but consumers have {taken}")

    def _wait(self, reached: Callable[[], bool]) -> None:
        end = time.monotonic() + PATIENCE
        while not reached():
            if time.monotonic() > end:
                self._fail("somebody does not come to an end")
            self._judge(POLL)

    def _judge(self, seconds: float, ended: bool = False) -> None:
        """Wait, and raise what anybody found meanwhile."""
        try:
            found = self._failures.get(timeout=max(seconds, POLL))
        except queue.Empty:
            for process in self._processes:
                if process.exitcode or (process.exitcode == 0 and not ended):
                    self._fail(f"{process.name} ended with "
                               f"{process.exitcode}")
            return
        self._fail(found)

    def _fail(self, what: str) -> None:
        raise AssertionError(f"seed {self._seed}: {what}\n{self.counts()}")
