"""Requests for providers and what they consist of, and for catalogues."""

from typing import Any

from tests.functional.differential import filters
from tests.functional.differential import world
from tests.functional.differential.world import Kind
from tests.functional.differential.world import Request
from tests.functional.differential.world import World

_ALL = "/resource_providers"


# ------------------------------------------------------------------ providers
def create_provider(draw: World) -> Request:
    body: dict[str, Any] = {"name": draw.any(*world.NAMES)}
    body["uuid"] = draw.any(*world.PROVIDERS)
    if draw.chance(0.05):
        body["uuid"] = draw.any(body["uuid"].replace("-", ""),
                                body["uuid"].upper())
    if draw.since(14, 0.7):
        body["parent_provider_uuid"] = draw.any(None, *draw.known())
    return Request("POST", _ALL, body=body)


def change_provider(draw: World) -> Request:
    body: dict[str, Any] = {"name": draw.any(*world.NAMES)}
    uuid = draw.provider()
    found = draw.look(f"{_ALL}/{uuid}")
    if found and draw.chance(0.5):
        body["name"] = found["name"]
    if draw.since(14, 0.7):
        body["parent_provider_uuid"] = draw.any(None, *draw.known())
    return Request("PUT", f"{_ALL}/{uuid}", body=body)


def delete_provider(draw: World) -> Request:
    return Request("DELETE", f"{_ALL}/{draw.provider()}")


def list_providers(draw: World) -> Request:
    query = []
    for key, make, probability, since in (
            ("name", lambda draw: draw.any(*world.NAMES, ""), 0.1, 0),
            ("uuid", lambda draw: draw.any(draw.provider(), "x"), 0.1, 0),
            ("member_of", filters.member_of, 0.3, 3),
            ("member_of", filters.member_of, 0.15, 24),
            ("resources", filters.resources, 0.4, 4),
            ("in_tree", World.provider, 0.25, 14),
            ("required", filters.required, 0.3, 18),
            ("required", filters.required, 0.15, 39)):
        if draw.since(since, probability):
            query.append((key, make(draw)))
    return Request("GET", _ALL, query)


def show_provider(draw: World) -> Request:
    return Request("GET", f"{_ALL}/{draw.provider()}")


# ------------------------------------------------------- what they consist of
def list_inventories(draw: World) -> Request:
    return Request("GET", f"{_ALL}/{draw.provider()}/inventories")


def put_inventories(draw: World, provider: str | None = None) -> Request:
    uuid = provider or draw.provider()
    return Request("PUT", f"{_ALL}/{uuid}/inventories", body={
        "resource_provider_generation": draw.generation(uuid),
        "inventories": {name: draw.inventory()
                        for name in draw.some(world.CLASSES, 1, 4)}})


def post_inventory(draw: World) -> Request:
    uuid = draw.provider()
    body = {"resource_class": draw.any(*world.CLASSES), **draw.inventory()}
    if draw.chance(0.1):
        body["resource_provider_generation"] = draw.generation(uuid)
    return Request("POST", f"{_ALL}/{uuid}/inventories", body=body)


def delete_inventories(draw: World) -> Request:
    return Request("DELETE", f"{_ALL}/{draw.provider()}/inventories")


def _inventory(draw: World, provider: str) -> str:
    name = draw.any(*draw.classes_of(provider), "NOTHING")
    return f"{_ALL}/{provider}/inventories/{name}"


def show_inventory(draw: World) -> Request:
    return Request("GET", _inventory(draw, draw.provider()))


def put_inventory(draw: World) -> Request:
    uuid = draw.provider()
    return Request("PUT", _inventory(draw, uuid), body={
        "resource_provider_generation": draw.generation(uuid),
        **draw.inventory()})


def delete_inventory(draw: World) -> Request:
    return Request("DELETE", _inventory(draw, draw.provider()))


def list_traits_of(draw: World) -> Request:
    return Request("GET", f"{_ALL}/{draw.provider()}/traits")


def put_traits_of(draw: World, provider: str | None = None) -> Request:
    uuid = provider or draw.provider()
    return Request("PUT", f"{_ALL}/{uuid}/traits", body={
        "resource_provider_generation": draw.generation(uuid),
        "traits": draw.some(world.TRAITS)})


def delete_traits_of(draw: World) -> Request:
    return Request("DELETE", f"{_ALL}/{draw.provider()}/traits")


def list_aggregates(draw: World) -> Request:
    return Request("GET", f"{_ALL}/{draw.provider()}/aggregates")


def put_aggregates(draw: World, provider: str | None = None) -> Request:
    uuid = provider or draw.provider()
    some: Any = draw.some(world.AGGREGATES, 0, 2)
    if draw.chance(0.05):
        some.append(draw.any(*world.AGGREGATES).replace("-", ""))
    if draw.since(19):
        some = {"aggregates": some,
                "resource_provider_generation": draw.generation(uuid)}
    return Request("PUT", f"{_ALL}/{uuid}/aggregates", body=some)


# ----------------------------------------------------------------- catalogues
def list_traits(draw: World) -> Request:
    query = []
    if draw.chance(0.6):
        query.append(("name", draw.any(
            "in:CUSTOM_T0,CUSTOM_T1", "in:", "startswith:CUSTOM_",
            "startswith:", "x", "x:y", "in:HW_CPU_X86_VMX,NOTHING")))
    if draw.chance(0.4):
        query.append(("associated", draw.any("true", "False", "maybe", "")))
    return Request("GET", "/traits", query)


def _trait(draw: World) -> str:
    # Nothing has CUSTOM_T2: it can be deleted.
    return "/traits/" + draw.any(*world.TRAITS, *["CUSTOM_T2"] * 3,
                                 "CUSTOM_%C3%A4", "custom_x")


def show_trait(draw: World) -> Request:
    return Request("GET", _trait(draw))


def put_trait(draw: World) -> Request:
    return Request("PUT", _trait(draw))


def delete_trait(draw: World) -> Request:
    return Request("DELETE", draw.any(_trait(draw), "/traits/CUSTOM_T2"))


def list_classes(draw: World) -> Request:
    return Request("GET", "/resource_classes")


def _class(draw: World) -> str:
    return draw.any(*world.CLASSES, *["CUSTOM_C"] * 3, "CUSTOM_lower")


def post_class(draw: World) -> Request:
    new = f"CUSTOM_NEW_{draw.rng.randrange(20)}"
    return Request("POST", "/resource_classes",
                   body={"name": draw.any(new, _class(draw))})


def show_class(draw: World) -> Request:
    return Request("GET", f"/resource_classes/{_class(draw)}")


def put_class(draw: World) -> Request:
    body = None if draw.since(7) else {"name": _class(draw)}
    return Request("PUT", f"/resource_classes/{_class(draw)}", body=body)


def delete_class(draw: World) -> Request:
    return Request("DELETE", f"/resource_classes/{_class(draw)}")


def show_versions(draw: World) -> Request:
    return Request("GET", draw.any("/", "/", ""))


KINDS = (
    Kind(create_provider, 9, (14, 15, 20, 23)),
    Kind(change_provider, 5, (14, 15, 23, 37)),
    Kind(delete_provider, 3, (23,)),
    Kind(list_providers, 9, (3, 4, 14, 15, 18, 22, 24, 32, 39)),
    Kind(show_provider, 3, (1, 6, 11, 14, 15)),
    Kind(list_inventories, 3, (15,)),
    Kind(put_inventories, 7, (15, 23, 26)),
    Kind(post_inventory, 4, (15, 26)),
    Kind(delete_inventories, 2, (5,)),
    Kind(show_inventory, 3, (15,)),
    Kind(put_inventory, 4, (15, 26)),
    Kind(delete_inventory, 2, (23,)),
    Kind(list_traits_of, 2, (6, 15)),
    Kind(put_traits_of, 4, (6, 15)),
    Kind(delete_traits_of, 2, (6,)),
    Kind(list_aggregates, 2, (1, 15, 19)),
    Kind(put_aggregates, 4, (1, 15, 19)),
    Kind(list_traits, 2, (6, 15)),
    Kind(show_trait, 2, (6, 15)),
    Kind(put_trait, 2, (6, 15)),
    Kind(delete_trait, 4, (6,)),
    Kind(list_classes, 2, (2, 15)),
    Kind(post_class, 2, (2,)),
    Kind(show_class, 2, (2, 15)),
    Kind(put_class, 3, (2, 7)),
    Kind(delete_class, 2, (2,)),
    Kind(show_versions, 2, (15,)))
