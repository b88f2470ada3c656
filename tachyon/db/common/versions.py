"""Which code works on which schema.

A schema has a version, and says which code can live with it: the oldest one,
``compatible``, by the version that that code knows. So a store can be brought
up to date while the daemons of the release before go on, if the step there
only added something; a step that takes something away, or gives it another
meaning, names the code that it needs.
"""

import dataclasses
from collections.abc import Sequence
from typing import Generic, TypeVar

from tachyon import exception
from tachyon.db import models

T = TypeVar("T")

# The first version that says with which code it is compatible. The one before
# is compatible with its own code only.
SAYS_COMPATIBLE = 2


@dataclasses.dataclass(frozen=True, slots=True)
class Step(Generic[T]):
    """One step of a migration: what it runs, and the oldest code that works
    on a store where it was taken."""

    statements: T
    compatible: int


def compatible(steps: Sequence[Step[T]]) -> int:
    """Return the oldest code that works where all these steps were taken."""
    return max((step.compatible for step in steps), default=0)


def check(schema: models.Schema) -> None:
    """See that this code works on a store with that schema.

    :raises SchemaOutOfDate:
    """
    if schema.version < schema.known:
        raise exception.SchemaOutOfDate(found=schema.version,
                                        needed=schema.known)
    check_not_beyond(schema)


def check_not_beyond(schema: models.Schema) -> None:
    """:raises SchemaOutOfDate: the schema is of a release that this code
    can't work with."""
    if schema.compatible > schema.known:
        raise exception.SchemaOutOfDate(
            f"The store's schema is at version {schema.version}, for code "
            f"that knows version {schema.compatible} or later; this knows "
            f"{schema.known}: upgrade Tachyon.",
            found=schema.version, needed=schema.known)
