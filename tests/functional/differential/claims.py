"""Requests for allocations, usages and the reshaper."""

from typing import Any

from tests.functional.differential import spoil
from tests.functional.differential import world
from tests.functional.differential.world import Kind
from tests.functional.differential.world import Request
from tests.functional.differential.world import World


def _consumer(draw: World, uuid: str, listed: bool = False) -> dict[str, Any]:
    found = draw.look(f"/allocations/{uuid}")
    leave = found["allocations"] and draw.since(28, 0.2)
    providers = [] if leave else draw.some(draw.known(), 1, 2)
    allocations: Any = {
        provider: {"resources": draw.resources(draw.classes_of(provider))}
        for provider in providers}
    if listed:
        allocations = [{"resource_provider": {"uuid": provider}, **one}
                       for provider, one in allocations.items()]
    elif draw.chance(0.1):
        for one in allocations.values():
            one["generation"] = draw.any(0, 1, -1)
    body: dict[str, Any] = {"allocations": allocations}
    if draw.since(8):
        body["project_id"] = draw.any(*world.PROJECTS)
        body["user_id"] = draw.any(*world.USERS)
    if draw.since(28):
        body["consumer_generation"] = found.get("consumer_generation")
        if draw.chance(0.1):
            body["consumer_generation"] = draw.any(None, 0, 1, 2)
    if draw.since(34, 0.3):
        body["mappings"] = draw.any(
            {"1": [draw.provider()]}, {"": [draw.provider()]},
            {"_a-Z": draw.some(world.PROVIDERS, 1)}, {})
    if draw.since(38):
        body["consumer_type"] = draw.any(*world.TYPES, *world.TYPES, "unknown")
    return body


def put_allocations(draw: World) -> Request:
    uuid = draw.any(*world.CONSUMERS)
    return Request("PUT", f"/allocations/{uuid}",
                   body=_consumer(draw, uuid, not draw.since(12)))


def post_allocations(draw: World) -> Request:
    return Request("POST", "/allocations", body={
        uuid: _consumer(draw, uuid)
        for uuid in draw.some(world.CONSUMERS, 1, 3)})


def move(draw: World) -> Request:
    """One consumer takes over what another has, which goes elsewhere."""
    first, second = draw.some(world.CONSUMERS, 2, 2)
    body = {uuid: _consumer(draw, uuid) for uuid in (first, second)}
    held = draw.look(f"/allocations/{first}")["allocations"]
    if held:
        body[second]["allocations"] = {
            uuid: {"resources": one["resources"]}
            for uuid, one in held.items()}
    return Request("POST", "/allocations", body=body)


def list_allocations(draw: World) -> Request:
    uuid = draw.any(*world.CONSUMERS, *world.CONSUMERS, "x")
    return Request("GET", f"/allocations/{uuid}")


def list_allocations_of(draw: World) -> Request:
    return Request("GET", f"/resource_providers/{draw.provider()}/allocations")


def delete_allocations(draw: World) -> Request:
    return Request("DELETE", f"/allocations/{draw.any(*world.CONSUMERS)}")


def show_usages_of(draw: World) -> Request:
    return Request("GET", f"/resource_providers/{draw.provider()}/usages")


def show_usages(draw: World) -> Request:
    query = [("project_id", draw.any(*world.PROJECTS))]
    if draw.chance(0.4):
        query.append(("user_id", draw.any(*world.USERS, "nobody")))
    if draw.since(38, 0.5):
        query.append(("consumer_type", draw.any(
            *world.TYPES, "all", "unknown", "x", "", "allX", "NOTHING")))
    draw.rng.shuffle(query)
    if draw.chance(0.05):
        query.pop()
    request = Request("GET", "/usages", query)
    if draw.chance(0.3):                # the policy looks at the project
        request.headers.update(draw.any(*spoil.CALLERS))
    return request


def reshape(draw: World) -> Request:
    known = draw.known()
    providers = draw.some(known, 1, 3)
    return Request("POST", "/reshaper", body={
        "inventories": {
            uuid: {"resource_provider_generation": draw.generation(uuid),
                   "inventories": {
                       name: draw.inventory()
                       for name in draw.some(draw.classes_of(uuid), 0, 4)}}
            for uuid in providers},
        "allocations": {uuid: _consumer(draw, uuid)
                        for uuid in draw.some(world.CONSUMERS, 0, 2)}})


KINDS = (
    Kind(put_allocations, 10, (8, 12, 23, 28, 34, 38)),
    Kind(post_allocations, 6, (13, 28, 34, 38)),
    Kind(move, 3, (13, 28)),
    Kind(list_allocations, 4, (12, 15, 28, 38)),
    Kind(list_allocations_of, 3, (15, 28)),
    Kind(delete_allocations, 4, (23,)),
    Kind(show_usages_of, 2, (15,)),
    Kind(show_usages, 4, (9, 15, 38)),
    Kind(reshape, 5, (30, 34, 38)))
