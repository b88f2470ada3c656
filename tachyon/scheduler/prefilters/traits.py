"""Pre-filters that ask for what a compute must be able to do."""

import os_traits
from oslo_log import log as logging
from oslo_utils import strutils

from tachyon.scheduler.prefilters import base

LOG = logging.getLogger(__name__)

# Property of an image, and what the trait for its value begins with.
_PREFIXES = {
    "hw_cdrom_bus": "COMPUTE_STORAGE_BUS",
    "hw_disk_bus": "COMPUTE_STORAGE_BUS",
    "hw_video_model": "COMPUTE_GRAPHICS_MODEL",
    "hw_vif_model": "COMPUTE_NET_VIF_MODEL",
    "hw_architecture": "HW_ARCH",
    "hw_emulation_architecture": "COMPUTE_ARCH",
    "hw_viommu_model": "COMPUTE_VIOMMU",
}
# The latest traits are not in every os-traits.
_PACKED = "COMPUTE_NET_VIRTIO_PACKED"
_ENCRYPTION = "COMPUTE_EPHEMERAL_ENCRYPTION"
_SOUND = "COMPUTE_SOUND_MODEL_VIRTIO"
_OWNER = "OWNER_NOVA"
_FORMATS = ("plain", "luks", "luksv2")
_SECRET_SECURITY = ("user", "host", "deployment")
# Since this version of its service a compute marks its providers as nova's.
_OWNER_VERSION = 73


def compute_status_filter(asked: base.Asked) -> None:
    """Keep off computes that are disabled."""
    asked.root_forbidden.add(os_traits.COMPUTE_STATUS_DISABLED)


def require_image_type_support(asked: base.Asked) -> None:
    """Ask for the format of the image's disk."""
    image = asked.request.image
    if (asked.options.query_placement_for_image_type_support
            and not asked.request.is_bfv and image and image.disk_format):
        _require(asked, f"COMPUTE_IMAGE_TYPE_{image.disk_format.upper()}")


def transform_image_metadata(asked: base.Asked) -> None:
    """Ask for the devices that the image is made for."""
    if asked.options.image_metadata_prefilter:
        _require(asked, *(
            f"{prefix}_{value.replace('-', '_').upper()}"
            for key, prefix in _PREFIXES.items()
            if isinstance(value := asked.properties.get(key), str)))


def _require(asked: base.Asked, *traits: str) -> None:
    """Require traits; none of them if there is one that does not exist."""
    for trait in traits:
        if not hasattr(os_traits, trait):
            LOG.error("There is no trait %s: is os-traits up to date?",
                      trait)
            return
    asked.root_required.update(traits)


def accelerators_filter(asked: base.Asked) -> None:
    """Ask for computes that handle accelerators."""
    if asked.extra_specs.get("accel:device_profile"):
        asked.root_required.add(os_traits.COMPUTE_ACCELERATORS)


def packed_virtqueue_filter(asked: base.Asked) -> None:
    """Ask for packed virtqueues."""
    if asked.flag("virtio_packed_ring"):
        asked.root_required.add(_PACKED)


def remote_managed_ports_filter(asked: base.Asked) -> None:
    """Ask for computes that handle ports of SmartNICs.

    The conductor makes a PCI request of each such port, and marks it.
    """
    if any(strutils.bool_from_string(spec.says("remote_managed"))
           for each in asked.request.pci_requests for spec in each.specs):
        asked.root_required.add(os_traits.COMPUTE_REMOTE_MANAGED_PORTS)


def ephemeral_encryption_filter(asked: base.Asked) -> None:
    """Ask for encrypted ephemeral disks."""
    if not asked.flag("ephemeral_encryption"):
        return
    asked.root_required.add(_ENCRYPTION)
    form = asked.word("ephemeral_encryption_format")
    if form:
        if form not in _FORMATS:
            raise base.refuse(f"{form} is no format of encryption.")
        asked.root_required.add(f"{_ENCRYPTION}_{form.upper()}")


def virtio_sound_filter(asked: base.Asked) -> None:
    """Ask for virtio sound devices."""
    if asked.word("sound_model") == "virtio":
        asked.root_required.add(_SOUND)


def tpm_secret_security_filter(asked: base.Asked) -> None:
    """Ask for the way in which the secret of a virtual TPM is kept."""
    if asked.word("tpm_version") is None:
        return
    security = asked.extra_specs.get("hw:tpm_secret_security") or "user"
    if security not in _SECRET_SECURITY:
        raise base.refuse(f"hw:tpm_secret_security {security} is not "
                          "supported.")
    asked.root_required.add(
        f"COMPUTE_SECURITY_TPM_SECRET_SECURITY_{security.upper()}")


def owner_nova_filter(asked: base.Asked) -> None:
    """Ask for providers of nova's own, once all computes mark theirs."""
    if asked.facts.oldest_version >= _OWNER_VERSION:
        asked.root_required.add(_OWNER)
        asked.device_required.add(_OWNER)
