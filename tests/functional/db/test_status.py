"""``tachyon-status upgrade check``, called as the console script calls it."""

import contextlib
import io
import json
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.cmd import status
from tachyon.db.sqlite import connection
from tests.functional.db import test_sqlite

NOBODY = "00000000-0000-0000-0000-000000000000"


class TestStatus(test_sqlite.SQLiteCase):

    def check(self, *argv, **options):
        """Return the exit code, and (code, details) of each check."""
        path = f"{self.state_path}/test.conf"
        options = {"database.sqlite_path": self.path, **options}
        with open(path, "w") as file:
            for name, value in options.items():
                group, _, option = name.rpartition(".")
                file.write(f"[{group}]\n{option} = {value}\n")
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = status.main(["--config-file", path, "upgrade", "check",
                                "--json", *argv])
        checks = json.loads(out.getvalue())["checks"]
        return code, {check["check"]: (check["result"], check["details"])
                      for check in checks}

    def test_all_is_well(self):
        code, checks = self.check()
        self.assertEqual((0, {0}), (code, {code for code, _details
                                           in checks.values()}))
        self.assertRegex(checks["Store"][1], r"sqlite 3\..*, schema \d+")

    def test_for_people_to_read(self):
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            code = status.main(["--state-path", self.state_path,
                                "upgrade", "check"])
        self.assertEqual(0, code)
        self.assertIn("Check: Incomplete Consumers", out.getvalue())

    def test_plug_ins_that_are_missing(self):
        code, checks = self.check(**{
            "scheduler.enabled_filters": "NopeFilter",
            "compute.domain_driver": "nope"})
        result, told = checks["Plug-ins"]
        self.assertEqual((2, 2), (code, result))
        for name in "NopeFilter", "nope":
            self.assertIn(f"Plug-in {name} of", told)

    def test_the_store_can_not_be_reached(self):
        code, checks = self.check(**{
            "database.sqlite_path": "/nope/x.sqlite"})
        self.assertEqual(2, code)
        self.assertEqual(2, checks["Store"][0])
        for name in "Store", "Usage", "Standard Names":
            self.assertIn("/nope: no such directory", checks[name][1])

    def test_the_schema_is_of_another_release(self):
        error = exception.SchemaOutOfDate(found=1, needed=2)
        with mock.patch.object(connection.Store, "_check_version",
                               side_effect=error):
            code, checks = self.check()
        self.assertEqual((2, 2), (code, checks["Store"][0]))
        self.assertIn("run 'tachyon-manage db sync'", checks["Store"][1])

    def test_names_that_the_libraries_know(self):
        with mock.patch("os_traits.get_traits",
                        return_value=["HW_NEW", "COMPUTE_NODE"]):
            code, checks = self.check()
        self.assertEqual((1, 1), (code, checks["Standard Names"][0]))
        self.assertIn("1 standard traits and resource classes, such as "
                      "HW_NEW", checks["Standard Names"][1])

    def test_consumers_of_nobody(self):
        self.make_provider("host", VCPU=4)
        for name in "one", "two":
            self.take(getattr(uuids, name), project_id=NOBODY)
        code, checks = self.check()
        self.assertEqual((1, 1), (code, checks["Incomplete Consumers"][0]))
        self.assertIn("2 consumers", checks["Incomplete Consumers"][1])

    def test_what_is_counted_wrong(self):
        self.make_provider("host", VCPU=4)
        self.miscount(uuids.host, "VCPU", 3)
        code, checks = self.check()
        self.assertEqual((1, 1), (code, checks["Usage"][0]))
        self.assertIn("1 inventories", checks["Usage"][1])

    def test_wrong_configuration(self):
        err = io.StringIO()
        with contextlib.redirect_stderr(err):
            code = status.main(["--config-file", "/nope", "upgrade", "check"])
        self.assertEqual(255, code)
        self.assertEqual(1, err.getvalue().count("\n"))
        self.assertIn("/nope", err.getvalue())
