"""The spec of an instance: what a caller asked for, resolved.

A flavor's name becomes amounts here, so that a later change of the flavor
changes nothing that was accepted before. The same spec is stored with an
instance, scheduled, and explained in a dry run.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base as db_base
from tachyon.db import models

TRAIT_FIELDS = ("required_traits", "forbidden_traits", "preferred_traits",
                "avoided_traits")


def resolve(driver: db_base.DataDriverBase,
            request: Mapping[str, Any]) -> dict[str, Any]:
    """Return the spec of a create request that its schema has let through.

    Resources: those of the flavor, each replaced by what ``resources`` says
    of its class, and those of further classes. An amount of 0 takes a class
    out.

    :raises ValidationError: the flavor is unknown, nothing is left to be
        allocated, or a trait is wanted and unwanted at once.
    """
    try:
        flavor = driver.flavors.get(request["flavor"])
    except exception.FlavorNotFound as e:
        raise exception.ValidationError(field="flavor", reason=str(e)) from e
    spec: dict[str, Any] = {
        "flavor": flavor.name,
        "image": request["image"],
        "resources": _resources(flavor, request.get("resources", {})),
        "aggregates": _unique(request.get("aggregates", ())),
        "scheduler_hints": dict(request.get("scheduler_hints", {})),
    }
    for field in TRAIT_FIELDS:
        spec[field] = _unique(request.get(field, ()))
    _check_opposed(spec, "required_traits", "forbidden_traits")
    _check_opposed(spec, "preferred_traits", "avoided_traits")
    return spec


def _resources(flavor: models.Flavor,
               wanted: Mapping[str, int]) -> dict[str, int]:
    amounts = {"VCPU": flavor.vcpus, "MEMORY_MB": flavor.memory_mb,
               "DISK_GB": flavor.disk_gb, **wanted}
    resources = {name: amount for name, amount in amounts.items() if amount}
    if not resources:
        raise exception.ValidationError(
            field="resources", reason="nothing is left to be allocated.")
    return resources


def _unique(values: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _check_opposed(spec: Mapping[str, Any], wanted: str,
                   unwanted: str) -> None:
    both = sorted(set(spec[wanted]) & set(spec[unwanted]))
    if both:
        raise exception.ValidationError(
            field=unwanted, reason=f"{', '.join(both)} is in {wanted} too.")
