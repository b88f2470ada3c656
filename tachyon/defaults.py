"""The defaults that suit Tachyon, of options that belong to libraries.

They are set on the options themselves, so that daemons, and the sample of the
configuration file (entry point ``oslo.config.opts.defaults``), have the same.
"""

from oslo_log import log as oslo_log

from tachyon.rpc import transport

# What is of no interest to an operator unless it fails.
_QUIET = ("cotyledon=WARNING", "oslo_service=WARNING", "futurist=WARNING",
          "fasteners=WARNING", "neo4j=WARNING", "waitress.queue=ERROR")


def set_defaults() -> None:
    """Set them all; a second time changes nothing."""
    oslo_log.set_defaults(default_log_levels=[
        *oslo_log.get_default_log_levels(), *_QUIET])
    transport.set_defaults()
