"""Selections: what a conductor is answered, one list a server."""

from collections.abc import Mapping
from typing import Any

import orjson

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.nova import wire

# The microversion in whose words allocation requests are written.
ALLOCATION_VERSION = "1.36"
# Conductors whose RequestSpec has this minor version know Selection 1.1.
_ZONE_SINCE = 14
_NO_LIMITS = dict.fromkeys(("disk_gb", "memory_mb", "numa_topology", "vcpu"))


def version_for(spec_minor: int) -> str:
    """Return the version of Selection that a conductor is sure to know, by
    the minor version of the RequestSpec it sent."""
    return "1.1" if spec_minor >= _ZONE_SINCE else "1.0"


def write(chosen: scheduler_data.Selection, version: str) -> dict[str, Any]:
    """Return a Selection as nova reads it.

    Nothing is to be claimed where there are no allocations: a rebuild.
    """
    place = chosen.place
    assert place is not None
    claimed = bool(chosen.allocations)
    data = {
        "compute_node_uuid": chosen.provider_uuid,
        "service_host": place.host, "nodename": place.nodename,
        "cell_uuid": place.cell_uuid,
        "limits": wire.write("SchedulerLimits", "1.0",
                             {**_NO_LIMITS, **chosen.limits}),
        "allocation_request": orjson.dumps(
            _allocation_request(chosen) if claimed else None).decode(),
        "allocation_request_version": ALLOCATION_VERSION if claimed else None}
    if version != "1.0":
        data["availability_zone"] = place.availability_zone
    return wire.write("Selection", version, data)


def write_old(chosen: scheduler_data.Selection) -> dict[str, Any]:
    """Return what conductors before RPC version 4.5 read."""
    assert chosen.place is not None
    return {"host": chosen.place.host, "nodename": chosen.place.nodename,
            "limits": {}}


def _allocation_request(chosen: scheduler_data.Selection
                        ) -> Mapping[str, Any]:
    return {"allocations": {uuid: {"resources": dict(resources)}
                            for uuid, resources
                            in chosen.allocations.items()},
            "mappings": {suffix: list(uuids) for suffix, uuids
                         in chosen.mappings.items()}}
