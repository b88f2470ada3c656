"""Traits: which there are, and which a resource provider has."""

from collections.abc import Iterable
from typing import Any

import flask

from tachyon import exception
from tachyon.api import errors
from tachyon.api import responses
from tachyon.api import routing
from tachyon.api.placement.schemas import traits as schemas
from tachyon.db import models
from tachyon.policies import catalogue as policies
from tachyon.policies import resource_providers as provider_policies

ROUTES = routing.Table()

_ONE = "/traits/<name>"
_OF_PROVIDER = "/resource_providers/<uuid>/traits"
_GENERATION = "resource_provider_generation"


# ------------------------------------------------------------ which there are
@ROUTES.route("GET", "/traits", rule=policies.TRAITS_LIST, since="1.6",
              accept=True, query=schemas.LIST)
def list_traits(call: routing.Call) -> flask.Response:
    """List traits: some by name or prefix, associated with providers or
    not."""
    found = call.placement.traits.list(call.context,
                                       **_parse_filter(call.query))
    return responses.make(
        {"traits": [entry.name for entry in found]},
        modified=max((entry.updated_at for entry in found), default=None))


@ROUTES.route("GET", _ONE, rule=policies.TRAITS_SHOW, since="1.6")
def show_trait(call: routing.Call, name: str) -> flask.Response:
    """Tell whether a trait exists."""
    entry = call.placement.traits.get(call.context, name)
    return responses.make_empty(modified=entry.created_at)


@ROUTES.route("PUT", _ONE, rule=policies.TRAITS_UPDATE, since="1.6")
def ensure_trait(call: routing.Call, name: str) -> flask.Response:
    """Make sure that a custom trait exists."""
    if schemas.NAME.find_error(name) is not None:
        raise errors.Problem(
            400, "The trait is invalid. A valid trait must be no longer than "
                 "255 characters, start with the prefix \"CUSTOM_\" and use "
                 "following characters: \"A\"-\"Z\", \"0\"-\"9\" and \"_\"")
    entry, made = call.placement.traits.ensure(call.context, name)
    return responses.make_empty(201 if made else 204,
                                modified=entry.created_at,
                                location=responses.url("traits", name))


@ROUTES.route("DELETE", _ONE, rule=policies.TRAITS_DELETE, since="1.6")
def delete_trait(call: routing.Call, name: str) -> flask.Response:
    """Delete a custom trait that no provider has."""
    call.placement.traits.delete(call.context, name)
    return responses.make_empty()


# ------------------------------------------------------ which a provider has
@ROUTES.route("GET", _OF_PROVIDER, rule=provider_policies.TRAITS_LIST,
              since="1.6", accept=True)
def list_provider_traits(call: routing.Call, uuid: str) -> flask.Response:
    """List a provider's traits."""
    return _respond(call.placement.providers.get(call.context, uuid))


@ROUTES.route(
    "PUT", _OF_PROVIDER, rule=provider_policies.TRAITS_UPDATE, since="1.6",
    body=schemas.PUT_PROVIDER,
    raises={
        exception.ConcurrentUpdate: errors.Rule(
            409, errors.CONCURRENT_UPDATE,
            "Resource provider's generation already changed. Please update "
            "the generation and try again."),
        exception.TraitNotFound: errors.Rule(
            400, detail="No such trait {names}"),
    })
def replace_provider_traits(call: routing.Call, uuid: str) -> flask.Response:
    """Replace all of a provider's traits."""
    return _respond(call.placement.traits.replace(
        call.context, uuid, call.body[_GENERATION],
        frozenset(call.body["traits"])))


@ROUTES.route("DELETE", _OF_PROVIDER, rule=provider_policies.TRAITS_DELETE,
              since="1.6")
def delete_provider_traits(call: routing.Call, uuid: str) -> flask.Response:
    """Take all traits from a provider."""
    call.placement.traits.remove_all(call.context, uuid)
    return responses.make_empty()


def order(names: Iterable[str]) -> list[str]:
    """Return trait names as Placement lists them, the standard ones first."""
    return sorted(names, key=lambda name: (name.startswith("CUSTOM_"), name))


# ---------------------------------------------------------------- internals
def _respond(provider: models.Provider) -> flask.Response:
    return responses.make({"traits": order(provider.traits),
                           _GENERATION: provider.generation},
                          modified=provider.updated_at)


def _parse_filter(given: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {}
    for value in given.getlist("name")[-1:]:
        wanted.update(_parse_name(value))
    for value in given.getlist("associated")[-1:]:
        if value.lower() not in ("true", "false"):
            raise errors.Problem(
                400, 'The query parameter "associated" only accepts "true" '
                     'or "false"')
        wanted["associated"] = value.lower() == "true"
    return wanted


def _parse_name(value: str) -> Iterable[tuple[str, Any]]:
    operator, colon, argument = value.partition(":")
    if not colon:
        raise errors.Problem(
            400, "Badly formatted name parameter. Expected name query string "
                 "parameter in form: "
                 "?name=[in|startswith]:[name1,name2|prefix]. "
                 f'Got: "{value}"')
    if operator == "in":
        yield "names", frozenset(argument.split(","))
    elif operator == "startswith":
        yield "prefix", argument
