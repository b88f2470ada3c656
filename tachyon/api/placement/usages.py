"""Usages: what is used of a provider, and what a project uses."""

from collections.abc import Mapping
from typing import Any

import flask

from tachyon.api import responses
from tachyon.api import routing
from tachyon.api.placement.schemas import allocations as schemas
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


def _target() -> Mapping[str, Any]:
    # Decided before the query string is looked at.
    return {"project_id": flask.request.args.get("project_id")}


@ROUTES.route("GET", "/usages", rule=policies.USAGES, since="1.38",
              accept=True, query=schemas.USAGES_V1_38, target=_target)
def show_usages(call: routing.Call) -> flask.Response:
    """Show what a project, or one of its users, uses by consumer type."""
    given = {key: values[-1] for key, values in call.query.lists()}
    usages = call.placement.allocations.list_usages(call.context, **given)
    return responses.make({"usages": {
        usage.consumer_type: {**usage.resources,
                              "consumer_count": usage.consumer_count}
        for usage in usages}})
