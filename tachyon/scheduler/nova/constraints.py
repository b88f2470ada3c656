"""What flavor and image say in words of their own (``hw:cpu_policy``,
``hw_tpm_version``...), as resources and traits.

Flavors and images were checked by nova's API when they were used. What
contradicts itself all the same is refused.
"""

import collections
from collections.abc import Callable

import os_resource_classes as orc
import os_traits
from oslo_utils import strutils

from tachyon import exception
from tachyon.scheduler.nova import request

_CPU_POLICIES = ("shared", "dedicated", "mixed")
# CPUs are not numbered beyond that, whatever a mask says.
_CPUS_MAX = 4096

_Rule = Callable[["_Asked"], None]


class _Asked:
    """A flavor and an image, and what is made of them."""

    def __init__(self, spec: request.RequestSpec, resources: dict[str, int],
                 required: set[str], forbidden: set[str]):
        self.flavor = spec.flavor
        self.properties = spec.image.properties if spec.image else {}
        self.resources = resources
        self.required = required
        self.forbidden = forbidden

    def flavor_says(self, key: str, prefix: str = "hw") -> str | None:
        return self.flavor.extra_specs.get(f"{prefix}:{key}") or None

    def image_says(self, key: str, prefix: str = "hw") -> object:
        return self.properties.get(f"{prefix}_{key}")

    def one(self, key: str, prefix: str = "hw") -> str | None:
        """Return what flavor or image say.

        :raises ValidationError: they differ.
        """
        flavor, image = self.flavor_says(key, prefix), self.image_says(
            key, prefix)
        if flavor and image and flavor != image:
            raise refuse(f"{prefix}:{key}",
                         "flavor and image contradict each other.")
        found = flavor or image
        return None if not found else str(found)


def refuse(field: str, reason: str) -> exception.ValidationError:
    return exception.ValidationError(field=field, reason=reason)


def apply(spec: request.RequestSpec, resources: dict[str, int],
          required: set[str], forbidden: set[str], pins: bool = True) -> None:
    """Add what flavor and image ask for to the unsuffixed group; without
    ``pins``, not what they say of pinned CPUs.

    :raises ValidationError: they contradict themselves, or each other.
    """
    asked = _Asked(spec, resources, required, forbidden)
    for rule in _RULES:
        if pins or rule is not _cpus:
            rule(asked)


def is_pinned(spec: request.RequestSpec) -> bool:
    """Return whether flavor or image ask for pinned CPUs only.

    :raises ValidationError: they contradict each other.
    """
    return _cpu_policy(_Asked(spec, {}, set(), set())) == "dedicated"


def _traits(asked: _Asked) -> None:
    traits = asked.properties.get("traits_required") or []
    if not isinstance(traits, list) or not all(
            isinstance(trait, str) for trait in traits):
        raise refuse("traits_required", "it is no list of traits.")
    asked.required.update(traits)


# --------------------------------------------------------------- pinned CPUs
def _cpus(asked: _Asked) -> None:
    policy = _cpu_policy(asked)
    if policy in ("dedicated", "mixed"):
        vcpus = asked.flavor.vcpus
        pinned = (vcpus if policy == "dedicated"
                  else len(_pinned(asked, range(vcpus))))
        if policy == "mixed":
            asked.resources[orc.VCPU] = vcpus - pinned
        if asked.flavor_says("emulator_threads_policy") == "isolate":
            pinned += 1
        asked.resources[orc.PCPU] = pinned
    threads = (asked.flavor_says("cpu_thread_policy")
               or asked.image_says("cpu_thread_policy"))
    if threads == "isolate":
        asked.forbidden.add(os_traits.HW_CPU_HYPERTHREADING)
    elif threads == "require":
        asked.required.add(os_traits.HW_CPU_HYPERTHREADING)


def _cpu_policy(asked: _Asked) -> object:
    flavor, image = asked.flavor_says("cpu_policy"), asked.image_says(
        "cpu_policy")
    for policy in (flavor, image):
        if policy and policy not in _CPU_POLICIES:
            raise refuse("hw:cpu_policy", f"{policy} is no policy.")
    if (flavor, image) in (("mixed", "dedicated"), ("shared", "mixed"),
                           ("shared", "dedicated")):
        raise refuse("hw:cpu_policy", "the image asks for more than the "
                                      "flavor gives.")
    return flavor or image


def _pinned(asked: _Asked, cpus: range) -> set[int]:
    """Return which CPUs of a mixed instance are pinned."""
    mask = asked.flavor_says("cpu_dedicated_mask")
    if mask is None and strutils.bool_from_string(
            asked.flavor_says("cpu_realtime")):
        found = (asked.image_says("cpu_realtime_mask")
                 or asked.flavor_says("cpu_realtime_mask"))
        if not found:
            return set(cpus)
        mask = str(found)
    if mask is None:
        raise refuse("hw:cpu_policy", "it is mixed, and nothing says which "
                                      "CPUs are dedicated.")
    pinned = parse_cpus(mask, cpus)
    if not pinned or not pinned <= set(cpus):
        raise refuse("hw:cpu_dedicated_mask", "it names other CPUs than the "
                                              "flavor has.")
    return pinned


def parse_cpus(mask: str, cpus: range) -> set[int]:
    """Return the CPUs that a mask such as ``0-3,^2,6`` names; one that begins
    with an exclusion is taken from all ``cpus``.

    :raises ValidationError: it is no mask.
    """
    kept = set(cpus) if mask.strip().startswith("^") else set[int]()
    left_out = set[int]()
    for part in filter(None, (each.strip() for each in mask.split(","))):
        into = left_out if part.startswith("^") else kept
        first, dash, last = part.removeprefix("^").partition("-")
        try:
            low = int(first)
            high = int(last) if dash else low
        except ValueError:
            raise refuse("hw:cpu_dedicated_mask",
                         f"{part[:20]} is no CPU.") from None
        if not 0 <= low <= high < _CPUS_MAX:
            raise refuse("hw:cpu_dedicated_mask", f"{part[:20]} is no range.")
        into.update(range(low, high + 1))
    return kept - left_out


# -------------------------------------------------------------------- memory
def _encryption(asked: _Asked) -> None:
    wanted = asked.flavor_says("mem_encryption")
    by_flavor = strutils.bool_from_string(wanted)
    by_image = asked.image_says("mem_encryption")
    if wanted is not None and by_image is not None and (
            by_flavor != bool(by_image)):
        raise refuse("hw:mem_encryption",
                     "flavor and image contradict each other.")
    if not (by_flavor or by_image):
        return
    model = asked.one("mem_encryption_model") or "amd-sev"
    if model not in _ENCRYPTION_TRAITS:
        raise refuse("hw:mem_encryption_model", f"{model} is not known.")
    asked.resources[orc.MEM_ENCRYPTION_CONTEXT] = 1
    asked.required.add(_ENCRYPTION_TRAITS[model])


# The latest are not in every os-traits.
_ENCRYPTION_TRAITS = {"amd-sev": "HW_CPU_X86_AMD_SEV",
                      "amd-sev-es": "HW_CPU_X86_AMD_SEV_ES",
                      "amd-sev-snp": "HW_CPU_X86_AMD_SEV_SNP",
                      "intel-tdx": "HW_CPU_X86_INTEL_TDX"}


def _persistent_memory(asked: _Asked) -> None:
    labels = (asked.flavor_says("pmem") or "").split(",")
    counted = collections.Counter(
        orc.normalize_name(f"PMEM_NAMESPACE_{label.strip()}")
        for label in labels if label.strip())
    asked.resources.update(counted)


# ------------------------------------------------------- firmware and devices
def _tpm(asked: _Asked) -> None:
    version = asked.one("tpm_version")
    if version is None:
        return
    model = asked.one("tpm_model") or "tpm-tis"
    try:
        asked.required.update((_TPM_MODELS[model], _TPM_VERSIONS[version]))
    except KeyError as e:
        raise refuse("hw:tpm_version", f"{e} is not known.") from None
    if (model, version) == ("tpm-crb", "1.2"):
        raise refuse("hw:tpm_model", "tpm-crb needs version 2.0.")


_TPM_MODELS = {"tpm-tis": os_traits.COMPUTE_SECURITY_TPM_TIS,
               "tpm-crb": os_traits.COMPUTE_SECURITY_TPM_CRB}
_TPM_VERSIONS = {"1.2": os_traits.COMPUTE_SECURITY_TPM_1_2,
                 "2.0": os_traits.COMPUTE_SECURITY_TPM_2_0}


def _secure_boot(asked: _Asked) -> None:
    if asked.one("secure_boot", "os") == "required":
        asked.required.add(os_traits.COMPUTE_SECURITY_UEFI_SECURE_BOOT)


def _stateless_firmware(asked: _Asked) -> None:
    if asked.image_says("firmware_stateless") and asked.image_says(
            "firmware_type") == "uefi":
        asked.required.add(os_traits.COMPUTE_SECURITY_STATELESS_FIRMWARE)


def _address_bits(asked: _Asked) -> None:
    trait = {"passthrough": os_traits.COMPUTE_ADDRESS_SPACE_PASSTHROUGH,
             "emulate": os_traits.COMPUTE_ADDRESS_SPACE_EMULATED}.get(
        asked.one("maxphysaddr_mode") or "")
    if trait:
        asked.required.add(trait)


def _pci_affinity(asked: _Asked) -> None:
    if asked.one("pci_numa_affinity_policy") == "socket":
        asked.required.add(os_traits.COMPUTE_SOCKET_PCI_NUMA_AFFINITY)


_RULES: tuple[_Rule, ...] = (
    _traits, _cpus, _encryption, _persistent_memory, _tpm, _secure_boot,
    _stateless_firmware, _address_bits, _pci_affinity)
