"""Whether two answers say the same, apart from order and ids.

What differs on purpose is let through here, each difference with its reason
and its name: ``PURPOSES``. The same list, for users, is in ``doc/source``.
"""

import collections
import dataclasses
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib import parse

from tests.functional.differential import world

# The answer is the same.
SAME = "the same"
PURPOSES = {
    "could not": "Placement answers 500: Tachyon anything else.",
    "unknown name": "Placement does not look at all names if some narrowed "
                    "the answer down to nothing before.",
    "no token": "An empty token of noauth2 is none; to Placement it is that "
                "of a user without a name.",
    "open root": "The root is open where its path is empty, too: in Placement "
                 "not under noauth2, but with Keystone.",
    "odd class": "In inventories, Placement looks at a name that no resource "
                 "class can have only after the generation.",
    "more candidates": "Placement loses some where sharing providers take "
                       "part, or where groups ask for one class.",
    "wrong amounts": "Placement adds up wrongly where groups ask for one "
                     "class.",
}

# These must be equal; of the others only whether they are there.
_EQUAL = ("Content-Type", "OpenStack-API-Version", "Vary", "Location",
          "Cache-Control", "Allow")
_NOT_LOOKED_AT = {"content-length", "date", *map(str.lower, _EQUAL)}


@dataclasses.dataclass
class Verdict:
    """``name`` is ``SAME`` or one of ``PURPOSES``, unless there are
    ``differences``."""

    name: str = SAME
    differences: list[str] = dataclasses.field(default_factory=list)


# Asks Tachyon.
Ask = Callable[[world.Request], Any]


def compare(request: world.Request, theirs: Any, ours: Any,
            ask: Ask) -> Verdict:
    """Compare the answers of Placement and Tachyon to a request."""
    if theirs.status_code == 500 and ours.status_code < 500:
        return Verdict("could not")
    if _is_unknown_name(theirs, ours):
        return Verdict("unknown name")
    if (request.headers.get("X-Auth-Token") == "" and ours.status_code == 401
            and theirs.status_code >= 400):
        return Verdict("no token")
    if request.path == "" and theirs.status_code == 401:
        return Verdict("open root")
    if _is_odd_class(theirs, ours):
        return Verdict("odd class")
    if theirs.status_code != ours.status_code:
        return Verdict("", [f"status {theirs.status_code} "
                            f"{theirs.get_data()!r} is {ours.status_code} "
                            f"{ours.get_data()!r}"])
    found = list(_headers(request, theirs, ours))
    if found:
        return Verdict("", found)
    if theirs.mimetype != "application/json" or theirs.status_code == 401:
        # The words of an error may be others; how noauth2 answers 401, is no
        # part of the API.
        if bool(theirs.get_data()) != bool(ours.get_data()):
            found.append(f"body {theirs.get_data()!r} is {ours.get_data()!r}")
        return Verdict(SAME, found)
    if "allocation_requests" in theirs.json:
        return _candidates(request, theirs.json, ours.json, ask)
    return Verdict(SAME, _bodies(theirs.json, ours.json))


def _is_unknown_name(theirs: Any, ours: Any) -> bool:
    return (theirs.status_code == 200 and ours.status_code == 400
            and not any(theirs.json.values())
            and "No such" in ours.get_data(as_text=True))


def _is_odd_class(theirs: Any, ours: Any) -> bool:
    return (theirs.status_code == 409 and ours.status_code == 400
            and "does not match any of the regexes: '^[A-Z0-9_]+$'"
            in ours.get_data(as_text=True))


def _headers(request: world.Request, theirs: Any, ours: Any) -> Any:
    for name in _EQUAL:
        wanted, got = theirs.headers.get(name), ours.headers.get(name)
        if name == "Vary" and wanted is None and theirs.status_code >= 400:
            continue                    # Placement forgets it there
        if name == "Content-Type" and request.method == "HEAD":
            continue                    # there is none
        if _header(name, wanted) != _header(name, got):
            yield f"{name}: {wanted!r} is {got!r}"
    others = {name.lower() for name in theirs.headers.keys()} - _NOT_LOOKED_AT
    for name in others - {name.lower() for name in ours.headers.keys()}:
        yield f"{name} is missing"


def _header(name: str, value: str | None) -> Any:
    if value is None:
        return None
    if name == "Allow":
        return set(value.replace(",", " ").split())
    if name == "Vary":
        return value.lower()
    # The same type, with a character set that JSON has anyway.
    return value.split(";")[0]


def _bodies(theirs: Any, ours: Any) -> list[str]:
    if "errors" in theirs:
        wanted, got = (_error(body["errors"][0]) for body in (theirs, ours))
    else:
        wanted, got = normalise(theirs), normalise(ours)
    if wanted == got:
        return []
    return [f"body {json.dumps(wanted)} is {json.dumps(got)}"]


def _error(error: Mapping[str, Any]) -> dict[str, Any]:
    return {name: error.get(name) for name in (
        "status", "title", "code", "max_version", "min_version")}


def normalise(value: Any) -> Any:
    """Return JSON with its lists in one order: no list of the API has a
    meaning in its order."""
    if isinstance(value, dict):
        return {key: normalise(item) for key, item in value.items()}
    if isinstance(value, list):
        return sorted(map(normalise, value),
                      key=lambda item: json.dumps(item, sort_keys=True))
    return value


# ----------------------------------------------------------------- candidates
def _candidates(request: world.Request, theirs: Any, ours: Any,
                ask: Ask) -> Verdict:
    asked = _amounts(request)
    wanted, got = _texts(theirs, asked), _texts(ours, asked)
    more = _may_be_lost(asked, ours)
    if any(key == "limit" for key, value in request.query):
        return _limited(request, wanted, got, more, ask)
    if wanted - got:
        return Verdict("", [f"candidates missing: {wanted - got}, "
                            f"there are {got}"])
    if got - wanted and not more:
        return Verdict("", [f"candidates too many: {got - wanted}, "
                            f"there are {wanted}"])
    summaries = [normalise(body["provider_summaries"])
                 for body in (theirs, ours)]
    if got != wanted:
        return Verdict("more candidates", _summaries(*summaries))
    if len(wanted) < len(theirs["allocation_requests"]):
        return Verdict("wrong amounts", _summaries(*summaries))
    return Verdict(SAME, _bodies(*summaries))


def _amounts(request: world.Request) -> list[tuple[str, int]]:
    """Return what all groups of a query that is valid ask for."""
    return [(name, int(amount))
            for key, values in parse.parse_qsl(request.get_query())
            if key.startswith("resources")
            for name, _, amount in (value.partition(":")
                                    for value in values.split(","))]


def _texts(body: Any, asked: Sequence[tuple[str, int]]) -> set[str]:
    """Return those candidates that have the amounts that were asked for."""
    total: collections.Counter[str] = collections.Counter()
    for name, amount in asked:
        total[name] += amount
    return {json.dumps(normalise(one), sort_keys=True)
            for one in body["allocation_requests"] if _sum(one) == total}


def _sum(candidate: Any) -> collections.Counter[str]:
    allocations = candidate["allocations"]
    if isinstance(allocations, dict):
        allocations = allocations.values()
    total: collections.Counter[str] = collections.Counter()
    for one in allocations:
        total.update(one["resources"])
    return total


def _summaries(theirs: Any, ours: Any) -> list[str]:
    return [f"summary {uuid}: {summary} is {ours.get(uuid)}"
            for uuid, summary in theirs.items() if summary != ours.get(uuid)]


def _limited(request: world.Request, theirs: set[str], ours: set[str],
             more: bool, ask: Ask) -> Verdict:
    """Any will do, as long as they are as many, and of those there are."""
    everything = _texts(ask(dataclasses.replace(request, query=[
        pair for pair in request.query if pair[0] != "limit"])).json,
        _amounts(request))
    found = []
    if (theirs | ours) - everything:
        found.append(f"not without a limit: {(theirs | ours) - everything}")
    if len(theirs) > len(ours) or len(theirs) < len(ours) and not more:
        found.append(f"candidates: {theirs} are {ours}")
    return Verdict(SAME if len(theirs) == len(ours) else "more candidates",
                   found)


def _may_be_lost(asked: Sequence[tuple[str, int]], ours: Any) -> bool:
    """Return whether sharing providers take part, or groups ask for one
    class."""
    classes = [name for name, amount in asked]
    return len(classes) > len(set(classes)) or any(
        "MISC_SHARES_VIA_AGGREGATE" in summary.get("traits", ())
        for summary in ours["provider_summaries"].values())
