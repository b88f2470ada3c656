"""What third-party plug-ins are shown in one try of a decision.

One nova HostState for each host, and one RequestSpec, which all plug-ins of
the try share: what one leaves in them, the next one finds.
"""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from oslo_log import log as logging

from tachyon import exception
from tachyon.scheduler import data as scheduler_data

LOG = logging.getLogger(__name__)

_KEY = "third-party plug-ins"


class Look:
    """``spec`` is nova's RequestSpec."""

    def __init__(self, data: scheduler_data.SchedulingData) -> None:
        # These import nova, which is there since a plug-in was loaded.
        specs = importlib.import_module("tachyon.scheduler.third_party.specs")
        self._states = importlib.import_module(
            "tachyon.scheduler.third_party.states")
        self.spec: Any = specs.make(data)
        self._around = self._states.Surroundings(data, self.spec._context)
        self._by_row: dict[int, Any] = {}
        # Filter: whether it passed those of the rows that it was asked about.
        self.verdicts: dict[str, dict[int, bool]] = {}

    def state(self, host: scheduler_data.Host) -> Any:
        """Return nova's HostState of a host."""
        found = self._by_row.get(host.row)
        if found is None:
            found = self._by_row[host.row] = self._states.State(
                host, self._around)
        return found

    def states(self, hosts: scheduler_data.HostSet) -> list[Any]:
        return [self.state(host) for host in hosts]

    def known(self, host: scheduler_data.Host) -> Any:
        """Return the HostState of a host that a plug-in was shown, None if
        none was."""
        return self._by_row.get(host.row)


def at(data: scheduler_data.SchedulingData) -> Look:
    """Return what plug-ins are shown in this try.

    :raises SchedulingDataInvalid: nova can't read the request.
    """
    found: Look | None = data.kept.get(_KEY)
    if found is None:
        found = data.kept[_KEY] = Look(data)
    return found


@contextlib.contextmanager
def running(name: str) -> Iterator[None]:
    """Have errors of a plug-in be what they are: its own.

    :raises PluginFailed: it did.
    """
    try:
        yield
    except Exception as e:
        LOG.exception("Third-party plug-in %s failed.", name)
        # What else it says may be not for everybody.
        raise exception.PluginFailed(name=name,
                                     error=type(e).__name__) from e
