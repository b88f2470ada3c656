"""``tachyon-manage explain``, of a server of nova's."""

import contextlib
import io

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.cmd import manage
from tachyon.scheduler.nova import errors
from tests.functional.nova import base


class TestExplain(base.NovaCase):

    db_driver = "sqlite"

    def explain(self, *argv):
        out, err = io.StringIO(), io.StringIO()
        with (contextlib.redirect_stdout(out),
              contextlib.redirect_stderr(err)):
            code = manage.main(["--state-path", self.state_path, "explain",
                                *argv])
        return code, out.getvalue(), err.getvalue()

    def test_a_server(self):
        self.add_node("n1", sizes={**base.SIZES, "VCPU": 2})
        self.add_node("n2")
        self.select([uuids.vm], flavor={"vcpus": 4})
        code, told, _ = self.explain(uuids.vm)
        self.assertEqual(0, code)
        self.assertIn(f"{self.context.request_id}  ", told)
        self.assertIn("1/2 hosts fit, the best was chosen\nhost: n2\n", told)
        self.assertIn("1 short of VCPU (n1)", told)
        self.assertRegex(told, r"\| 1 +\| n2 +\|")

    def test_one_that_found_none(self):
        self.add_node("n1")
        self.assertRaises(errors.NoValidHost, self.select, [uuids.vm],
                          flavor={"vcpus": 9})
        _, told, _ = self.explain(uuids.vm)
        self.assertIn("no_candidates\n0/1 hosts: 1 short of VCPU\n", told)
        self.assertRegex(told, r"\| n1 +\| short of VCPU")

    def test_all_of_them(self):
        self.add_node("n1")
        for cpus in (9, 1):
            self.context.request_id = f"req-{cpus}"
            with contextlib.suppress(errors.NoValidHost):
                self.select([uuids.vm], flavor={"vcpus": cpus})
        _, told, _ = self.explain(uuids.vm, "--all")
        self.assertLess(told.index("req-1"), told.index("req-9"))
        self.assertNotIn("req-9", self.explain(uuids.vm)[1])

    def test_nothing_is_known(self):
        self.assertEqual(
            (1, "", f"tachyon-manage: No decision on {uuids.vm} is kept.\n"),
            self.explain(uuids.vm))
