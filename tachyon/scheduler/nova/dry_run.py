"""Dry runs of nova's requests: what would be decided, with nothing claimed.

They leave no trace: neither the host source nor the store hears of them.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from oslo_config import cfg

from tachyon import context as tachyon_context
from tachyon import exception
from tachyon.db import base as db_base
from tachyon.scheduler import explain
from tachyon.scheduler import pipeline as scheduler_pipeline
from tachyon.scheduler.data_drivers import base as data_drivers_base
from tachyon.scheduler.nova import plain
from tachyon.scheduler.nova import request
from tachyon.scheduler.nova import servers

# Why fewer may fit than are counted: only the compute knows the insides of
# its host, and where the first of an affinity group goes, all others must.
NUMA, DEVICES, GROUP = "numa_topology", "pci_requests", "server_group"
_ALIAS = "pci_passthrough:alias"
# Properties, in extra specs after ``hw:``, of guests with NUMA cells.
_OF_CELLS = ("numa_nodes", "mem_page_size", "cpu_policy")
_NO_CELLS = (None, "shared")


class DryRuns:
    """One a process; many threads call it."""

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase,
                 pipeline: scheduler_pipeline.Pipeline,
                 data_driver: data_drivers_base.DataDriver) -> None:
        self._conf = conf
        self._driver = driver
        self._pipeline = pipeline
        self._data_driver = data_driver

    def explain(self, context: tachyon_context.RequestContext,
                asked: Mapping[str, Any], hosts: Sequence[str] = (),
                capacity: bool = False) -> dict[str, Any]:
        """Return the document of the decision on one server.

        :param asked: ``server``, in plain words (see ``plain``), or
            ``request_spec``, as nova sends it.
        :param hosts: those of which every reason is wanted.
        :param capacity: tell, too, how many more fit.
        :raises SchedulingDataInvalid: it makes no sense.
        :raises ValidationError:
        :raises DriverUnavailable: of the store, or of nova's databases.
        """
        spec = self._read(asked)
        if capacity and spec.is_rebuild:
            raise refuse("a rebuild takes nothing, so any number fits.")
        data = self._data_driver.initialise(context, spec)
        data.dry_run = True
        data.named_hosts = tuple(dict.fromkeys(hosts))
        data.counted, data.bounds = capacity, _bounds(spec)
        try:
            self._pipeline.run_all([data], servers.Servers(
                self._conf, self._driver, spec, ()))
        except exception.HostSourceUnavailable as e:
            raise exception.DriverUnavailable(reason=str(e)) from e
        assert data.verdict is not None
        return explain.document(data, self._conf, data.verdict)

    def _read(self, asked: Mapping[str, Any]) -> request.RequestSpec:
        try:
            return request.read(
                plain.compose(asked["server"]) if "server" in asked
                else asked.get("request_spec"))
        except exception.MalformedMessage as e:
            raise refuse(str(e.kwargs["reason"])) from e


def _bounds(spec: request.RequestSpec) -> tuple[str, ...]:
    """Return what lets fewer fit than can be counted."""
    image = spec.image.properties if spec.image is not None else {}
    cells = spec.numa_topology is not None or any(
        value not in _NO_CELLS for name in _OF_CELLS
        for value in (spec.flavor.extra_specs.get(f"hw:{name}"),
                      image.get(f"hw_{name}")))
    devices = spec.pci_requests or _ALIAS in spec.flavor.extra_specs
    group = spec.instance_group
    return tuple(name for name, applies in (
        (NUMA, cells), (DEVICES, devices),
        (GROUP, group is not None and group.policy == "affinity"))
        if applies)


def refuse(reason: str) -> exception.SchedulingDataInvalid:
    """Return the error that says why there is no answer."""
    return exception.SchedulingDataInvalid(action="explain", reason=reason)
