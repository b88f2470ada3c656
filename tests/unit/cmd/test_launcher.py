"""What launchers do in their own process."""

import os
from unittest import mock

from oslo_config import cfg

from tachyon.cmd import launcher
from tests import base


class TestMutate(base.TestCase):

    def setUp(self):
        super().setUp()
        self.conf = cfg.ConfigOpts()
        self.conf.register_opt(cfg.ListOpt("shown", default=[], mutable=True))
        self.path = os.path.join(self.state_path, "reread.conf")
        self.write("a")
        self.conf(["--config-file", self.path])

    def write(self, value):
        with open(self.path, "w") as file:
            file.write(f"[DEFAULT]\nshown = {value}\n")

    def test_new_values_hold(self):
        self.assertEqual(["a"], self.conf.shown)
        self.write("b")
        launcher.mutate(self.conf)
        self.assertEqual(["b"], self.conf.shown)

    def test_whoever_looks_meanwhile(self):
        """A thread that looks while files are read sees what was in force,
        and the next one what is."""
        seen = []
        read = self.conf._reload_config_files

        def slowly():
            seen.append(self.conf.shown)
            return read()

        self.write("b")
        with mock.patch.object(self.conf, "_reload_config_files", slowly):
            launcher.mutate(self.conf)
        self.assertEqual([["a"]], seen)
        self.assertEqual(["b"], self.conf.shown)

    def test_what_can_not_be_read(self):
        with open(self.path, "w") as file:
            file.write("[[nonsense")
        launcher.mutate(self.conf)
        self.assertEqual(["a"], self.conf.shown)
