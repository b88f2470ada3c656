"""What was really compared, so that no test of it goes hollow."""

import collections
import re
from collections.abc import Iterable, Iterator
from typing import Any

from placement import handler

from tests.functional.differential import compare
from tests.functional.differential import world

_ROUTES = {path: re.compile(re.sub(r"\{\w+\}", "[^/]+", path))
           for path in handler.ROUTE_DECLARATIONS}

# What there is at the root is open to all, and no consumer is unknown.
_HARDLY_REFUSED = {"GET /", "GET ", "GET /allocations/{consumer_uuid}"}


class Tally:
    """Counts requests by what became of them.

    ``accepted`` and ``refused`` are routes with their methods, as Placement
    declares them, that answered the same; ``versions`` are kinds of requests
    with the minor version that the same was answered at.
    """

    def __init__(self) -> None:
        self.verdicts: collections.Counter[str] = collections.Counter()
        self.accepted: collections.Counter[str] = collections.Counter()
        self.refused: collections.Counter[str] = collections.Counter()
        self.versions: set[tuple[str, int]] = set()
        self.candidates = 0

    def add(self, kind: str, request: world.Request, answer: Any,
            verdict: compare.Verdict) -> None:
        """Count a request, with Placement's answer to it."""
        self.verdicts[verdict.name] += 1
        if verdict.name != compare.SAME:
            return
        self.versions.add((kind, request.minor))
        self.candidates += b'"allocation_requests": [{' in answer.get_data()
        counter = (self.accepted if answer.status_code < 400
                   else self.refused)
        for path, form in _ROUTES.items():
            if form.fullmatch(request.path):
                counter[f"{request.method} {path}"] += 1

    @property
    def total(self) -> int:
        return self.verdicts.total()

    def shares(self) -> dict[str, float]:
        """Return what part of all requests had which verdict."""
        return {name: count / self.total
                for name, count in self.verdicts.items()}

    def missing_routes(self) -> set[str]:
        """Return routes with methods that have not been accepted as well as
        refused."""
        routes = {f"{method} {path}" for path, methods
                  in handler.ROUTE_DECLARATIONS.items() for method in methods}
        return ((routes - set(self.accepted))
                | (routes - set(self.refused) - _HARDLY_REFUSED))

    def missing_versions(self, kinds: Iterable[world.Kind]) -> set[str]:
        """Return where an answer changed, but none was compared."""
        return {f"{name} at 1.{minor}" for name, minor in _points(kinds)
                if (name, minor) not in self.versions}


def _points(kinds: Iterable[world.Kind]) -> Iterator[tuple[str, int]]:
    for kind in kinds:
        for minor, _change in kind.turning_points:
            yield kind.name, minor
