"""nova in Tachyon's process: neither gets into the other's way."""

import json
import pathlib
import subprocess
import sys

from oslo_config import cfg
from oslo_versionedobjects import base as ovo_base

from tachyon import conf as tachyon_conf
from tachyon import exception
from tachyon import objects
from tachyon.scheduler import enabled
from tachyon.scheduler.third_party import library
from tests import base
from tests.integration.parts import processes

ACME = "tests.unit.scheduler.third_party.acme"


class TestLibrary(base.TestCase):

    def find(self, name, base=library.FILTER):
        return library.find(self.conf, f"{ACME}.{name}", base)

    def test_options_stay_apart(self):
        self.config("filter_scheduler", enabled_filters=["ComputeFilter"])
        self.find("RackFilter")
        import nova.conf

        self.assertIs(tachyon_conf.CONF, cfg.CONF)
        self.assertIs(library.OPTIONS, nova.conf.CONF)
        self.assertIsNot(cfg.CONF, nova.conf.CONF)
        self.assertIs(nova.conf.CONF, sys.modules[ACME].CONF)
        self.assertEqual(["ComputeFilter"],
                         cfg.CONF.filter_scheduler.enabled_filters)
        self.assertIn("ComputeCapabilitiesFilter",
                      nova.conf.CONF.filter_scheduler.enabled_filters)
        self.assertNotIn("acme", cfg.CONF)

    def test_objects_stay_apart(self):
        """nova has an InstanceAction, too; each is found by its version."""
        self.find("RackFilter")
        for name in objects.__all__:
            cls = getattr(objects, name)
            self.assertIs(cls, ovo_base.VersionedObject.obj_class_from_name(
                name, cls.VERSION))

    def test_a_class_or_a_function(self):
        self.assertEqual(["RackFilter"], list(self.find("RackFilter")))
        self.assertEqual(
            ["RackFilter", "RoomFilter", "EmptyFilter", "SecondGpuFilter",
             "StopFilter", "BrokenFilter"], list(self.find("all_filters")))

    def test_what_is_none(self):
        for name, kind, reason in (
                ("Nowhere", library.FILTER, "AttributeError"),
                ("CONF", library.FILTER, "is no nova.scheduler.filters"),
                ("CalmWeigher", library.FILTER, "is no nova.scheduler.filt"),
                ("RackFilter", library.WEIGHER, "is no nova.scheduler.weig")):
            with self.subTest(name):
                error = self.assertRaises(exception.PluginError, self.find,
                                          name, kind)
                self.assertIn(reason, str(error))
                self.assertIs(tachyon_conf.CONF, cfg.CONF)

    def test_no_such_module(self):
        error = self.assertRaises(
            exception.PluginError, library.find, self.conf,
            "acme.nowhere.Filter", library.FILTER)
        self.assertIn("acme.nowhere.Filter", str(error))

    def test_whose_a_path_is(self):
        self.assertEqual(
            [False, False, False, True],
            [library.is_foreign(path) for path in (
                "ComputeFilter", "nova.scheduler.filters.all_filters",
                "tachyon.FragmentationWeigher", "acme.filters.RackFilter")])


class TestProcess(base.TestCase):
    """A process of its own: nova is imported once, and for good."""

    PROGRAM = """
import json, sys
from tachyon import deploy
from tachyon import exception
from tachyon.conf import CONF
from tachyon.scheduler.third_party import library
deploy.set_defaults(CONF)
CONF(["--config-file", sys.argv[1]], project="tachyon")
found = {"before": "nova" in sys.modules}
sys.modules["nova"] = None
try:
    library.find(CONF, sys.argv[2], library.WEIGHER)
except exception.PluginError as e:
    found["without"] = str(e)
del sys.modules["nova"]
cls, = library.find(CONF, sys.argv[2], library.WEIGHER).values()
found.update(
    multiplier=cls().weight_multiplier(None),
    database=sys.modules["nova.conf"].CONF.database.connection,
    exchange=CONF.control_exchange, eventlet=bool(sys.modules["eventlet"]))
print(json.dumps(found))
"""

    def test_it(self):
        nova, tachyon = (f"{self.state_path}/{name}.conf"
                         for name in ("nova", "tachyon"))
        pathlib.Path(nova).write_text(
            "[database]\nconnection = sqlite:///there\n"
            "[acme]\ncalm_weight_multiplier = 2.5\n")
        pathlib.Path(tachyon).write_text(
            f"[nova]\nconfig_files = {nova}\n")
        done = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", self.PROGRAM, tachyon,
             f"{ACME}.CalmWeigher"], capture_output=True, text=True,
            cwd=processes.ROOT)
        self.assertEqual(0, done.returncode, done.stderr)
        found = json.loads(done.stdout)
        self.assertIn("can't be imported", found.pop("without"))
        self.assertEqual({
            "before": False, "multiplier": 2.5,
            "database": "sqlite:///there", "exchange": "tachyon",
            "eventlet": False}, found)


class TestEnabled(base.TestCase):

    def names(self, made):
        return [type(each).__name__ for each in made.current().values()]

    def test_in_the_order_of_the_option(self):
        self.config("filter_scheduler", available_filters=[
            "nova.scheduler.filters.all_filters", f"{ACME}.all_filters"],
            enabled_filters=["RackFilter", "ComputeFilter", "RoomFilter"])
        self.assertEqual(
            ["ThirdPartyFilter", "ComputeFilter", "ThirdPartyFilter"],
            self.names(enabled.nova_filters(self.conf)))

    def test_instead_of_one_of_novas(self):
        self.config("filter_scheduler",
                    available_filters=[f"{ACME}.ComputeFilter"],
                    enabled_filters=["ComputeFilter", "AllHostsFilter"])
        self.assertEqual(["ThirdPartyFilter", "AllHostsFilter"],
                         self.names(enabled.nova_filters(self.conf)))

    def test_one_that_is_not_available(self):
        self.config("filter_scheduler", enabled_filters=["RackFilter"])
        self.assertRaises(exception.PluginError, enabled.nova_filters,
                          self.conf)

    def test_weighers_by_their_paths(self):
        self.config("filter_scheduler", weight_classes=[
            f"{ACME}.CalmWeigher", "nova.scheduler.weights.ram.RAMWeigher"])
        made = enabled.nova_weighers(self.conf)
        self.assertEqual(["CalmWeigher", "RAMWeigher"],
                         list(made.current()))
        self.assertEqual(["ThirdPartyWeigher", "RAMWeigher"],
                         self.names(made))
