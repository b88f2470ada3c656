"""The defaults that suit Tachyon, of options that belong to libraries.

They are set on the options themselves, so that daemons, and the sample of the
configuration file (entry point ``oslo.config.opts.defaults``), have the same.
"""

from oslo_config import cfg
from oslo_log import log as oslo_log
from oslo_middleware import cors
from oslo_middleware.healthcheck import opts as healthcheck_opts

from tachyon.rpc import transport

# Entry points of what ``/healthcheck`` asks.
HEALTH_BACKENDS = ["tachyon_store", "tachyon_bus"]

# What is of no interest to an operator unless it fails.
_QUIET = ("cotyledon=WARNING", "oslo_service=WARNING", "futurist=WARNING",
          "fasteners=WARNING", "neo4j=WARNING", "waitress.queue=ERROR")


def set_defaults() -> None:
    """Set them all; a second time changes nothing."""
    oslo_log.set_defaults(default_log_levels=[
        *oslo_log.get_default_log_levels(), *_QUIET])
    transport.set_defaults()
    set_http_defaults()


def set_http_defaults() -> None:
    """Set those of what stands before the HTTP application."""
    cors.set_defaults(
        allow_headers=["X-Auth-Token", "X-Openstack-Request-Id",
                       "OpenStack-API-Version", "X-Roles"],
        expose_headers=["X-Openstack-Request-Id", "OpenStack-API-Version",
                        "Location"],
        allow_methods=["GET", "PUT", "POST", "PATCH", "DELETE"])
    cfg.set_defaults(healthcheck_opts.HEALTHCHECK_OPTS,
                     backends=HEALTH_BACKENDS)
