"""Which driver is opened, and what is said if there is none."""

from unittest import mock

import testtools
from oslo_config import cfg

from tachyon import exception
from tachyon import plugins
from tachyon.conf import database
from tachyon.db import load


class TestLoad(testtools.TestCase):

    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        # Copies of a group that is registered twice share their overrides.
        self.conf.register_opts(database.OPTS, group=cfg.OptGroup("database"))
        self.conf([], project="tachyon", default_config_files=[],
                  default_config_dirs=[])

    def test_the_driver_gets_the_configuration(self):
        factory = mock.Mock()
        with mock.patch.object(plugins, "load", return_value=factory) as find:
            self.assertIs(factory.return_value, load.get_driver(self.conf))
        find.assert_called_once_with("tachyon.db.drivers", "sqlite")
        factory.assert_called_once_with(self.conf)

    def test_no_such_driver(self):
        self.conf.set_override("driver", "nope", group="database")
        error = self.assertRaises(exception.PluginError, load.get_driver,
                                  self.conf)
        self.assertIn("nope", str(error))
        self.assertIn("tachyon.db.drivers", str(error))
