"""Sequences of requests, made up by seeds.

The first requests of each make a small cloud. Of the others one in five is at
a version where the answer of its kind changed, or just before: of these each
has its turn, from seed to seed. The rest is at the latest or any version, and
a quarter of it wrong in some way.
"""

import itertools
import random
from collections.abc import Iterator

from tests.functional.differential import candidates
from tests.functional.differential import claims
from tests.functional.differential import resources
from tests.functional.differential import spoil
from tests.functional.differential import world

KINDS = (*resources.KINDS, *claims.KINDS, *candidates.KINDS)
SPOILT = 0.25                           # of those at any version
REQUESTS = 50                           # of a sequence, after the first

_CATALOGUE = ("/resource_classes/CUSTOM_A", "/resource_classes/CUSTOM_B",
              "/resource_classes/CUSTOM_C", "/traits/CUSTOM_T0",
              "/traits/CUSTOM_T1", "/traits/CUSTOM_T2")
_PROVIDERS = 6
_TURNS = tuple((kind, minor, change) for kind in KINDS
               for minor, change in kind.turning_points)
LENGTH = len(_CATALOGUE) + 4 * _PROVIDERS + REQUESTS


class Sequence:
    """Makes the requests of a seed. ``look`` finds out what they rest on,
    such as a generation."""

    def __init__(self, seed: int, look: world.Look):
        self._draw = world.World(random.Random(seed), look)
        self._turn = seed * (REQUESTS // 5)

    def make(self) -> Iterator[tuple[str, world.Request]]:
        """Yield all requests, each with the name of its kind."""
        for request in self._begin():
            yield "begin", request
        yield from itertools.islice(self._go_on(), REQUESTS)

    def _begin(self) -> Iterator[world.Request]:
        draw = self._draw
        for path in _CATALOGUE:
            yield world.Request("PUT", path)
        for number, uuid in enumerate(world.PROVIDERS[:_PROVIDERS]):
            yield world.Request("POST", "/resource_providers", body={
                "name": world.NAMES[number], "uuid": uuid,
                "parent_provider_uuid": draw.any(
                    None, *world.PROVIDERS[:number])})
            yield resources.put_inventories(draw, uuid)
            yield resources.put_traits_of(draw, uuid)
            yield resources.put_aggregates(draw, uuid)

    def _go_on(self) -> Iterator[tuple[str, world.Request]]:
        draw = self._draw
        weights = [kind.weight for kind in KINDS]
        for number in itertools.count():
            if number % 5 == 0:
                kind, draw.minor, draw.focus = (
                    _TURNS[self._turn % len(_TURNS)])
                self._turn += 1
            else:
                kind, = draw.rng.choices(KINDS, weights)
                draw.minor = (world.LATEST if draw.chance(0.45)
                              else draw.rng.randint(0, world.LATEST))
                draw.focus = None
            request = kind.make(draw)
            request.minor = draw.minor
            if draw.focus is None and draw.chance(SPOILT):
                spoil.spoil(draw, request)
            yield kind.name, request
