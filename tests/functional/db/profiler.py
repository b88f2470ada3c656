"""How Neo4j ran what the driver sent: PROFILE, in place.

A statement is not asked for its plan afterwards, when what it looked for is
there already, or gone: it runs with PROFILE where the driver sends it, with
its own parameters, within the transaction that it is a part of.
"""

import dataclasses
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import fixtures
import neo4j

# These are of the schema, or of the server, and have no plan.
_WITHOUT_PLAN = re.compile(r"\s*((CREATE|DROP) (CONSTRAINT|INDEX)|SHOW)\b")

# Read as a whole, along an index.
WHOLE = frozenset(("Trait", "ResourceClass", "ConsumerType", "Flavor",
                   "Service"))
# Walked in the order of an index, as far as a page goes.
WALKED = frozenset(("Instance", "Message", "Decision"))

_FORBIDDEN = re.compile(
    "All(Nodes|Relationships)Scan|Labels?Scan|Types?Scan|CartesianProduct")
_SCANS = frozenset(("NodeIndexScan", "NodeUniqueIndexScan"))
_SORTS = frozenset(("Sort", "PartialSort", "Top", "PartialTop"))


@dataclasses.dataclass(frozen=True)
class Operator:
    """One step of a plan; ``hits`` is how often it asked the store."""

    name: str
    details: str
    hits: int


@dataclasses.dataclass(frozen=True)
class Profile:
    """How a statement ran."""

    text: str
    operators: tuple[Operator, ...]

    @property
    def hits(self) -> int:
        return sum(each.hits for each in self.operators)

    @property
    def is_page(self) -> bool:
        """Does it read what is next in some order? Who names what it wants
        may as well sort that."""
        return "LIMIT $limit" in self.text and "UNWIND" not in self.text

    def faults(self) -> list[str]:
        """Return what is wrong with the plan, if anything: a label or the
        store is read from end to end, a page is sorted, or patterns that have
        nothing to do with each other are multiplied."""
        return [f"{each.name} {each.details}: {self.text}"
                for each in self.operators if self._is_wrong(each)]

    def _is_wrong(self, operator: Operator) -> bool:
        if operator.name in _SCANS:
            label = operator.details.partition(":")[2].partition("(")[0]
            return label not in (WHOLE | WALKED if self.is_page else WHOLE)
        return bool(_FORBIDDEN.search(operator.name)
                    or self.is_page and operator.name in _SORTS)


class Profiler(fixtures.Fixture):
    """Profiles what any driver in this process sends, while it is used.

    ``profiles`` is what ran, in order. ``wanted`` says of a text whether it
    is to be profiled.
    """

    def __init__(self, wanted: Callable[[str], bool] = lambda _text: True):
        super().__init__()
        self._wanted = wanted
        self.profiles: list[Profile] = []

    def _setUp(self) -> None:
        for owner in (neo4j.ManagedTransaction, neo4j.Session):
            self.useFixture(fixtures.MockPatchObject(
                owner, "run", self._profiled(owner.run)))

    def _profiled(self, run: Callable[..., neo4j.Result]
                  ) -> Callable[..., Any]:

        def profiled(owner: Any, query: Any, *args: Any, **kwargs: Any
                     ) -> Any:
            text = query.text if isinstance(query, neo4j.Query) else query
            # A session that is given plain text is not the driver's.
            if (_WITHOUT_PLAN.match(text) or not self._wanted(text)
                    or isinstance(owner, neo4j.Session)
                    and not isinstance(query, neo4j.Query)):
                return run(owner, query, *args, **kwargs)
            asked: Any = f"PROFILE {text}"
            if isinstance(query, neo4j.Query):
                asked = neo4j.Query(asked, query.metadata, query.timeout)
            result = run(owner, asked, *args, **kwargs)
            answer = _Answer(result.values(), result.consume())
            self.profiles.append(Profile(
                text, tuple(_operators(answer.summary.profile or {}))))
            return answer

        return profiled


@dataclasses.dataclass
class _Answer:
    """What the driver wants of a result."""

    rows: list[list[Any]]
    summary: neo4j.ResultSummary

    def values(self) -> list[list[Any]]:
        return self.rows

    def consume(self) -> neo4j.ResultSummary:
        return self.summary


def _operators(plan: Mapping[str, Any]) -> Iterator[Operator]:
    yield Operator(plan["operatorType"].partition("@")[0],
                   plan["args"].get("Details", ""), plan.get("dbHits", 0))
    for child in plan.get("children", ()):
        yield from _operators(child)
