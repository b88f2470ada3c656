"""Whether this process can do its work: what ``/healthcheck`` asks.

oslo.middleware's healthcheck answers load balancers, without a token; here
are the backends that ``[healthcheck] backends`` names by their entry points.
"""

import logging
from typing import Any
from wsgiref import types

from oslo_config import cfg
from oslo_middleware import healthcheck
from oslo_middleware import opts as middleware_opts
from oslo_middleware.healthcheck import pluginbase

from tachyon import exception
from tachyon.db import base
from tachyon.rpc import transport

LOG = logging.getLogger(__name__)

PATH = "/healthcheck"
# Under which a backend finds the store in the middleware's configuration.
DRIVER = "tachyon_driver"


class StoreCheck(pluginbase.HealthcheckBaseExtension):
    """Whether the store answers. Without it, nothing can be answered."""

    def healthcheck(self, server_port: int) -> pluginbase.HealthcheckResult:
        try:
            found = self.conf[DRIVER].health()
        except exception.TachyonException as error:
            LOG.warning("Not healthy: %s", error)
            return pluginbase.HealthcheckResult(
                False, "store: unavailable", str(error))
        return pluginbase.HealthcheckResult(True, "store: OK", _tell(found))


class BusCheck(pluginbase.HealthcheckBaseExtension):
    """Whether the bus answers. Without it this process still answers all:
    what was asked of schedulers is stored, and found there."""

    def healthcheck(self, server_port: int) -> pluginbase.HealthcheckResult:
        try:
            transport.probe(self.oslo_conf)
        except exception.BusUnavailable as error:
            LOG.warning("%s", error)
            return pluginbase.HealthcheckResult(
                True, "bus: unavailable", str(error))
        return pluginbase.HealthcheckResult(True, "bus: OK")


def make_app(conf: cfg.ConfigOpts, driver: base.DataDriverBase,
             rest: types.WSGIApplication) -> types.WSGIApplication:
    """Return the application that answers health checks, and leaves those
    which are not from ``[healthcheck] allowed_source_ranges`` to the rest.
    """
    for group, options in middleware_opts.list_opts_healthcheck():
        conf.register_opts(options, group=group)
    return healthcheck.Healthcheck(rest, {DRIVER: driver})


def _tell(found: Any) -> str:
    return ", ".join(f"{name}: {value}" for name, value in found.items())
