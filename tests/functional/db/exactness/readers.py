"""A process with a view, which it holds against what it knows was written."""

import contextlib
import random
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from tachyon import exception
from tachyon.db import base as db
from tachyon.db import models
from tachyon.placement import snapshot as snapshot_module
from tachyon.placement import view as view_module
from tests.functional.db.exactness import board as board_module
from tests.functional.db.exactness import registers

THREADS = 2                             # that share a view
POLL = 0.005
LAZY_SECONDS = 0.15                     # at most, between two questions


class Difference(Exception):
    """A view shows what it must not show."""


def main(opener: Callable[[], db.DataDriverBase], board: board_module.Board,
         seed: int, reader: int, lazy: bool, failures: Any) -> None:
    """Read until the board says stop. A lazy reader asks seldom, so that much
    happens in between."""
    try:
        with contextlib.closing(opener()) as driver:
            made = _Reader(driver, board, seed, reader, lazy, failures)
            threads = [threading.Thread(target=made.run, args=(index,))
                       for index in range(1 if lazy else THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    except BaseException:
        failures.put(f"reader {reader}:\n{traceback.format_exc()}")


class _Watched:
    """A driver that counts how its view gets on."""

    def __init__(self, driver: db.DataDriverBase, board: board_module.Board,
                 reader: int):
        self._driver = driver
        self._board = board
        self._reader = reader

    def snapshot(self) -> tuple[str, Iterator[Sequence[models.Provider]]]:
        self._board.loads[self._reader] += 1
        return self._driver.snapshot()

    def changes(self, cursor: str) -> models.Changes:
        try:
            return self._driver.changes(cursor)
        except exception.CursorExpired:
            self._board.expired[self._reader] += 1
            raise


class _Reader:

    def __init__(self, driver: db.DataDriverBase, board: board_module.Board,
                 seed: int, reader: int, lazy: bool, failures: Any):
        self._driver = driver
        self._board = board
        self._seed = seed
        self._reader = reader
        self._lazy = lazy
        self._failures = failures
        self._registers = registers.make(seed)
        self._view = view_module.View(
            _Watched(driver, board, reader))    # type: ignore[arg-type]
        self._comparing = threading.Lock()

    def run(self, index: int) -> None:
        dice = random.Random(f"{self._seed} reader {self._reader} {index}")
        try:
            while not self._board.stop:
                if self._lazy and self._board.away:
                    time.sleep(POLL)
                    continue
                self._compare_if_quiet()
                self._read_unless_away()
                if self._lazy:
                    time.sleep(dice.random() * LAZY_SECONDS)
        except Difference as exc:
            self._failures.put(f"reader {self._reader}: {exc}")
        except BaseException:
            self._failures.put(
                f"reader {self._reader}:\n{traceback.format_exc()}")

    # ------------------------------------------------------ while all writes
    def _read_unless_away(self) -> None:
        """In the middle of a restore, a store may refuse to be read."""
        era = self._board.era
        try:
            self._read(era)
        except exception.DriverUnavailable:
            if self._is_settled(era):
                raise
            time.sleep(POLL)

    def _is_settled(self, era: int) -> bool:
        """Was there no restore since ``era`` was looked at?"""
        return era % 2 == 0 and era == self._board.era

    def _read(self, era: int) -> None:
        acked = self._board.acks.tolist()
        with self._view.read() as snapshot:
            seen = [each.observe(snapshot) for each in self._registers]
            _check_forest(snapshot)
            _check_transfers(snapshot)
        begun = self._board.intents.tolist()
        # In the middle of a restore nobody can say which turn is due.
        if self._is_settled(era):
            for register, shown, first, last in zip(
                    self._registers, seen, acked, begun, strict=True):
                _check_turn(register, shown, first, last)
        self._board.reads[self._reader] += 1

    # ------------------------------------------------------ while all is quiet
    def _compare_if_quiet(self) -> None:
        with self._comparing:
            wanted = self._board.round
            if self._board.compared[self._reader] == wanted:
                return
            with self._view.read() as snapshot:
                mine = {uuid: snapshot.provider(row) for row, uuid
                        in enumerate(snapshot.uuids) if snapshot.live[row]}
                names = (tuple(snapshot.catalogue.traits.values()),
                         tuple(snapshot.catalogue.resource_classes.values()),
                         snapshot.catalogue.consumer_types)
            cursor, pages = self._driver.snapshot()
            stored = {one.uuid: one for page in pages for one in page}
            _compare(mine, stored)
            changes = self._driver.changes(cursor)
            if names != (changes.traits, changes.resource_classes,
                         changes.consumer_types):
                raise Difference("when all is quiet, the view's catalogue is "
                                 "not the store's")
            self._board.compared[self._reader] = wanted


def _check_turn(register: registers.Register, shown: Any, first: int,
                last: int) -> None:
    """See that a view shows a turn from the last one acknowledged before the
    question up to the last one begun before the answer."""
    for turn in range(first, last + 1):
        if register.expect(turn) == shown:
            return
    for turn in range(first - 1, -1, -1):
        if register.expect(turn) == shown:
            raise Difference(
                f"{register.name}: turn {first} was acknowledged before the "
                f"question, but the view shows turn {turn}")
    raise Difference(
        f"{register.name}: half a transaction, or none that was ever made, "
        f"instead of turns {first} to {last}:\n shown    "
        f"{_brief(shown)}\n expected {_brief(register.expect(last))}")


def _check_forest(snapshot: snapshot_module.Snapshot) -> None:
    """See that every provider is in the tree of its parent."""
    live = np.flatnonzero(snapshot.live)
    parents = snapshot.parents[live]
    above = np.where(parents < 0, live, snapshot.roots[parents])
    wrong = live[snapshot.roots[live] != above]
    if len(wrong):
        raise Difference(
            "half a move: "
            f"{snapshot.names[wrong[0]]} is not in its parent's tree")


def _check_transfers(snapshot: snapshot_module.Snapshot) -> None:
    """See that what moves between the hot hosts is neither lost nor there
    twice, and within what they have."""
    used = snapshot.used("VCPU")
    wanted = registers.WRITERS * registers.CONSUMERS * registers.UNITS
    if used.sum() != wanted:
        raise Difference(f"half a transfer: {used.sum()} of VCPU are used "
                         f"in all instead of {wanted}")
    if used.max() > registers.HOT_UNITS:
        raise Difference(f"a host is overcommitted: {used.max()} of "
                         f"{registers.HOT_UNITS} VCPU are used")


def _compare(mine: dict[str, models.Provider],
             stored: dict[str, models.Provider]) -> None:
    for uuid in sorted(mine.keys() | stored.keys()):
        if mine.get(uuid) != stored.get(uuid):
            raise Difference(
                f"when all is quiet, the view is not the store:\n"
                f" view  {mine.get(uuid)}\n store {stored.get(uuid)}")


def _brief(value: Any) -> str:
    text = str(sorted(value) if isinstance(value, frozenset) else value)
    return text if len(text) < 600 else f"{text[:600]} ..."
