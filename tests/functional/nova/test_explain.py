"""``tachyon-manage explain``, of a server of nova's."""

import contextlib
import io
import json
import pathlib

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.cmd import manage
from tachyon.scheduler.nova import errors
from tests.functional.nova import base
from tests.unit.scheduler.nova import messages


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

    # ---------------------------------------------------------------- dry runs
    def write(self, name, content):
        path = pathlib.Path(self.state_path) / name
        path.write_text(content if isinstance(content, str)
                        else json.dumps(content))
        return str(path)

    def test_a_flavor(self):
        self.add_node("n1")
        two = self.add_node("n2", sizes={**base.SIZES, "VCPU": 5},
                            traits=["CUSTOM_A"])
        flavor = self.write("flavor", {"vcpus": 2, "memory_mb": 1024})
        image = self.write("image", {"properties": {
            "trait:CUSTOM_A": "required"}})
        code, told, _ = self.explain("--flavor-file", flavor)
        self.assertEqual(0, code)
        self.assertRegex(told, "^scheduled\n2/2 hosts fit, the best was "
                               "chosen\nhost: n[12]\n")
        self.assertNotIn("more fit", told)
        _, told, _ = self.explain(
            "--flavor-file", flavor, "--image-file", image, "--hint", "a=b",
            "--hint", "a=c", "--volume-backed", "--capacity")
        self.assertIn("\n2 more fit\n", told)
        self.assertRegex(told, rf"\| n2 +\| {two} \| 2 +\|")
        _, told, _ = self.explain("--flavor-file", flavor, "--force-host",
                              "n1-service", "--capacity")
        self.assertIn("\n4 more fit\n", told)

    def test_a_spec(self):
        self.add_node("n1")
        self.config("scheduler", explain_capacity_hosts=0)
        spec = self.write("spec", messages.spec(flavor={"extra_specs": {
            "pci_passthrough:alias": "gpu:1"}}))
        _, told, _ = self.explain("--spec-file", spec, "--capacity")
        self.assertRegex(told, r"more fit \(not exact: pci_requests\)")

    def test_what_can_t_be_asked(self):
        self.add_node("n1")
        good = self.write("good", {"vcpus": 2, "memory_mb": 1024})
        for argv, words in (
                (["--flavor-file", good + "-gone"], "No such file"),
                (["--flavor-file", self.write("bad", "{")], "unexpected end"),
                (["--flavor-file", self.write("list", [])],
                 "server.flavor"),
                (["--flavor-file", good, "--hint", "a"], "not KEY=VALUE"),
                (["--flavor-file", good, "--image-file", self.write(
                    "large", {"min_ram": 2048})], "server.image.min_ram"),
                (["--spec-file", good], "RequestSpec is no RequestSpec"),
                ([uuids.vm, "--capacity"], "--capacity is for")):
            with self.subTest(argv):
                code, told, wrong = self.explain(*argv)
                self.assertEqual((1, ""), (code, told))
                self.assertIn(words, wrong)
                self.assertEqual(1, wrong.count("\n"))

    def test_nova_is_not_served(self):
        self.config(group="nova", enabled=False)
        flavor = self.write("flavor", {"vcpus": 2, "memory_mb": 1024})
        self.assertEqual(
            (1, "", "tachyon-manage: [nova] enabled is off.\n"),
            self.explain("--flavor-file", flavor))

    def test_nothing_is_known(self):
        self.assertEqual(
            (1, "", f"tachyon-manage: No decision on {uuids.vm} is kept.\n"),
            self.explain(uuids.vm))
