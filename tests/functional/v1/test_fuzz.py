"""Requests made up from the OpenAPI document: no 5xx, and every answer is as
the document says."""

import hypothesis
import schemathesis
from hypothesis import strategies
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi_checks

from tachyon.db import models
from tests.functional.v1 import base
from tests.unit.instances import documents

POSITIVE = schemathesis.GenerationMode.POSITIVE
NEGATIVE = schemathesis.GenerationMode.NEGATIVE
CHECKS = [
    checks.not_a_server_error,
    openapi_checks.status_code_conformance,
    openapi_checks.content_type_conformance,
    openapi_checks.response_headers_conformance,
    openapi_checks.response_schema_conformance,
]
SETTINGS = hypothesis.settings(
    max_examples=20, derandomize=True, database=None, deadline=None,
    phases=(hypothesis.Phase.generate,),
    suppress_health_check=list(hypothesis.HealthCheck))


class TestFuzz(base.TestCase):

    def setUp(self):
        super().setUp()
        self.scheduler.answer = documents.make("scheduled")
        self.schema = schemathesis.openapi.from_wsgi(
            f"{base.PREFIX}/openapi.json", self.app)

    def make_known(self):
        """Return parameters of paths that lead to something: made-up ones
        never do."""
        instance = self.driver.instances.get(self.make_vm()["id"])
        self.driver.instances.fail(
            instance.id, self.claim(instance.id), "nothing fits",
            self.make_decision(instance, documents.make()))
        self.driver.services.report([
            models.Heartbeat("one", "tachyon-compute", serves=("*",))])
        return {
            "instances": {"id": self.make_idle_vm()},
            "flavors": {"name": "m1.large"},
            "services": {"id": self.driver.services.list()[0].id},
            "requests": {"id": instance.request_id},
        }

    def fuzz(self, mode):
        """Return the statuses that each operation was answered with."""
        found = {}
        for result in self.schema.get_all_operations():
            operation = result.ok()
            takes_any = operation.body or any(operation.iter_parameters())
            if mode is POSITIVE or takes_any:
                found[operation.label] = self.fuzz_one(operation, mode)
        return found

    def fuzz_one(self, operation, mode):
        statuses = set()
        known = self.make_known().get(operation.path.split("/")[3], {})

        @hypothesis.seed(1)
        @SETTINGS
        @hypothesis.given(case=operation.as_strategy(generation_mode=mode),
                          exists=strategies.booleans())
        def run(case, exists):
            if exists and mode is POSITIVE:
                if case.path_parameters:
                    case.path_parameters = {**case.path_parameters, **known}
                if case.query and "resources" in case.query:
                    case.query = {"resources": "VCPU:1"}
                if isinstance(case.body, dict) and "flavor" in case.body:
                    case.body = {**case.body, "flavor": "m1.small"}
            answer = case.call(headers={"X-Auth-Token": "admin"})
            statuses.add(answer.status_code)
            case.validate_response(answer, checks=CHECKS)

        run()
        return statuses

    def test_what_fits_the_document(self):
        for operation, statuses in self.fuzz(POSITIVE).items():
            # Of each operation some must have got through.
            self.assertTrue(statuses & {200, 201, 202, 204},
                            (operation, statuses))
            self.assertEqual(set(), statuses & {401, 403, 405, 413, 415},
                             operation)

    def test_what_does_not(self):
        for operation, statuses in self.fuzz(NEGATIVE).items():
            self.assertTrue(max(statuses) < 500, (operation, statuses))
            self.assertTrue(statuses & {400, 401}, (operation, statuses))
