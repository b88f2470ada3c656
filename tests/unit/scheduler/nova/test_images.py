"""Images of the instances on a host: read from nova's databases, and weighed.
"""

from tachyon import plugins
from tests.unit.scheduler.nova import databases
from tests.unit.scheduler.nova import source_case
from tests.unit.scheduler.nova import test_filters

at = databases.at
UBUNTU = frozenset([("os_distro", "ubuntu"), ("hw_boot_menu", "yes")])
PLAIN = frozenset()


class TestReading(source_case.SourceCase):

    def setUp(self):
        super().setUp()
        self.config("filter_scheduler", image_props_weight_multiplier=1.0)
        self.cloud.add_instance("i1", "h1")
        self.cloud.add_instance("i2", "h1")
        self.cloud.set_image("i1", os_distro="ubuntu", hw_boot_menu="yes")
        self.cloud.insert("c1", "instance_system_metadata", deleted=0,
                          instance_uuid="i1", key="other", value="1")

    def counts(self, source, later=1.0):
        return dict(self.facts(source, later).images.counts)

    def test_they_are_counted_by_host(self):
        self.cloud.add_instance("i3", "h3", "c2")
        self.cloud.set_image("i3", "c2", os_distro="ubuntu",
                             hw_boot_menu="yes")
        self.assertEqual({UBUNTU: {"h1": 1, "h3": 1}, PLAIN: {"h1": 1}},
                         self.counts(self.make()))

    def test_only_for_who_weighs_them(self):
        self.config("filter_scheduler", image_props_weight_multiplier=0.0)
        source = self.make()
        self.assertEqual({}, self.counts(source))
        self.config("filter_scheduler", image_props_weight_multiplier=2.0)
        self.assertEqual({UBUNTU: {"h1": 1}, PLAIN: {"h1": 1}},
                         self.counts(source))

    def test_who_comes_goes_or_is_rebuilt(self):
        source = self.make()
        self.counts(source)
        self.cloud.add_instance("i4", "h2", when=10)
        self.cloud.set_image("i4", os_distro="ubuntu", hw_boot_menu="yes")
        self.cloud.change_instance("i1", deleted=1, updated_at=at(10))
        self.cloud.set_image("i2", os_distro="ubuntu", hw_boot_menu="yes")
        self.cloud.change_instance("i2", updated_at=at(10))
        self.assertEqual({UBUNTU: {"h1": 1, "h2": 1}}, self.counts(source))


class TestWeighing(test_filters.Case):
    """That it agrees with nova's own is in ``test_against_nova``."""

    def weights(self, properties, *setting):
        self.config("filter_scheduler", image_props_weight_multiplier=1.0,
                    image_props_weight_setting=list(setting))
        for number, host in enumerate(self.hosts):
            host["instances"] = [f"i{number}", f"j{number}"]
            host["images"] = {f"i{number}": {
                "os_distro": "ubuntu", "hw_cpu_sockets": "2"}} if number else {
                    "j0": {"hw_boot_menu": "on"}}
        weigher = plugins.load(plugins.NOVA_WEIGHERS,
                               "ImagePropertiesWeigher")(self.conf, "images")
        request = self.request(image={"id": "img1", "properties": properties})
        with test_filters.cloud.looking(self.conf, self.hosts) as hosts:
            return weigher.weigh(hosts, test_filters.cloud.make_data(
                request)).tolist()[:2]

    def test_values_are_texts_to_the_database(self):
        for properties, expected in (
                ({"os_distro": "ubuntu"}, [0, 1]), ({}, [0, 0]),
                ({"os_distro": "Ubuntu", "hw_cpu_sockets": 2}, [0, 1]),
                ({"hw_boot_menu": True}, [1, 0]),
                ({"hw_boot_menu": False}, [0, 0]),
                ({"os_distro": "ubuntu", "hw_cpu_sockets": 2}, [0, 2]),
                ({"os_distro": ["ubuntu"]}, [0, 0])):
            with self.subTest(properties):
                self.assertEqual(expected, self.weights(properties))

    def test_settings_name_what_counts(self):
        self.assertEqual([-1, 2.5], self.weights(
            {"os_distro": "ubuntu", "hw_cpu_sockets": 2,
             "hw_boot_menu": True}, "os_distro=2.5", "hw_boot_menu=-1"))
