"""What the managers of the placement plane have in common."""

from collections.abc import Callable
from typing import TypeVar

import tenacity
from oslo_config import cfg

from tachyon import exception
from tachyon.db import base
from tachyon.placement import view as view_module

_T = TypeVar("_T")
# Seconds. Two writers that met once shall not meet again and again.
_LONGEST_WAIT = 0.02


class Manager:
    """Knows the store and the view of it."""

    def __init__(self, conf: cfg.ConfigOpts, driver: base.DataDriverBase,
                 view: view_module.View):
        self._conf = conf
        self._driver = driver
        self._view = view

    def _retry_conflicts(self, attempt: Callable[[], _T]) -> _T:
        """Return what ``attempt`` does, tried again after a conflict.

        For conflicts that are not of the caller's making; one that is, a
        ``ConsumerGenerationConflict``, is raised at once. ``attempt`` reads
        what it decides on itself.

        :raises ConcurrentUpdate: once too often.
        """
        retries = self._conf.placement.allocation_conflict_retry_count
        return tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_of_others),
            stop=tenacity.stop_after_attempt(retries + 1),
            wait=tenacity.wait_random(0, _LONGEST_WAIT),
            reraise=True)(attempt)


def _is_of_others(error: BaseException) -> bool:
    return (isinstance(error, exception.ConcurrentUpdate)
            and not isinstance(error, exception.ConsumerGenerationConflict))
