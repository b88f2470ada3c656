"""Loading by name: what is missing, broken or of the wrong kind is named."""

import abc
import importlib.metadata
from unittest import mock

from stevedore import extension

from tachyon import exception
from tachyon import plugins
from tests import base

HERE = "tests.unit.test_plugins"
NAMESPACE = "tachyon.tests.plugins"


class Animal(abc.ABC):
    @abc.abstractmethod
    def speak(self) -> str: ...

    @abc.abstractmethod
    def walk(self) -> None: ...


class Dog(Animal):
    def speak(self) -> str:
        return "woof"

    def walk(self) -> None:
        pass


class Cat(Dog):
    pass


class Mute(Animal):
    def walk(self) -> None:
        pass


def make_dog() -> Dog:
    return Dog()


class TestLoad(base.TestCase):
    def setUp(self):
        super().setUp()
        self.points: list[importlib.metadata.EntryPoint] = []
        self.patch(plugins, "BASES", {NAMESPACE: f"{HERE}:Animal"})
        cache = mock.patch.dict(
            extension.ExtensionManager.ENTRY_POINT_CACHE,
            {NAMESPACE: self.points})
        cache.start()
        self.addCleanup(cache.stop)

    def patch(self, obj, attribute, value):
        patcher = mock.patch.object(obj, attribute, value)
        patcher.start()
        self.addCleanup(patcher.stop)

    def add(self, name, target):
        self.points.append(importlib.metadata.EntryPoint(
            name, target, NAMESPACE))

    def reason(self, name):
        error = self.assertRaises(exception.PluginError, plugins.load,
                                  NAMESPACE, name)
        self.assertEqual(name, error.kwargs["name"])
        self.assertEqual(NAMESPACE, error.kwargs["namespace"])
        self.assertIn(name, str(error))
        self.assertIn(NAMESPACE, str(error))
        return error.kwargs["reason"]

    def test_loads(self):
        self.add("dog", f"{HERE}:Dog")
        self.assertEqual("Dog", plugins.load(NAMESPACE, "dog").__name__)

    def test_missing_names_what_is_there(self):
        self.add("dog", f"{HERE}:Dog")
        self.add("cat", f"{HERE}:Cat")
        self.assertEqual("no such entry point; there are: cat, dog",
                         self.reason("bird"))

    def test_missing_where_there_is_nothing(self):
        self.assertEqual("no such entry point; there are: none",
                         self.reason("bird"))

    def test_broken(self):
        for name, target, reason in (
                ("no module", "tests.nowhere:Dog", "ModuleNotFoundError"),
                ("no such class", f"{HERE}:Bird", "AttributeError"),
                ("other kind", f"{HERE}:TestLoad",
                 f"is no {HERE}:Animal"),
                ("a function", f"{HERE}:make_dog", f"is no {HERE}:Animal"),
                ("abstract", f"{HERE}:Mute", f"{HERE}:Mute lacks speak")):
            with self.subTest(name):
                self.add(name, target)
                self.assertIn(reason, self.reason(name))

    def test_assertion_of_a_module_at_import(self):
        self.add("dog", f"{HERE}:Dog")
        self.patch(importlib.metadata.EntryPoint, "load",
                   mock.Mock(side_effect=AssertionError("nine lives")))
        self.assertEqual("AssertionError: nine lives", self.reason("dog"))

    def test_broken_one_that_nobody_named_is_not_in_the_way(self):
        self.add("broken", "tests.nowhere:Dog")
        self.add("dog", f"{HERE}:Dog")
        self.assertEqual("Dog", plugins.load(NAMESPACE, "dog").__name__)

    def test_two_of_one_name(self):
        self.add("dog", f"{HERE}:Dog")
        self.add("dog", f"{HERE}:Cat")
        self.assertEqual(f"several of that name: {HERE}:Cat, {HERE}:Dog",
                         self.reason("dog"))

    def test_one_found_twice(self):
        self.add("dog", f"{HERE}:Dog")
        self.add("dog", f"{HERE}:Dog")
        self.assertEqual("Dog", plugins.load(NAMESPACE, "dog").__name__)

    def test_all_in_the_order_given(self):
        self.add("cat", f"{HERE}:Cat")
        self.add("dog", f"{HERE}:Dog")
        self.assertEqual(["dog", "cat"],
                         list(plugins.load_all(NAMESPACE, ["dog", "cat"])))

    def test_none(self):
        self.assertEqual({}, plugins.load_all(NAMESPACE, []))

    def test_named_twice(self):
        self.add("dog", f"{HERE}:Dog")
        error = self.assertRaises(exception.PluginError, plugins.load_all,
                                  NAMESPACE, ["dog", "dog"])
        self.assertIn("named twice", str(error))

    def test_list_shows_broken_ones_too(self):
        self.add("dog", f"{HERE}:Dog")
        self.add("broken", "tests.nowhere:Dog")
        listed = plugins.list_all()
        self.assertEqual([("broken", "tests.nowhere:Dog"),
                          ("dog", f"{HERE}:Dog")],
                         [(each.name, each.target) for each in listed])
        self.assertIn("ModuleNotFoundError", listed[0].error)
        self.assertIsNone(listed[1].error)


class TestShipped(base.TestCase):
    def test_every_plugin_of_the_project_loads(self):
        listed = plugins.list_all()
        self.assertEqual(
            set(plugins.BASES), {each.namespace for each in listed})
        self.assertEqual([], [each for each in listed if each.error])
