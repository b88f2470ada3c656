"""Companions: whether others of a group are where a claimer saw them."""

from collections.abc import Mapping

from tachyon import exception
from tachyon.db import models

# Of who has anything, of which providers.
Places = Mapping[str, frozenset[str]]


def check(wanted: models.Companions, places: Places) -> None:
    """See that they are where they were seen, and nowhere else, given where
    these, and maybe others, are.

    :raises CompanionsMoved:
    """
    if wanted.seen != {uuid: providers for uuid, providers in places.items()
                       if uuid in wanted.uuids}:
        raise exception.CompanionsMoved(group=wanted.group_uuid)
