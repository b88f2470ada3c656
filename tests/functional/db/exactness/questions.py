"""A trial of answers: writers write, and others ask for candidates.

Each answer must be, to the last candidate and the last unit used, that of
brute force over the store as it was at one moment between the question and
the answer: see ``moments``. Brute force is the oracle that the search is held
to elsewhere.
"""

import contextlib
import itertools
import random
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from oslo_config import cfg

from tachyon import conf as tachyon_conf
from tachyon import context
from tachyon import exception
from tachyon.api import microversion
from tachyon.api.placement import candidates_body
from tachyon.db import base as db
from tachyon.placement import query as query_module
from tachyon.placement import view as view_module
from tachyon.placement.managers import candidates
from tests.functional.db import base
from tests.functional.db.exactness import board as board_module
from tests.functional.db.exactness import moments
from tests.functional.db.exactness import readers
from tests.functional.db.exactness import trial
from tests.functional.db.exactness import world as world_module
from tests.functional.db.exactness import writers
from tests.unit.placement import oracle

ASKERS = 2
THREADS = 2                             # that share a view
VERSION = microversion.MAX_VERSION


# ------------------------------------------------------------------- questions
def random_query(dice: random.Random) -> query_module.Query:
    """Return a question whose answer depends on what writers write."""
    return dice.choice((_everything, _everything, _instance, _granular,
                        _card))(dice)


def _everything(_dice: random.Random) -> query_module.Query:
    """What shows all hosts."""
    return query_module.Query((query_module.RequestGroup(
        "", {"MEMORY_MB": 1}),))


def _instance(dice: random.Random) -> query_module.Query:
    """Something of a host and of the storage that it shares."""
    return query_module.Query((query_module.RequestGroup(
        "", {"VCPU": dice.randint(8, 14), "MEMORY_MB": 1, world_module.DISK:
             dice.randint(25, 36)}, **_conditions(dice)),))


def _granular(dice: random.Random) -> query_module.Query:
    return query_module.Query(
        (query_module.RequestGroup("", {"MEMORY_MB": 1}, **_conditions(dice)),
         *(query_module.RequestGroup(suffix, {"VCPU": dice.randint(5, 11)})
           for suffix in ("_A", "_B"))),
        group_policy=dice.choice(("none", "isolate")))


def _card(dice: random.Random) -> query_module.Query:
    return query_module.Query(
        (query_module.RequestGroup("_A", {"VCPU": dice.randint(8, 14)}),
         query_module.RequestGroup("_P", {world_module.CARD:
                                          dice.randint(1, 2)})),
        group_policy="none", same_subtree=(frozenset(("_A", "_P")),)
        if dice.random() < 0.7 else ())


def _conditions(dice: random.Random) -> dict[str, Any]:
    bit, zone = dice.choice(world_module.BITS), dice.choice(
        world_module.ZONES)
    return dice.choice((
        {}, {}, {"required": frozenset((bit,))},
        {"forbidden": frozenset((bit,))},
        {"required_any": (frozenset(world_module.BITS),)},
        {"member_of": (frozenset((zone,)),)},
        {"forbidden_aggregates": frozenset((zone,))}))


# --------------------------------------------------------------------- answers
class Answer:
    """A body of ``GET /allocation_candidates``, to be held against states."""

    def __init__(self, body: bytes, query: query_module.Query,
                 world: world_module.World):
        found = orjson.loads(body)
        self._query = query
        self._world = world
        self._summaries = {uuid: _told(summary) for uuid, summary
                           in found["provider_summaries"].items()}
        requests = [(
            frozenset((uuid, name, amount) for uuid, each in
                      request["allocations"].items()
                      for name, amount in each["resources"].items()),
            frozenset((suffix, frozenset(uuids)) for suffix, uuids
                      in request["mappings"].items()))
            for request in found["allocation_requests"]]
        self._requests = frozenset(requests)
        self._twice = len(requests) - len(self._requests)

    def is_of(self, vector: moments.Vector) -> bool:
        """Is this, all of it and no more, what a vector's state gives?"""
        state = self._world.state(vector)
        known = {one.uuid: one for one in state.providers.values()}
        return not self._twice and all(
            uuid in known and summary == _expected(known[uuid])
            for uuid, summary in self._summaries.items()
        ) and self._requests == self._brute_force(state) and (
            self._summaries.keys() == self._of_interest(known))

    def _brute_force(self, state: world_module.State) -> frozenset[Any]:
        uuid = world_module.uuid_of
        return frozenset((
            frozenset((uuid(name), resource_class, amount)
                      for name, resource_class, amount in allocations),
            frozenset((suffix, frozenset(map(uuid, names)))
                      for suffix, names in mappings))
            for _root, allocations, mappings
            in oracle.answers(state, self._query))

    def _of_interest(self, known: Mapping[str, Any]) -> set[str]:
        """Return who is in the trees that candidates take from."""
        roots = {known[uuid].root_uuid for allocations, _ in self._requests
                 for uuid, _name, _amount in allocations}
        return {uuid for uuid, one in known.items() if one.root_uuid in roots}


def _told(summary: Mapping[str, Any]) -> Any:
    return (summary["parent_provider_uuid"], summary["root_provider_uuid"],
            frozenset(summary["traits"]),
            {name: (each["capacity"], each["used"])
             for name, each in summary["resources"].items()})


def _expected(provider: Any) -> Any:
    return (provider.parent_uuid, provider.root_uuid, provider.traits,
            {name: (each.capacity, each.used)
             for name, each in provider.inventories.items()})


# ------------------------------------------------------------------- processes
def write(opener: base.Opener, holder: writers.Holder | None,
          board: board_module.Board, times: moments.Times, seed: int,
          writer: int, failures: Any) -> None:
    """Write until the board says stop."""
    try:
        with contextlib.closing(opener()) as driver:
            if holder is not None:
                holder(driver, writers.pauses(seed, writer))
            story = world_module.Story(seed, writer)
            board.paused[writer] = 0
            for turn in itertools.count(1):
                if board.stop:
                    return
                _write_turn(driver, board, times, writer, turn, story)
    except BaseException:
        failures.put(f"writer {writer}:\n{traceback.format_exc()}")


def _write_turn(driver: db.DataDriverBase, board: board_module.Board,
                times: moments.Times, writer: int, turn: int,
                story: world_module.Story) -> None:
    times.begin(writer, turn, time.monotonic())
    board.intents[writer] = turn
    while True:
        with contextlib.suppress(exception.ConcurrentUpdate):
            world_module.write(driver, writer, story.after(turn - 1),
                               story.after(turn))
            break                       # else a generation that others raise
    times.acknowledge(writer, turn, time.monotonic())
    board.acks[writer] = turn


def ask(opener: base.Opener, board: board_module.Board,
        times: moments.Times, seed: int, asker: int, answers: Any,
        failures: Any) -> None:
    """Ask until the board says stop."""
    try:
        with contextlib.closing(opener()) as driver:
            made = _Asker(driver, board, times, seed, asker, failures)
            threads = [threading.Thread(target=made.run, args=(number,))
                       for number in range(THREADS)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            answers.put(made.certain)
    except BaseException:
        failures.put(f"asker {asker}:\n{traceback.format_exc()}")


class _Asker:
    """``certain`` are the answers that can be of one moment only."""

    def __init__(self, driver: db.DataDriverBase, board: board_module.Board,
                 times: moments.Times, seed: int, asker: int, failures: Any):
        self._board = board
        self._times = times
        self._seed = seed
        self._asker = asker
        self._failures = failures
        conf = cfg.ConfigOpts()
        tachyon_conf.placement.register_opts(conf)
        self._manager = candidates.CandidatesManager(
            conf, driver, view_module.View(driver))
        self.certain: list[moments.Vector] = []

    def run(self, number: int) -> None:
        try:
            dice = random.Random(f"{self._seed} asker {self._asker} {number}")
            world = world_module.World(self._seed)
            while not self._board.stop:
                self._ask(random_query(dice), world)
        except readers.Difference as exc:
            self._failures.put(f"asker {self._asker}: {exc}")
        except BaseException:
            self._failures.put(
                f"asker {self._asker}:\n{traceback.format_exc()}")

    def _ask(self, query: query_module.Query,
             world: world_module.World) -> None:
        first = self._board.acks.tolist()
        asked = time.monotonic()
        body = self._body(query)
        answered = time.monotonic()
        question = moments.Question(self._times, asked, answered, first,
                                    self._board.intents.tolist())
        answer = Answer(body, query, world)
        found = question.matches(answer.is_of)
        if not found:
            raise readers.Difference(
                f"{query}: {question.explain(answer.is_of)}")
        if len(found) == 1:
            self.certain += found
        self._board.reads[self._asker] += 1

    def _body(self, query: query_module.Query) -> bytes:
        asked = frozenset(name for group in query.groups
                          for name in group.resources)
        return self._manager.list(
            context.get_admin_context(), query,
            lambda found: candidates_body.make(found, VERSION, asked))


# ----------------------------------------------------------------------- trial
class Trial(trial.Trial):
    """As its base, but writers of a small world, and askers."""

    def _make_board(self) -> board_module.Board:
        self._times = moments.Times(base.PROCESSES, world_module.WRITERS)
        self._answers: Any = base.PROCESSES.Queue()
        return board_module.Board(base.PROCESSES, world_module.WRITERS,
                                  world_module.WRITERS, ASKERS)

    def _tasks(self, holder: writers.Holder | None) -> Iterator[trial.Task]:
        for writer in range(world_module.WRITERS):
            yield f"writer {writer}", write, (
                holder, self.board, self._times, self._seed, writer)
        for asker in range(ASKERS):
            yield f"asker {asker}", ask, (
                self.board, self._times, self._seed, asker, self._answers)

    def _prepare(self) -> None:
        world_module.prepare(self.driver)

    def check_order(self) -> int:
        """Stop, and see that all answers together are moments of one store.
        Return how many of them can be of one moment only."""
        self.board.set("stop", 1)
        certain = [vector for _asker in range(ASKERS)
                   for vector in self._answers.get(timeout=trial.PATIENCE)]
        found = moments.contradiction(certain)
        if found:
            self._fail(f"no order of turns gives both {found[0]} and "
                       f"{found[1]}")
        return len(certain)
