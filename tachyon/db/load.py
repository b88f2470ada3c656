"""Opens the store that the configuration names."""

from oslo_config import cfg

from tachyon import plugins
from tachyon.db import base


def get_driver(conf: cfg.ConfigOpts) -> base.DataDriverBase:
    """Return the driver that ``[database] driver`` names, opened.

    Call it after the fork, once a process.

    :raises PluginError: it is missing, broken, or not a driver.
    :raises DriverUnavailable:
    """
    factory: type[base.DataDriverBase] = plugins.load(
        plugins.DB_DRIVERS, conf.database.driver)
    return factory(conf)
