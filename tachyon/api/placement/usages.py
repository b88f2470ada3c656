"""Usages: what is used of a provider, and what a project uses."""

from collections.abc import Mapping
from typing import Any

import flask

from tachyon.api import responses
from tachyon.api import routing
from tachyon.api import validation
from tachyon.api.placement.schemas import allocations as schemas
from tachyon.placement.managers import allocations
from tachyon.policies import allocations as policies
from tachyon.policies import resource_providers as provider_policies

ROUTES = routing.Table()


@ROUTES.route("GET", "/resource_providers/<uuid>/usages",
              rule=provider_policies.USAGES, accept=True)
def show_provider_usages(call: routing.Call, uuid: str) -> flask.Response:
    """Show how much is used of each inventory of a provider."""
    provider = call.placement.providers.get(call.context, uuid)
    return responses.make({
        "resource_provider_generation": provider.generation,
        "usages": {resource_class: inventory.used
                   for resource_class, inventory
                   in provider.inventories.items()}})


def _last(given: validation.Query) -> dict[str, str]:
    return {key: values[-1] for key, values in given.lists()}


def _target() -> Mapping[str, Any]:
    # Decided before the query string is looked at.
    return {"project_id": flask.request.args.get("project_id")}


@ROUTES.route("GET", "/usages", rule=policies.USAGES, since="1.9",
              until="1.37", accept=True, query=schemas.USAGES,
              target=_target)
def sum_usages(call: routing.Call) -> flask.Response:
    """Show what a project, or one of its users, uses in all."""
    usages = call.placement.allocations.list_usages(
        call.context, **_last(call.query), consumer_type=allocations.ALL_TYPES)
    return responses.make({"usages": {
        resource_class: amount for usage in usages
        for resource_class, amount in usage.resources.items()}})


@ROUTES.route("GET", "/usages", rule=policies.USAGES, since="1.38",
              accept=True, query=schemas.USAGES, target=_target)
def show_usages(call: routing.Call) -> flask.Response:
    """Show what a project, or one of its users, uses by consumer type."""
    usages = call.placement.allocations.list_usages(call.context,
                                                    **_last(call.query))
    return responses.make({"usages": {
        usage.consumer_type: {**usage.resources,
                              "consumer_count": usage.consumer_count}
        for usage in usages}})
