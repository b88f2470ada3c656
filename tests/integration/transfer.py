"""What tests of moving a Placement have in common: a small cloud to move,
and ``tachyon-manage`` to move it with."""

import contextlib
import io
import logging

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.cmd import manage
from tests.functional.db import test_sqlite
from tests.integration.parts import client

# It logs each body, which hides what matters when a test fails.
logging.getLogger("keystoneauth").setLevel(logging.INFO)

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
        out, err = io.StringIO(), io.StringIO()
        with (contextlib.redirect_stdout(out),
              contextlib.redirect_stderr(err)):
            code = manage.main(["--state-path", self.path, "placement",
                                *argv])
        return code, out.getvalue(), err.getvalue()

    def store(self):
        """Return a driver on that store."""
        driver = test_sqlite.open_sqlite(f"{self.path}/tachyon.sqlite")
        self.addCleanup(driver.close)
        return driver
