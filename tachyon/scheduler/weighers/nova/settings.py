"""Options that are lists of names with factors: ``name1=1.0, name2=-1.3``."""

import functools
from collections.abc import Sequence

from oslo_log import log as logging

LOG = logging.getLogger(__name__)


def factors(setting: Sequence[str]) -> Sequence[tuple[str, float]]:
    """Return names with their factors; what is none is left out, with a
    warning when it is first seen."""
    return _factors(tuple(setting))


@functools.lru_cache(maxsize=16)
def _factors(setting: tuple[str, ...]) -> tuple[tuple[str, float], ...]:
    found = []
    for each in setting:
        name, _, factor = each.partition("=")
        try:
            found.append((name, float(factor)))
        except ValueError:
            name = ""
        if not name:
            LOG.warning("%r is no name with a factor: it is left out.", each)
    return tuple(pair for pair in found if pair[0])
