"""Jobs: what one caller wants of ``claiming``, all or nothing."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from tachyon.db import models
from tachyon.db.neo4j import landings

# The properties of the instance that landed, if one did.
Result: TypeAlias = Mapping[str, Any] | None


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """Claims, the instance that lands with them, and decisions to be kept.

    Without ``compare`` the consumers' generations are not compared.
    """

    claims: Sequence[models.Claim]
    compare: bool = True
    landing: landings.Landing | None = None
    decisions: Sequence[models.Decision] = ()
    companions: models.Companions | None = None

    @property
    def names(self) -> set[str]:
        """Return the consumers, the group and the instance that it is
        about."""
        names = {claim.consumer_uuid for claim in self.claims}
        if self.companions is not None:
            names.add(self.companions.group_uuid)
        return names if self.landing is None else names | {self.landing.id}

    def result(self, landed: Mapping[str, Mapping[str, Any]]) -> Result:
        """Return its result, given all instances that landed, by id."""
        return None if self.landing is None else landed[self.landing.id]
