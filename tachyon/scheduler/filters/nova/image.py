"""ImagePropertiesFilter: hosts that can run what an image holds."""

import dataclasses
from typing import Any

from oslo_utils import versionutils

from tachyon import exception
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base
from tachyon.scheduler.host_sources import node
from tachyon.scheduler.host_sources import table


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """What an image asks for. ``kinds`` are those of its architecture, its
    type of hypervisor and its mode that it names."""

    kinds: frozenset[str]
    versions: versionutils.VersionPredicate | None
    address_bits: int | None


class ImagePropertiesFilter(base.ValueFilter):
    """Compares ``hw_architecture``, ``img_hv_type``, ``hw_vm_mode`` and
    ``img_hv_requested_version`` with what a hypervisor supports."""

    on_rebuild = True

    def asked(self, data: scheduler_data.SchedulingData) -> Any:
        image = data.nova.image
        properties = image.properties if image is not None else {}
        kinds = frozenset(str(each).lower() for each in (
            properties.get(
                "hw_architecture",
                self.conf.filter_scheduler
                .image_properties_default_architecture),
            properties.get("img_hv_type"), properties.get("hw_vm_mode"))
            if each)
        if not kinds:
            return None
        versions = properties.get("img_hv_requested_version")
        bits = properties.get("hw_maxphysaddr_bits")
        try:
            return Wanted(
                kinds, versionutils.VersionPredicate(versions)
                if versions else None, int(bits) if bits else None)
        except ValueError as e:
            raise exception.SchedulingDataInvalid(
                action=f"filter {self.name}", reason=str(e)) from e

    def values(self, hosts: scheduler_data.HostSet,
               asked: Any) -> table.Coded:
        return hosts.nodes.coded("hypervisor", hypervisor)

    def refuse(self, value: Any, asked: Any) -> str | None:
        supported, version, cpu_info = value
        kinds = node.parse(supported)
        if not any(asked.kinds <= {str(kind).lower() for kind in each}
                   for each in kinds or () if isinstance(each, list)):
            return "it does not support what the image needs"
        if asked.versions and version and not asked.versions.satisfied_by(
                versionutils.convert_version_to_str(version)):
            return "its hypervisor has another version than the image needs"
        if asked.address_bits:
            bits = node.as_dict(cpu_info).get("maxphysaddr", {}).get("bits")
            if bits and bits < asked.address_bits:
                return "its addresses are too short for the image"
        return None


def hypervisor(each: node.Node) -> tuple[str, int | None, str]:
    """Return what an image may be particular about."""
    return (each.supported_instances_text, each.hypervisor_version,
            each.cpu_info)
