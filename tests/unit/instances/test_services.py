import datetime

from oslo_utils import uuidutils

from tachyon import exception
from tachyon.db import models
from tachyon.instances import services
from tests.unit.instances import base


class TestServices(base.TestCase):

    def setUp(self):
        super().setUp()
        self.services = services.ServicesManager(self.conf, self.driver)
        self.driver.services.report([
            models.Heartbeat("one", "tachyon-compute", serves=("one",)),
            models.Heartbeat("one", "tachyon-api"),
            models.Heartbeat("two", "tachyon-compute")])

    def test_all_are_listed_by_binary_and_host(self):
        self.assertEqual(
            [("tachyon-api", "one"), ("tachyon-compute", "one"),
             ("tachyon-compute", "two")],
            [(service.binary, service.host)
             for service in self.services.list(self.admin)])

    def test_up_is_who_was_heard_of_lately(self):
        self.config(service_down_time=60.0)
        seen = datetime.datetime(2026, 2, 25, tzinfo=datetime.UTC)
        for age, up in ((0.0, True), (59.9, True), (60.0, True),
                        (60.1, False), (1e9, False)):
            service = models.Service("id", "one", "tachyon-compute", (), True,
                                     None, seen, age)
            self.assertIs(up, self.services.is_up(service), age)

    def test_disabled_with_a_reason_and_enabled_again(self):
        id = self.services.list(self.admin)[1].id

        off = self.services.update(self.admin, id, enabled=False,
                                   disabled_reason="new memory")
        self.assertEqual((False, "new memory"),
                         (off.enabled, off.disabled_reason))
        on = self.services.update(self.admin, id, enabled=True)
        self.assertEqual((True, None), (on.enabled, on.disabled_reason))
        self.assertEqual([True] * 3, [
            service.enabled for service in self.services.list(self.admin)])

    def test_a_reason_goes_with_disabled_only(self):
        id = self.services.list(self.admin)[0].id

        error = self.assertRaises(
            exception.ValidationError, self.services.update, self.admin, id,
            enabled=True, disabled_reason="none")
        self.assertEqual("disabled_reason", error.field)

    def test_what_is_deleted_is_gone(self):
        first, *others = self.services.list(self.admin)

        self.services.delete(self.admin, first.id)

        self.assertEqual([other.id for other in others], [
            service.id for service in self.services.list(self.admin)])

    def test_unknown_ones(self):
        id = uuidutils.generate_uuid()
        self.assertRaises(exception.ServiceNotFound, self.services.update,
                          self.admin, id, enabled=False)
        self.assertRaises(exception.ServiceNotFound, self.services.delete,
                          self.admin, id)

    def test_they_are_for_admins(self):
        id = self.services.list(self.admin)[0].id
        for act in (lambda: self.services.list(self.alice),
                    lambda: self.services.update(self.alice, id,
                                                 enabled=False),
                    lambda: self.services.delete(self.alice, id)):
            self.assertRaises(exception.PolicyNotAuthorized, act)
        self.assertEqual(3, len(self.services.list(self.admin)))
