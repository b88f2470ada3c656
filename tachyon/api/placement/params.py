"""Parameters of query strings that hold more than one value.

Each function takes what one key was given and returns what it means, or
raises a 400 that says how it should have looked. What a key may hold depends
on the version that the caller speaks.
"""

import uuid as uuid_module
from collections.abc import Sequence

from oslo_utils import uuidutils

from tachyon.api import errors
from tachyon.api import microversion
from tachyon.db import models

# More than any inventory can give at once, and still an int64: what asks for
# even more asks for no more than this.
MORE_THAN_ANY = models.MAX_INT + 1


def parse_resources(value: str) -> dict[str, int]:
    """Return amounts by resource class: ``VCPU:2,MEMORY_MB:1024``."""
    form = ("Badly formed resources parameter. Expected resources query "
            "string parameter in form: ?resources=VCPU:2,MEMORY_MB:1024. "
            "Got: ")
    if not value.strip():
        raise errors.Problem(400, form + "empty string.")
    resources = {}
    for item in value.split(","):
        name, colon, amount = item.partition(":")
        if not colon or ":" in amount:
            raise errors.Problem(400, f"{form}{item}.")
        resources[name] = _parse_amount(name, amount)
    return resources


def _parse_amount(name: str, value: str) -> int:
    try:
        amount = int(value)
    except ValueError:
        raise errors.Problem(
            400, f"Requested resource {name} expected positive integer "
                 f"amount. Got: {value}.") from None
    if amount < 1:
        raise errors.Problem(
            400, f"Requested resource {name} requires amount >= 1. "
                 f"Got: {amount}.")
    return min(amount, MORE_THAN_ANY)


Traits = tuple[frozenset[str], tuple[frozenset[str], ...], frozenset[str]]
# Since when a trait may be forbidden, and more than one value be given, each
# perhaps a choice.
_FORBIDDEN_TRAITS = (1, 22)
_ANY_TRAITS = (1, 39)
# The same of aggregates.
_SEVERAL_MEMBER_OF = (1, 24)
_FORBIDDEN_MEMBER_OF = (1, 32)


def parse_traits(values: Sequence[str],
                 version: microversion.Version = microversion.MAX_VERSION
                 ) -> Traits:
    """Return traits required, sets of which one is, and traits forbidden.

    Forms: ``A,!B`` and ``in:A,B``. Of several values, each holds; of old,
    the last one.
    """
    if version < _ANY_TRAITS:
        values = values[-1:]
    required: set[str] = set()
    any_of: list[frozenset[str]] = []
    forbidden: set[str] = set()
    for value in values:
        if value.startswith("in:") and version >= _ANY_TRAITS:
            any_of.append(_parse_any_of(value))
            continue
        wanted, unwanted = parse_flat_traits(value, version)
        required |= wanted
        forbidden |= unwanted
    return frozenset(required), tuple(any_of), frozenset(forbidden)


def _parse_any_of(value: str) -> frozenset[str]:
    traits = frozenset(item.strip() for item in value[3:].split(","))
    if "" in traits:
        raise errors.Problem(
            400, "Invalid query string parameters: Expected 'required' "
                 "parameter value of the form: "
                 "in:HW_CPU_X86_VMX,CUSTOM_MAGIC. "
                 f"Got an empty trait in: {value}")
    if any(trait.startswith("!") for trait in traits):
        raise errors.Problem(
            400, "Invalid query string parameters: The format "
                 "'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' does not support "
                 f"forbidden traits. Got: {value}")
    return traits


def parse_flat_traits(
        value: str, version: microversion.Version = microversion.MAX_VERSION
        ) -> tuple[frozenset[str], frozenset[str]]:
    """Return traits required and traits forbidden: ``A,!B``.

    Any number of ``!`` forbids, as in Placement.
    """
    if value.startswith("in:"):
        raise errors.Problem(
            400, "Invalid query string parameters: The format "
                 "'in:HW_CPU_X86_VMX,CUSTOM_MAGIC' only supported since "
                 f"microversion 1.39. Got: {value}")
    may_forbid = version >= _FORBIDDEN_TRAITS
    form = ("Invalid query string parameters: Expected 'required' parameter "
            "value of the form: HW_CPU_X86_VMX,"
            f"{'!' if may_forbid else ''}CUSTOM_MAGIC. Got")
    items = [item.strip() for item in value.split(",")]
    required = frozenset(i for i in items if not i.startswith("!"))
    forbidden = frozenset(i.lstrip("!") for i in items if i.startswith("!"))
    if "" in required | forbidden:
        raise errors.Problem(400, f"{form} an empty trait in: {value}")
    if forbidden and not may_forbid:
        raise errors.Problem(400, f"{form}: {value}")
    return required, forbidden


def parse_member_of(
        values: Sequence[str],
        version: microversion.Version = microversion.MAX_VERSION,
        suffix: str = "") -> tuple[tuple[frozenset[str], ...], frozenset[str]]:
    """Return sets of aggregates, of each of which one is wanted, and
    aggregates forbidden: ``A``, ``in:A,B``, ``!A``, ``!in:A,B``."""
    if len(values) > 1 and version < _SEVERAL_MEMBER_OF:
        raise errors.Problem(
            400, f"Multiple member_of{suffix} parameters are not supported")
    wanted: list[frozenset[str]] = []
    forbidden: frozenset[str] = frozenset()
    for value in values:
        words = value.removeprefix("!")
        if "," in value and not words.startswith("in:"):
            raise errors.Problem(
                400, "Multiple values for 'member_of' must be prefixed with "
                     "the 'in:' or '!in:' keyword using the valid "
                     f"microversion. Got: {value}")
        listed = words.startswith("in:")
        uuids = words[3:].split(",") if listed else [words]
        aggregates = frozenset(map(_aggregate, uuids))
        if value.startswith("!"):
            if version < _FORBIDDEN_MEMBER_OF:
                raise errors.Problem(
                    400, f"Forbidden member_of{suffix} parameters are not "
                         "supported in the specified microversion")
            forbidden |= aggregates
        else:
            wanted.append(aggregates)
    return tuple(wanted), forbidden


def _aggregate(value: str) -> str:
    """Return a uuid as it is spelt: so it is kept, and compared."""
    if not uuidutils.is_uuid_like(value):
        raise errors.Problem(
            400, "Invalid query string parameters: Expected 'member_of' "
                 f"parameter to contain valid UUID(s). Got: {value}")
    return value


def parse_in_tree(value: str) -> str:
    """Return the uuid of a provider, as it is spelt: none has another."""
    value = value.strip()
    if not uuidutils.is_uuid_like(value):
        raise errors.Problem(
            400, "Invalid query string parameters: Expected 'in_tree' "
                 f"parameter to be a format of uuid. Got: {value}")
    return value


def normalise_uuid(value: str) -> str:
    """Return a uuid as it is stored.

    :raises ValueError: it is none.
    """
    if not uuidutils.is_uuid_like(value):
        raise ValueError(value)
    return str(uuid_module.UUID(value))
