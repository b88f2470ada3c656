"""``tachyon-manage cloud``: clouds in a real store."""

import contextlib
import io
import itertools
from unittest import mock

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon.cmd import manage
from tachyon.db import load
from tachyon.transfer import base
from tachyon.transfer import comparing
from tachyon.transfer import generated
from tachyon.transfer import store
from tests.functional import stores


class TestGenerate(stores.OnEveryDriver):

    def setUp(self):
        super().setUp()
        self.driver = load.get_driver(self.conf)
        self.addCleanup(self.driver.close)
        self.driver.sync()
        self.options = ["--state-path", self.state_path]
        if self.store_options:
            path = f"{self.state_path}/tachyon.conf"
            with open(path, "w") as file:
                for group, options in self.store_options.items():
                    file.write(f"[{group}]\n")
                    file.writelines(f"{name} = {value}\n"
                                    for name, value in options.items())
            self.options += ["--config-file", path]

    def generate(self, *argv):
        """Return the exit code, what was printed, and what was told."""
        out, err = io.StringIO(), io.StringIO()
        with (contextlib.redirect_stdout(out),
              contextlib.redirect_stderr(err)):
            try:
                code = manage.main([*self.options, "cloud", "generate",
                                    *argv])
            except SystemExit as exc:
                code = exc.code
        return code, out.getvalue(), err.getvalue()

    def differences(self, *args):
        """Return what the store has otherwise than a cloud."""
        cloud = generated.GeneratedCloud(*args)
        return [line for line in comparing.run(
            cloud, store.StoreSource(self.driver), mock.Mock())
            # The store has many more than a cloud needs.
            if not line.startswith(("trait ", "resource class "))]

    # ----------------------------------------------------------------- tests
    def test_each_shape(self):
        for shape in generated.SHAPES:
            with self.subTest(shape):
                self.assertEqual(0, self.generate(
                    "--hosts", "3", "--shape", shape, "--fill", "10",
                    "--add")[0])
        providers, consumers = (
            {record.uuid: record for batch in batches for record in batch}
            for batches in (
                itertools.chain(*(generated.GeneratedCloud(
                    3, shape, 10).providers() for shape in generated.SHAPES)),
                itertools.chain(*(generated.GeneratedCloud(
                    3, shape, 10).consumers()
                    for shape in generated.SHAPES))))
        source = store.StoreSource(self.driver)
        self.assertEqual(providers.keys(), {
            record.uuid for batch in source.providers() for record in batch})
        self.assertEqual(consumers.keys(), {
            record.uuid for batch in source.consumers() for record in batch})
        self.assertEqual([], self.driver.bulk.miscounts())

    def test_what_is_told(self):
        self.assertEqual(
            (0, "added 1 names, 12 providers, 0 consumers; 0 were there "
                "before\n", "providers: 12 of 12\n"),
            self.generate("--hosts", "3", "--shape", "numa"))
        self.assertEqual([], self.differences(3, "numa"))

    def test_filled(self):
        code, out, _err = self.generate("--hosts", "2", "--fill", "20")
        count = sum(map(len, generated.GeneratedCloud(
            2, "flat", 20).consumers()))
        self.assertLess(0, count)
        self.assertEqual(
            (0, f"added 0 names, 2 providers, {count} consumers; 0 were "
                "there before\n"), (code, out))
        self.assertEqual([], self.differences(2, "flat", 20))

    def test_a_store_that_has_providers(self):
        self.driver.resource_providers.create(uuids.other, "other", None)
        self.assertEqual(
            (1, "", "tachyon-manage: the store has providers already; --add "
                    "adds to them\n"), self.generate("--hosts", "1"))
        self.assertEqual([uuids.other], [
            each.uuid for batch in store.StoreSource(self.driver).providers()
            for each in batch])
        self.assertEqual(0, self.generate("--hosts", "1", "--add")[0])
        self.assertEqual(2, store.StoreSource(self.driver).size().providers)

    def test_a_smaller_one_grows(self):
        self.generate("--hosts", "2", "--fill", "10")
        known = 2 + sum(map(len, generated.GeneratedCloud(
            2, "flat", 10).consumers()))
        code, out, _err = self.generate("--hosts", "3", "--fill", "20",
                                        "--add")
        self.assertEqual(0, code)
        self.assertIn(f"{known} were there before", out)
        self.assertEqual([], self.differences(3, "flat", 20))

    def test_a_name_that_another_has(self):
        self.driver.resource_providers.create(
            uuids.other, generated.host_name("flat", 1), None)
        code, out, err = self.generate("--hosts", "3", "--add")
        self.assertEqual((1, ""), (code, out))
        self.assertIn(generated.host_name("flat", 1), err)
        self.assertEqual(1, store.StoreSource(self.driver).size().providers)

    def test_interrupted(self):
        add = self.driver.bulk.__class__.add_providers
        calls = itertools.count()

        def interrupted(controller, records):
            if next(calls):
                raise KeyboardInterrupt
            return add(controller, records)

        with mock.patch.object(self.driver.bulk.__class__, "add_providers",
                               interrupted):
            code, out, err = self.generate("--hosts", "300")
        self.assertEqual((130, ""), (code, out))
        self.assertEqual(
            "tachyon-manage: interrupted; with --add, it goes on when it is "
            "run again", err.splitlines()[-1])
        self.assertEqual(base.PROVIDERS,
                         store.StoreSource(self.driver).size().providers)
        self.assertEqual(0, self.generate("--hosts", "300", "--add")[0])
        self.assertEqual([], self.differences(300))

    def test_wrong_usage(self):
        for argv, words in (
                ((), "--hosts"), (("--hosts", "0"), "0 is not 1 or more"),
                (("--hosts", "x"), "invalid number value: 'x'"),
                (("--hosts", "1", "--fill", "101"),
                 "101 is not from 0 to 100"),
                (("--hosts", "1", "--shape", "round"), "round")):
            with self.subTest(argv):
                code, out, err = self.generate(*argv)
                self.assertEqual((2, ""), (code, out))
                self.assertIn(words, err)
