"""Why a host is out: stable codes with parameters.

The engine and the scheduler's filters speak of hosts in this one vocabulary;
Explain renders it. A code, once released, never changes its meaning.
"""

import dataclasses
import enum
from collections.abc import Mapping
from typing import Any


class Code(enum.StrEnum):
    """Each member's comment lists its parameters.

    Any of them may have a ``detail``, words to be added, and a ``group``,
    the suffix of the request group that is meant.
    """

    # resource_class, requested, max_free
    INSUFFICIENT_RESOURCE = "INSUFFICIENT_RESOURCE"
    # resource_class, requested: against min_unit, max_unit or step_size
    RESOURCE_CONSTRAINT = "RESOURCE_CONSTRAINT"
    # resource_class
    NO_INVENTORY = "NO_INVENTORY"
    # trait, or "A or B" and traits: a list
    TRAIT_MISSING = "TRAIT_MISSING"
    # trait
    TRAIT_FORBIDDEN = "TRAIT_FORBIDDEN"
    # as TRAIT_MISSING: no provider at all has it
    TRAIT_UNKNOWN_ANYWHERE = "TRAIT_UNKNOWN_ANYWHERE"
    # aggregates: a list of lists, of each of which one is needed
    NOT_IN_AGGREGATE = "NOT_IN_AGGREGATE"
    # aggregates: a list
    IN_FORBIDDEN_AGGREGATE = "IN_FORBIDDEN_AGGREGATE"
    # in_tree
    NOT_IN_TREE = "NOT_IN_TREE"
    # required, forbidden: lists
    ROOT_TRAITS = "ROOT_TRAITS"
    # resource_class, requested, max_free, sum_free
    FRAGMENTED = "FRAGMENTED"
    # the groups fit alone, not together
    NO_COMBINATION = "NO_COMBINATION"
    # filter, and what its why() adds
    FILTERED_BY = "FILTERED_BY"
    # detail
    CLAIM_CONFLICT = "CLAIM_CONFLICT"


_TEXTS = {
    Code.INSUFFICIENT_RESOURCE: "short of {resource_class}",
    Code.RESOURCE_CONSTRAINT:
        "can't give {requested} {resource_class} at once (min/max/step)",
    Code.NO_INVENTORY: "have no {resource_class}",
    Code.TRAIT_MISSING: "lack {trait}",
    Code.TRAIT_FORBIDDEN: "have forbidden {trait}",
    Code.TRAIT_UNKNOWN_ANYWHERE: "lack {trait} (no provider has it)",
    Code.NOT_IN_AGGREGATE: "outside {aggregates}",
    Code.IN_FORBIDDEN_AGGREGATE: "inside forbidden {aggregates}",
    Code.NOT_IN_TREE: "outside tree {in_tree}",
    Code.ROOT_TRAITS: "root traits do not match",
    Code.FRAGMENTED: "enough {resource_class} in sum, not in one provider",
    Code.NO_COMBINATION: "no combination of the groups",
    Code.FILTERED_BY: "refused by {filter}",
    Code.CLAIM_CONFLICT: "taken by somebody else meanwhile",
}


def _words(value: Any) -> str:
    """Return a parameter as it stands in a text: [[A, B], C] is A or B, C."""
    if isinstance(value, (list, tuple)):
        return ", ".join(" or ".join(part) if isinstance(part, (list, tuple))
                         else str(part) for part in value)
    return str(value)


@dataclasses.dataclass(frozen=True, slots=True)
class Reason:
    """One code with its parameters."""

    code: Code
    params: Mapping[str, Any]

    def text(self) -> str:
        """Return it in a few words, to follow a number of hosts."""
        detail = self.params.get("detail")
        text = _TEXTS[self.code].format_map(
            {name: _words(value) for name, value in self.params.items()})
        return f"{text} ({detail})" if detail else text

    def to_dict(self) -> dict[str, Any]:
        return {"code": str(self.code), "params": dict(self.params),
                "text": self.text()}


@dataclasses.dataclass(frozen=True, slots=True)
class Stage:
    """A row of the funnel: hosts in, hosts out, and who went for what.

    ``removed`` is how many hosts each reason took, each host counted once;
    ``examples`` a few names for each reason, in the same order.
    """

    name: str
    before: int
    after: int
    removed: tuple[tuple[Reason, int], ...] = ()
    examples: tuple[tuple[str, ...], ...] = ()
