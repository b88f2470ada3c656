import dataclasses
from unittest import mock

from oslo_utils import uuidutils

from tachyon.db import models
from tests.functional.v1 import base

OFF = {"status": "disabled", "disabled_reason": "new memory"}


class TestServices(base.TestCase):

    def setUp(self):
        super().setUp()
        self.driver.services.report([
            models.Heartbeat("one", "tachyon-compute", serves=("one", "r*")),
            models.Heartbeat("one", "tachyon-api")])

    def services_by_binary(self):
        body = self.tell("GET", "/services")
        return {service["binary"]: service for service in body["services"]}

    def test_they_are_listed(self):
        service = self.services_by_binary()["tachyon-compute"]
        self.assertEqual(
            ("one", ["one", "r*"], "enabled", None, "up"),
            tuple(service[key] for key in (
                "host", "serves", "status", "disabled_reason", "state")))

    def test_who_was_not_heard_of_is_down(self):
        self.config(service_down_time=0.2)
        self.patch_age(0.2 + 0.1)
        self.assertEqual("down",
                         self.services_by_binary()["tachyon-api"]["state"])
        self.patch_age(0.2)
        self.assertEqual("up",
                         self.services_by_binary()["tachyon-api"]["state"])

    def patch_age(self, age):
        found = [dataclasses.replace(service, age=age)
                 for service in self.driver.services.list()]
        patcher = mock.patch.object(self.driver.services, "list",
                                    return_value=found)
        patcher.start()
        self.addCleanup(patcher.stop)

    def test_off_and_on_again(self):
        id = self.services_by_binary()["tachyon-compute"]["id"]
        path = f"/services/{id}"

        body = self.tell("PATCH", path, OFF)
        self.assertEqual(OFF, {key: body[key] for key in OFF})
        body = self.tell("PATCH", path, {"status": "enabled"})
        self.assertEqual(("enabled", None),
                         (body["status"], body["disabled_reason"]))
        body = self.tell("PATCH", path, {**OFF, "disabled_reason": None})
        self.assertEqual(("disabled", None),
                         (body["status"], body["disabled_reason"]))

    def test_what_makes_no_sense(self):
        id = self.services_by_binary()["tachyon-compute"]["id"]
        cases = [
            ({**OFF, "status": "enabled"}, "disabled_reason"),
            ({**OFF, "status": "up"}, "status"),
            ({**OFF, "disabled_reason": ""}, "disabled_reason"),
            ({**OFF, "disabled_reason": 1}, "disabled_reason"),
            ({**OFF, "disabled_reason": "a" * 256}, "disabled_reason"),
            ({**OFF, "host": "two"}, "host"),
            ({}, "status"),
            ([], "body"),
        ]
        for body, field in cases:
            with self.subTest(body):
                error = self.refuse(400, "PATCH", f"/services/{id}", body)
                self.assertEqual(field, error["field"])

    def test_one_that_is_gone_is_forgotten(self):
        id = self.services_by_binary()["tachyon-api"]["id"]

        self.tell("DELETE", f"/services/{id}", status=204)

        self.assertEqual({"tachyon-compute"}, set(self.services_by_binary()))
        self.refuse(404, "DELETE", f"/services/{id}")

    def test_unknown_ones(self):
        path = f"/services/{uuidutils.generate_uuid()}"
        self.refuse(404, "PATCH", path, OFF)
        self.refuse(404, "DELETE", path)

    def test_they_are_for_admins(self):
        path = f"/services/{self.services_by_binary()['tachyon-api']['id']}"
        for method, where, body in (("GET", "/services", None),
                                    ("PATCH", path, OFF),
                                    ("DELETE", path, None)):
            self.refuse(403, method, where, body, token="alice:demo")
