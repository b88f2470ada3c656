"""A request as an operator would type it: flavor, image, hints.

It becomes the RequestSpec that nova-api would have sent, as it travels, so
that it is read and decided like that. What nova-api makes of a flavor with
knowledge of its own (cells of a NUMA topology, devices of PCI aliases) is not
made here.
"""

from collections.abc import Mapping
from typing import Any

from tachyon import exception
from tachyon.scheduler.nova import legacy
from tachyon.scheduler.nova import wire

_VERSION = "1.14"
# Flavors of nova's have these names in their objects, too.
_OF_FLAVOR = ("name", "vcpus", "memory_mb", "root_gb", "ephemeral_gb", "swap",
              "extra_specs")
_AS_THEY_ARE = ("project_id", "user_id", "availability_zone", "ignore_hosts")


def compose(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return a RequestSpec as it travels.

    :raises ValidationError: the flavor is too small for the image.
    """
    flavor, image = asked["flavor"], asked.get("image")
    _check_minimums(flavor, image or {}, asked.get("volume_backed", False))
    return wire.write("RequestSpec", _VERSION, {
        **{name: asked[name] for name in _AS_THEY_ARE if name in asked},
        "flavor": wire.write("Flavor", "1.2", {
            name: flavor[name] for name in _OF_FLAVOR if name in flavor}),
        "image": legacy.image(image),
        "is_bfv": asked.get("volume_backed", False),
        "scheduler_hints": {
            name: [value] if isinstance(value, str) else value
            for name, value in asked.get("hints", {}).items()},
        "force_hosts": _listed(asked.get("force_host")),
        "force_nodes": _listed(asked.get("force_node")),
        "requested_destination": _destination(asked)})


def _destination(asked: Mapping[str, Any]) -> dict[str, Any] | None:
    wanted = {name: asked[name] for name in ("host", "node") if name in asked}
    return wire.write("Destination", "1.4", wanted) if wanted else None


def _listed(value: str | None) -> list[str] | None:
    return None if value is None else [value]


def _check_minimums(flavor: Mapping[str, Any], image: Mapping[str, Any],
                    volume_backed: bool) -> None:
    """Refuse what nova-api would."""
    # A root disk of 0 is as large as the image.
    root_gb = 0 if volume_backed else flavor.get("root_gb", 0)
    for field, least, given, unit in (
            ("min_ram", image.get("min_ram", 0), flavor["memory_mb"], "MiB"),
            ("min_disk", image.get("min_disk", 0),
             root_gb or image.get("min_disk", 0), "GiB")):
        if given < least:
            raise exception.ValidationError(
                field=f"server.image.{field}",
                reason=f"the image needs {least} {unit}, and the flavor has "
                       f"{given}.")
