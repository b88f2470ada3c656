"""Rows of wide trees: one root, and many children with the same class.

Groups that any child may serve have more combinations than there is memory
for (8 to the power of 8): what is wanted of them, the first thousand, must
cost no more for it.
"""

import uuid as uuid_module

from tests.benchmark import figures
from tests.benchmark import sides
from tests.benchmark import wire

CHILDREN = 8
LIMIT = 1000
_CLASS = "CUSTOM_BENCH_WIDE"


def row(groups: int, policy: str) -> figures.Run:
    """Return what asks for so many groups of one wide tree."""
    path = query(groups, policy)

    def run(side: sides.Side, seconds: float) -> figures.Figure:
        client = wire.Wire(side.url)
        _make_tree(client)
        client.close()
        before = _largest(side)
        figure = figures.one_after_another(
            side, seconds, lambda client: client.ask("GET", path)
        ).count_pings(side)
        figure.note = f"memory {_largest(side) - before:+.1f} MB"
        return figure

    return run


def query(groups: int, policy: str) -> str:
    """Return the path of such a question."""
    return (f"/allocation_candidates?limit={LIMIT}&group_policy={policy}&"
            + "&".join(f"resources_G{number}={_CLASS}:1"
                       for number in range(groups)))


def _make_tree(client: wire.Wire) -> None:
    """Make the tree, unless a row before this one has."""
    name = "bench-wide"
    if client.tell("GET", f"/resource_providers?name={name}")[
            "resource_providers"]:
        return
    client.tell("PUT", f"/resource_classes/{_CLASS}")
    root = str(uuid_module.uuid4())
    client.tell("POST", "/resource_providers", {"name": name, "uuid": root})
    for number in range(CHILDREN):
        uuid = str(uuid_module.uuid4())
        client.tell("POST", "/resource_providers", {
            "name": f"{name}-{number}", "uuid": uuid,
            "parent_provider_uuid": root})
        client.tell("PUT", f"/resource_providers/{uuid}/inventories", {
            "resource_provider_generation": 0,
            "inventories": {_CLASS: {"total": CHILDREN}}})


def _largest(side: sides.Side) -> float:
    """Return the megabytes of the largest process that serves HTTP."""
    return next(iter(side.memory().values()))
