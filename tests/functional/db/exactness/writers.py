"""A process that writes as fast as it can, and says what was acknowledged."""

import contextlib
import random
import time
import traceback
from collections.abc import Callable
from typing import Any

from tachyon import exception
from tachyon.db import base as db
from tachyon.db import models
from tests.functional.db.exactness import board as board_module
from tests.functional.db.exactness import registers

# Makes a driver call its second argument with "before" ahead of each commit,
# and with "after" between the commit and the answer to the caller.
Holder = Callable[[db.DataDriverBase, Callable[[str], None]], None]

POLL = 0.002


def main(opener: Callable[[], db.DataDriverBase], holder: Holder | None,
         board: board_module.Board, seed: int, writer: int,
         failures: Any) -> None:
    """Write until the board says stop."""
    try:
        with contextlib.closing(opener()) as driver:
            _Writer(driver, holder, board, seed, writer).run()
    except BaseException:
        failures.put(f"writer {writer}:\n{traceback.format_exc()}")


def pauses(seed: int, writer: int) -> Callable[[str], None]:
    """Return what stays a while at the worst moment, one time in twenty."""
    dice = random.Random(f"{seed} pauses {writer}")

    def pause(where: str) -> None:
        if dice.random() < 0.05:
            time.sleep(dice.random() * 0.01)

    return pause


class _Writer:

    def __init__(self, driver: db.DataDriverBase, holder: Holder | None,
                 board: board_module.Board, seed: int, writer: int):
        self._driver = driver
        self._board = board
        self._writer = writer
        self._dice = random.Random(f"{seed} writer {writer}")
        self._registers = registers.make(seed)
        self._places: list[int] = []
        if holder is not None:
            holder(driver, pauses(seed, writer))

    def run(self) -> None:
        while not self._board.stop:
            if self._board.pause:
                self._board.paused[self._writer] = 1
                time.sleep(POLL)
                continue
            self._board.paused[self._writer] = 0
            if self._dice.random() < 0.3:
                self._transfer()
            else:
                self._write(self._next_place())

    def _next_place(self) -> int:
        """Take the next of a shuffled pack, in which each register is as
        often as it shall be written: none of them has to wait for luck."""
        if not self._places:
            self._places = self._dice.sample(
                registers.of_writer(self._writer), sum(registers.WEIGHTS),
                counts=registers.WEIGHTS)
        return self._places.pop()

    def _write(self, place: int) -> None:
        turn = self._board.acks.item(place) + 1
        self._board.intents[place] = turn
        while True:
            try:
                self._registers[place].write(self._driver, turn)
                break
            except exception.ConcurrentUpdate:
                continue                # a generation of a shared provider
        self._board.acks[place] = turn

    def _transfer(self) -> None:
        """Move one consumer to hot hosts, or let two change places: what is
        used of them together stays the same."""
        chosen = self._dice.sample(range(registers.CONSUMERS), 2)
        first, second = (
            self._driver.allocations.get(
                registers.hot_consumer(self._writer, index))
            for index in chosen)
        with contextlib.suppress(exception.CapacityExceeded):
            if self._dice.random() < 0.3:
                self._driver.allocations.replace([
                    self._claim(first, second.allocations),
                    self._claim(second, first.allocations)])
            else:
                hosts = [registers.hot_host(index) for index in
                         self._dice.sample(range(registers.HOT_HOSTS),
                                           self._dice.choice((1, 2)))]
                self._driver.allocations.replace([self._claim(first, hosts)])
        self._board.transfers[self._writer] += 1

    @staticmethod
    def _claim(consumer: models.Consumer, hosts: Any) -> models.Claim:
        share = registers.UNITS // len(hosts)
        return models.Claim(
            consumer.uuid, consumer.generation, consumer.project_id,
            consumer.user_id, {host: {"VCPU": share} for host in hosts},
            consumer_type=consumer.type)
