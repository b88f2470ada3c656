"""Coming from OpenStack's Placement: a real one, whole, and all of it."""

import io

import fixtures
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.cmd import manage
from tests.integration import base
from tests.integration.parts import client
from tests.integration.parts import placement

HOSTS = 3
CONSUMERS = 11


def fill(there: client.Client) -> None:
    """Make a small cloud that has one of each: trees, a parent younger than
    its child, sharing storage, custom names, all kinds of consumers."""
    for kind, name in (("resource_classes", "CUSTOM_GOLD"),
                       ("resource_classes", "CUSTOM_UNUSED"),
                       ("traits", "CUSTOM_FAST"), ("traits", "CUSTOM_NONE")):
        there.tell("PUT", f"/{kind}/{name}", status=201)
    there.make_host("storage", uuids.storage, ("MISC_SHARES_VIA_AGGREGATE",),
                    DISK_GB=10_000)
    _put_aggregates(there, uuids.storage, uuids.rack)
    for number in range(HOSTS):
        host, cell = (getattr(uuids, f"{kind}{number}")
                      for kind in ("host", "cell"))
        # The child is there first: its row is older than its parent's.
        there.make_host(f"cell{number}", cell, ("CUSTOM_FAST",),
                        VCPU=64, MEMORY_MB=65536, CUSTOM_GOLD=8)
        there.make_host(f"host{number}", host, ("COMPUTE_NODE",),
                        PCI_DEVICE=4)
        there.tell("PUT", f"/resource_providers/{cell}", {
            "name": f"cell{number}", "parent_provider_uuid": host})
        _put_aggregates(there, host, uuids.rack, uuids.zone)
    for number in range(CONSUMERS):
        there.tell("PUT", f"/allocations/{getattr(uuids, f'vm{number}')}", {
            "allocations": {
                getattr(uuids, f"cell{number % HOSTS}"): {
                    "resources": {"VCPU": 1, "MEMORY_MB": 512}},
                uuids.storage: {"resources": {"DISK_GB": 10}}},
            "project_id": f"project{number % 3}",
            "user_id": f"user{number % 5}", "consumer_generation": None,
            "consumer_type": ("INSTANCE", "MIGRATION",
                              "CONTAINER")[number % 3]}, status=204)


def _put_aggregates(there: client.Client, uuid: str, *rest: str) -> None:
    path = f"/resource_providers/{uuid}"
    generation = there.get(path)["generation"]
    there.tell("PUT", f"{path}/aggregates", {
        "resource_provider_generation": generation, "aggregates": list(rest)})


class Commands:
    """``tachyon-manage`` on a store of the test's own."""

    def setUp(self):
        super().setUp()
        self.path = str(self.make_directory())

    def manage(self, *argv):
        """Return the exit code and what was printed."""
        out = self.useFixture(fixtures.StringStream("out")).stream
        err = io.StringIO()
        with (fixtures.MonkeyPatch("sys.stdout", out),
              fixtures.MonkeyPatch("sys.stderr", err)):
            code = manage.main(["--state-path", self.path, "placement",
                                *argv])
        out.seek(0)
        return code, out.read(), err.getvalue()


class TestImport(Commands, base.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.placement = cls.share(placement.Placement())
        fill(cls.placement.client)

    ADDED = (f"added 4 names, {2 * HOSTS + 1} providers, {CONSUMERS} "
             "consumers; 0 were there before\n")
    SAME = "0 differences, 0 left out\n"

    def sources(self):
        return (("database", ("--database-connection",
                              self.placement.database)),
                ("api", ("--url", self.placement.url, "--token", "admin")))

    def test_all_of_it_comes(self):
        for name, source in self.sources():
            with self.subTest(name):
                self.path = str(self.make_directory())
                code, out, err = self.manage("import", *source)
                self.assertEqual((0, self.ADDED + self.SAME), (code, out))
                self.assertIn(f"providers: {2 * HOSTS + 1} of "
                              f"{2 * HOSTS + 1}\n", err)
