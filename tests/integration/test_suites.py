"""The test suites of Placement's clients, unmodified, against a Tachyon that
runs."""

import uuid

import yaml
from testtools import content

from tests.integration import base
from tests.integration import cloud
from tests.integration.parts import daemons
from tests.integration.parts import keystone
from tests.integration.parts import neo4j
from tests.integration.parts import suites

OSC_PLACEMENT = suites.Suite("osc_placement.tests.functional")
OPENSTACKSDK = suites.Suite("openstack.tests.functional.placement")
# Threads, as Tachyon: nova has eventlet as well, for a while yet.
NOVA = suites.Suite("nova.tests.functional", "test_report_client.py", {
    "OS_NOVA_DISABLE_EVENTLET_PATCHING": "true"})
# Those that openstacksdk's tests want to find; they use the second last.
CLOUDS = ("devstack", "devstack-alt", "devstack-admin",
          "devstack-system-admin")


class SuitesTest(base.TestCase):

    LIMIT = 590

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.store = cls.make_store()
        cls.api = cls.share(cls.make_api({
            # As Placement's own fixture has it, which the suites know.
            "oslo_policy": {"enforce_new_defaults": False}}))

    @classmethod
    def make_store(cls):
        """Return the options of an empty store."""
        return {"database": {
            "sqlite_path": cls.share_directory() / "tachyon.sqlite"}}

    @classmethod
    def make_api(cls, options):
        api = daemons.Api(cls.share_directory(),
                          daemons.merge(cls.store, options))
        api.sync_store()
        return api

    def check(self, suite, count, **env):
        """Run a suite: there are so many tests in it, and all pass."""
        run = self.start(suites.Run(suite, self.api.url,
                                    self.make_directory(), env=env))
        code = run.wait_for_exit(self.LIMIT)
        for test in run.ended:
            if test.status != "success":
                self.addDetail(test.id, content.text_content(test.text))
        self.assertEqual((0, {"success": count}), (code, run.count()))

    def test_osc_placement(self):
        self.check(OSC_PLACEMENT, 160)

    def test_report_client_of_nova(self):
        self.check(NOVA, 18)

    def test_openstacksdk(self):
        """Its users log in to a Keystone."""
        there = keystone.shared()
        self.started.extend(there.servers)
        self.furnish(there.admin)
        project = there.make_project()
        api = self.start(self.make_api(there.api_options(
            there.make_user(project, "service"), project)))
        self.check(OPENSTACKSDK, 8, OS_CLIENT_CONFIG_FILE=str(
            self.write_clouds(there, api.url)))

    def furnish(self, user):
        """Make what the suite expects of a cloud: a host, and an instance of
        its user's. (Without it openstacksdk 4.22 reads a project's usages,
        ``{}``, as one usage without a type.)"""
        host = str(uuid.uuid4())
        self.api.client.make_host(host, host, VCPU=8)
        self.api.client.tell("PUT", f"/allocations/{uuid.uuid4()}", {
            "allocations": {host: {"resources": {"VCPU": 1}}},
            "project_id": user.get_project_id(),
            "user_id": user.get_user_id(), "consumer_type": "INSTANCE",
            "consumer_generation": None}, status=204)

    def write_clouds(self, there, placement_url):
        path = self.make_directory() / "clouds.yaml"
        path.write_text(yaml.safe_dump({"clouds": {name: {
            "auth": {"auth_url": there.url, "username": keystone.ADMIN,
                     "password": there.password,
                     "project_name": keystone.ADMIN,
                     "user_domain_id": keystone.DOMAIN,
                     "project_domain_id": keystone.DOMAIN},
            "region_name": keystone.REGION,
            "placement_endpoint_override": placement_url,
        } for name in CLOUDS}}))
        return path


class SuitesOnNeo4jTest(SuitesTest):

    @classmethod
    def make_store(cls):
        server = neo4j.shared()
        server.clear()
        return cloud.neo4j_options(server)
