"""A request in the words of RPC versions 4.0 to 4.2: two dicts.

Nova still sends it so where its ``[upgrade_levels] scheduler`` says so. It is
put into the RequestSpec that came after: the objects in the dicts travel in
envelopes, as they do in that, and some may be dicts themselves.
"""

import json
from collections.abc import Mapping
from typing import Any

from tachyon import exception
from tachyon.scheduler.nova import wire

# The oldest: its fields that are not here have defaults.
_VERSION = "1.0"
_OF_INSTANCE = ("project_id", "user_id", "availability_zone", "numa_topology",
                "pci_requests")
_OF_FILTERS = ("ignore_hosts", "force_hosts", "force_nodes",
               "requested_destination", "instance_group")
# What filters look at, by Glance's names.
_GLANCE = {"architecture": "hw_architecture", "vm_mode": "hw_vm_mode",
           "hypervisor_type": "img_hv_type",
           "hypervisor_version_requires": "img_hv_requested_version"}
_TRAIT = "trait:"


def compose(request_spec: object, filter_properties: object
            ) -> dict[str, Any]:
    """Return a RequestSpec as it travels.

    :raises MalformedMessage:
    """
    spec = _dict(request_spec, "request_spec")
    filters = _dict(filter_properties, "filter_properties")
    instance = _instance(spec.get("instance_properties"))
    data = {name: instance.get(name) for name in _OF_INSTANCE}
    if isinstance(data["numa_topology"], str):
        data["numa_topology"] = _parsed(data["numa_topology"])
    data |= {name: filters[name] for name in _OF_FILTERS if name in filters}
    if filters.get("group_updated") is True and "instance_group" not in data:
        data["instance_group"] = _group(filters)
    return wire.write("RequestSpec", _VERSION, {
        **data,
        "instance_uuid": instance.get("uuid"),
        "num_instances": spec.get("num_instances", 1),
        "image": image(spec.get("image")),
        "flavor": _object(spec.get("instance_type"), "Flavor"),
        "scheduler_hints": {
            name: value if isinstance(value, list) else [value]
            for name, value in _dict(filters.get("scheduler_hints"),
                                     "scheduler_hints").items()}})


def _dict(value: object, name: str) -> Mapping[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise exception.MalformedMessage(reason=f"its {name} is no mapping")
    return value


def _object(value: object, name: str) -> Any:
    """Return an object, in an envelope if it has none; None for nothing."""
    if not value or wire.is_a(value, name):
        return value or None
    return wire.write(name, f"{wire.MAJORS.get(name, '1')}.0",
                      _dict(value, name))


def _instance(value: object) -> Mapping[str, Any]:
    if not wire.is_a(value, "Instance"):
        return _dict(value, "instance_properties")
    found = wire.read(value, "Instance")
    return {name: found.raw(name) for name in (*_OF_INSTANCE, "uuid")}


def image(value: object) -> Any:
    """Return an image as it travels, from the words of Glance's API.

    :raises MalformedMessage:
    """
    if not value or wire.is_a(value, "ImageMeta"):
        return value or None
    image = _dict(value, "image")
    return _object({**image, "properties": wire.write(
        "ImageMetaProps", "1.0", _properties(
            _dict(image.get("properties"), "image's properties")))},
        "ImageMeta")


def _properties(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the properties of an image under the names of ImageMetaProps,
    which Glance has others for."""
    found = {_GLANCE.get(name, name): value for name, value in given.items()}
    required = [name.removeprefix(_TRAIT) for name, value in given.items()
                if name.startswith(_TRAIT) and value == "required"]
    if required:
        found["traits_required"] = required
    return found


def _group(filters: Mapping[str, Any]) -> dict[str, Any]:
    return wire.write("InstanceGroup", "1.0", {
        "uuid": filters.get("group_uuid"),
        "policies": filters.get("group_policies"),
        "hosts": filters.get("group_hosts"),
        "members": filters.get("group_members")})


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise exception.MalformedMessage(
            reason="its numa_topology is no JSON") from None
