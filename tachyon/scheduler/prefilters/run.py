"""All pre-filters, one after another."""

from collections.abc import Callable
from typing import Any

from oslo_config import cfg

from tachyon.placement import snapshot as snapshot_module
from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.prefilters import aggregates
from tachyon.scheduler.prefilters import base
from tachyon.scheduler.prefilters import networks
from tachyon.scheduler.prefilters import traits

ALL: tuple[Callable[[base.Asked], None], ...] = (
    aggregates.require_tenant_aggregate,
    aggregates.map_az_to_placement_aggregate,
    traits.require_image_type_support,
    traits.compute_status_filter,
    aggregates.isolate_aggregates,
    traits.transform_image_metadata,
    traits.accelerators_filter,
    traits.packed_virtqueue_filter,
    networks.routed_networks_filter,
    traits.remote_managed_ports_filter,
    traits.ephemeral_encryption_filter,
    traits.virtio_sound_filter,
    traits.tpm_secret_security_filter,
    traits.owner_nova_filter,
)


def run(conf: cfg.ConfigOpts, request: Any,
        facts: facts_module.Facts,
        snapshot: snapshot_module.Snapshot) -> base.Needs:
    """Return what is to be added to the query of a request.

    :raises SchedulingDataInvalid: no host can satisfy it.
    """
    asked = base.Asked(conf, request, facts, snapshot)
    for prefilter in ALL:
        prefilter(asked)
    return asked.needs()
