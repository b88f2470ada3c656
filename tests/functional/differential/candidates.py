"""Requests for allocation candidates."""

from tests.functional.differential import filters
from tests.functional.differential.world import Kind
from tests.functional.differential.world import Request
from tests.functional.differential.world import World

Query = list[tuple[str, str]]


def list_candidates(draw: World) -> Request:
    suffixes = [""]
    if draw.since(25, 0.7):
        names = ["1", "2", "33"]
        if draw.since(33, 0.5):
            names += ["_A", "b-2", "x" * 64]
        suffixes = draw.some(["", *names], 1, 3)
    query: Query = []
    for suffix in suffixes:
        query += _group(draw, suffix)
    named = [suffix for suffix in suffixes if suffix]
    if named and draw.since(36, 0.4):
        query += _subtree(draw, named)
    if draw.since(35, 0.2):
        query.append(("root_required", filters.required_flat(draw)))
    if draw.since(16, 0.15):
        query.append(("limit", draw.any("1", "2", "5", "1000", "0", "x",
                                        "-1", "99999999999999999999")))
    if (len(named) > 1) != draw.chance(0.06):
        query.append(("group_policy", draw.any("none", "isolate", "isolate",
                                               *(["x"] * draw.chance(0.1)))))
    if draw.chance(0.2):
        draw.rng.shuffle(query)
    return Request("GET", "/allocation_candidates", query)


def _group(draw: World, suffix: str) -> Query:
    found: Query = []
    if draw.chance(0.97):
        found.append((f"resources{suffix}", filters.resources(draw)))
    for key, make, probability, since in (
            ("required", filters.required, 0.25, 17),
            ("required", filters.required, 0.1, 39),
            ("member_of", filters.member_of, 0.2, 21),
            ("member_of", filters.member_of, 0.07, 24),
            ("in_tree", World.provider, 0.12, 31)):
        if draw.since(since, probability):
            found.append((key + suffix, make(draw)))
    return found


def _subtree(draw: World, named: list[str]) -> Query:
    found: Query = []
    if draw.chance(0.4):                # a group that asks for no resources
        named.append("none")
        found.append(("requirednone", filters.required(draw)))
    for _ in range(draw.any(1, 1, 2)):
        some = draw.some(named, 1, len(named))
        if draw.chance(0.05):
            some.append(draw.any("", "unknown", " 1"))
        found.append(("same_subtree", ",".join(some)))
    return found


KINDS = (
    Kind(list_candidates, 26, (10, 12, 15, 16, 17, 21, 22, 24, 25, 27, 29,
                               31, 32, 33, 34, 35, 36, 39)),)
