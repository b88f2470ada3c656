"""``tachyon-manage placement audit``, against a Nova over HTTP."""

import contextlib
import io
from unittest import mock

import fixtures
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.cmd import manage
from tachyon.transfer import audit
from tachyon.transfer import client
from tests.functional.db import test_sqlite
from tests.functional.transfer import fake_nova


class TestAudit(test_sqlite.SQLiteCase):

    def setUp(self):
        super().setUp()
        self.nova = self.useFixture(fake_nova.FakeNova())
        for host in "host", "other":
            self.make_provider(host, VCPU=100, MEMORY_MB=1000)

    def audit(self, *argv, url=None):
        """Return the exit code and what was printed."""
        out, err = io.StringIO(), io.StringIO()
        config = f"{self.state_path}/test.conf"
        with open(config, "w") as file:
            file.write(f"[database]\nsqlite_path = {self.path}\n")
        with (contextlib.redirect_stdout(out),
              contextlib.redirect_stderr(err)):
            code = manage.main([
                "--config-file", config, "placement", "audit", "--nova-url",
                url or self.nova.url, "--token", "admin", *argv])
        return code, out.getvalue(), err.getvalue()

    def give(self, name, provider="host", **values):
        uuid = getattr(uuids, name)
        values = {"consumer_type": "INSTANCE", **values}
        return self.take(uuid, {getattr(uuids, provider): {
            "VCPU": 2, "MEMORY_MB": 10}}, **values)

    def orphan_line(self, name, kind="INSTANCE", provider="host"):
        return (f"consumer {getattr(uuids, name)} ({kind}) is unknown to "
                "Nova: 10 MEMORY_MB, 2 VCPU of provider "
                f"{getattr(uuids, provider)}\n")

    def consumers(self):
        return {each.uuid for page in self.driver.bulk.consumers()
                for each in page}

    # ------------------------------------------------------------------ finds
    def test_nothing_is_wrong(self):
        self.assertEqual((0, "", ""), self.audit())

    def test_what_nova_knows_is_left_alone(self):
        """Servers, also of a cell that is down; migrations under way; and
        what is none of Nova's business."""
        for name in "one", "two", "three", "down":
            self.give(name)
            self.nova.servers.append(getattr(uuids, name))
        self.nova.hidden.add(uuids.down)
        self.give("moving", consumer_type="MIGRATION")
        self.give("resized", consumer_type="unknown")
        self.nova.migrations = [
            (uuids.a, "done"), (uuids.b, "error"), (uuids.moving, "running"),
            (uuids.resized, "finished")]
        self.give("reserved", consumer_type="RESERVATION")
        before = self.consumers()
        self.assertEqual((0, "", ""), self.audit("--delete"))
        self.assertEqual(before, self.consumers())

    def test_our_own_instances_are_left_alone(self):
        instance = self.submit()
        message = self.claim_message(instance.id)
        self.land(instance.id, message.attempt)
        self.assertEqual((0, "", ""), self.audit("--delete"))

    def test_orphans_are_told(self):
        self.give("gone")
        self.give("moved", consumer_type="MIGRATION")
        self.nova.migrations = [(uuids.moved, "confirmed")]
        before = self.consumers()
        code, out, err = self.audit()
        self.assertEqual((3, ""), (code, err))
        self.assertEqual({self.orphan_line("gone"),
                          self.orphan_line("moved", "MIGRATION")},
                         set(out.splitlines(keepends=True)))
        self.assertEqual(before, self.consumers())

    def test_of_one_provider(self):
        self.give("gone")
        self.give("also", provider="other")
        self.assertEqual(
            (3, self.orphan_line("also", provider="other"), ""),
            self.audit("--resource_provider", uuids.other))

    def test_what_is_counted_wrong_is_told(self):
        self.miscount(uuids.host, "VCPU", 7)
        told = f"provider {uuids.host}: VCPU used 7, allocated 0\n"
        self.assertEqual((3, told, ""), self.audit())
        self.assertEqual((0, "", ""), self.audit(
            "--resource-provider", uuids.other))

    # ---------------------------------------------------------------- deletes
    def test_delete(self):
        self.give("gone")
        self.give("here")
        self.nova.servers.append(uuids.here)
        self.miscount(uuids.other, "VCPU", 7)
        code, _out, err = self.audit("--delete")
        self.assertEqual((4, ""), (code, err))
        self.assertEqual({uuids.here}, self.consumers())
        self.assertEqual((2, 0), (self.used(uuids.host),
                                  self.used(uuids.other)))
        self.assertEqual((0, "", ""), self.audit("--delete"))

    def test_what_somebody_changed_meanwhile_is_left_alone(self):
        self.give("gone")
        find = audit.find

        def overtaken(*args):
            findings = find(*args)
            self.give("gone", generation=1)
            return findings

        with mock.patch.object(audit, "find", overtaken):
            code, _out, err = self.audit("--delete")
        self.assertEqual(1, code)
        self.assertIn(f"consumer {uuids.gone} was changed", err)
        self.assertEqual({uuids.gone}, self.consumers())

    # ----------------------------------------------------------------- errors
    def test_unknown_provider(self):
        code, out, err = self.audit("--resource_provider", uuids.nope)
        self.assertEqual((127, ""), (code, out))
        self.assertIn(uuids.nope, err)

    def test_nova_can_not_be_asked(self):
        self.give("gone")
        port = self.nova.url.partition("/v2.1")[0]
        self.nova.token = "secret"
        self.useFixture(fixtures.MockPatchObject(client, "RETRIES", 0))
        for name, told, url in (
                ("token", "401", None),
                ("nobody there", "http://127.0.0.1:1", "http://127.0.0.1:1"),
                ("not Nova", "is this the endpoint", port)):
            with self.subTest(name):
                code, out, err = self.audit("--delete", url=url)
                self.assertEqual((1, ""), (code, out))
                self.assertIn(told, err)
                self.assertEqual(1, err.count("\n"))
                self.nova.token = "admin"
        self.assertEqual({uuids.gone}, self.consumers())
