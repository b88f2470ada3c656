"""Resource providers."""

from typing import Any

import flask
from oslo_utils import uuidutils

from tachyon import exception
from tachyon.api import errors
from tachyon.api import microversion
from tachyon.api import responses
from tachyon.api import routing
from tachyon.api import validation
from tachyon.api.placement import params
from tachyon.api.placement.schemas import resource_providers as schemas
from tachyon.db import models
from tachyon.placement import providers
from tachyon.placement import query
from tachyon.policies import resource_providers as policies

ROUTES = routing.Table()

# What a provider links to, and since when.
_LINKS = {"inventories": "1.0", "usages": "1.0", "aggregates": "1.1",
          "traits": "1.6", "allocations": "1.11"}
_CREATE = 'Unable to create resource provider "{provider}", {created}: '
_SAVE = "Unable to save resource provider {uuid}: "
_NO_PARENT = ("Object action create failed because: parent provider UUID "
              "does not exist.")


def _body(call: routing.Call, provider: models.Provider) -> dict[str, Any]:
    url = responses.url("resource_providers", provider.uuid)
    links = [{"rel": "self", "href": url}]
    links += [{"rel": rel, "href": f"{url}/{rel}"}
              for rel, since in _LINKS.items() if call.since(since)]
    place = {}
    if call.since("1.14"):
        place = {"parent_provider_uuid": provider.parent_uuid,
                 "root_provider_uuid": provider.root_uuid}
    return {
        "uuid": provider.uuid,
        "name": provider.name,
        "generation": provider.generation,
        **place,
        "links": links,
    }


@ROUTES.route(
    "GET", "/resource_providers", rule=policies.LIST, accept=True,
    query=schemas.LIST,
    raises={
        exception.ResourceClassNotFound: errors.Rule(
            400, detail="Invalid resource class in resources parameter: "
                        "{error}"),
        exception.TraitNotFound: errors.Rule(
            400, detail='Invalid trait(s) in "required" parameter: {error}'),
    })
def list_providers(call: routing.Call) -> flask.Response:
    """List the providers that match all filters."""
    found = call.placement.providers.list(
        call.context, _parse_filter(call.query, call.version))
    return responses.make(
        {"resource_providers": [_body(call, provider) for provider in found]},
        modified=max((provider.updated_at for provider in found),
                     default=None))


@ROUTES.route(
    "POST", "/resource_providers", rule=policies.CREATE, body=schemas.POST,
    raises={
        exception.ParentProviderNotFound: errors.Rule(
            400, detail=_CREATE + _NO_PARENT),
        exception.ProviderLoop: errors.Rule(
            400, detail=_CREATE + "Object action create failed because: "
                        "parent provider UUID cannot be same as UUID. Please "
                        "set parent provider UUID to None if there is no "
                        "parent."),
    })
def create_provider(call: routing.Call) -> flask.Response:
    """Create a provider, under a uuid of the caller's choice or a new one."""
    name = call.body["name"]
    uuid = params.normalise_uuid(
        call.body.get("uuid") or uuidutils.generate_uuid())
    call.words.update(provider=name, created=uuid)
    provider = call.placement.providers.create(
        call.context, uuid, name, call.body.get("parent_provider_uuid"))
    location = responses.url("resource_providers", provider.uuid)
    if not call.since("1.20"):
        return responses.make_empty(201, location=location)
    return responses.make(_body(call, provider),
                          modified=provider.updated_at, location=location)


@ROUTES.route("GET", "/resource_providers/<uuid>", rule=policies.SHOW,
              accept=True)
def show_provider(call: routing.Call, uuid: str) -> flask.Response:
    """Show one provider."""
    provider = call.placement.providers.get(call.context, uuid)
    return responses.make(_body(call, provider),
                          modified=provider.updated_at)


@ROUTES.route(
    "PUT", "/resource_providers/<uuid>", rule=policies.UPDATE,
    body=schemas.PUT, provider_first=True,
    raises={
        exception.DuplicateProvider: errors.Rule(
            409, errors.DUPLICATE_NAME,
            "Conflicting resource provider {value} already exists."),
        exception.ParentProviderNotFound: errors.Rule(
            400, detail=_SAVE + _NO_PARENT),
        exception.ProviderLoop: errors.Rule(
            400, detail=_SAVE + "Object action update failed because: "
                        "creating loop in the provider tree is not allowed."),
        exception.ProviderHasParent: errors.Rule(
            400, detail=_SAVE + "Object action update failed because: "
                        "{action} a provider is not currently allowed."),
    })
def update_provider(call: routing.Call, uuid: str) -> flask.Response:
    """Rename a provider, and where a parent is given, even as null, move
    it."""
    providers = call.placement.providers
    if "parent_provider_uuid" in call.body:
        provider = providers.update(
            call.context, uuid, call.body["name"],
            call.body["parent_provider_uuid"],
            only_adopt=not call.since("1.37"))
    else:
        provider = providers.rename(call.context, uuid, call.body["name"])
    return responses.make(_body(call, provider),
                          modified=provider.updated_at)


@ROUTES.route(
    "DELETE", "/resource_providers/<uuid>", rule=policies.DELETE,
    raises={
        exception.ResourceProviderNotFound: errors.Rule(
            404, detail="No resource provider with uuid {uuid} found for "
                        "delete"),
        exception.ProviderInUse: errors.Rule(
            409, errors.PROVIDER_IN_USE,
            "Unable to delete resource provider {uuid}: Resource provider "
            "has allocations."),
    })
def delete_provider(call: routing.Call, uuid: str) -> flask.Response:
    """Delete a provider that has neither children nor allocations."""
    call.placement.providers.delete(call.context, uuid)
    return responses.make_empty()


# ---------------------------------------------------------------- internals
def _parse_filter(given: validation.Query, version: microversion.Version
                  ) -> providers.ProviderFilter:
    last = {key: values[-1] for key, values in given.lists()}
    member_of, forbidden_aggregates = params.parse_member_of(
        given.getlist("member_of"), version)
    required, required_any, forbidden = params.parse_traits(
        given.getlist("required"), version)
    in_tree, resources = last.get("in_tree"), last.get("resources")
    return providers.ProviderFilter(
        name=last.get("name") or None, uuid=last.get("uuid"),
        group=query.RequestGroup(
            resources=({} if resources is None
                       else params.parse_resources(resources)),
            required=required, required_any=required_any,
            forbidden=forbidden, member_of=member_of,
            forbidden_aggregates=forbidden_aggregates, in_tree=in_tree))
