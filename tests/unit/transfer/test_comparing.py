"""What two sources have in common, and what not."""

import dataclasses
import datetime

import testtools

from tachyon.db import models
from tachyon.transfer import base
from tachyon.transfer import comparing

NOW = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
HOST = models.Provider(
    "u1", "host", 3, None, "u1", NOW, NOW,
    {"VCPU": models.Inventory(total=4, used=1)}, frozenset({"A"}),
    frozenset({"z"}))
VM = models.Consumer(
    "c1", 2, "INSTANCE", "demo", "alice", NOW, NOW,
    {"u1": models.Allocation("u1", 3, {"VCPU": 1})})


class Source(base.Source):
    """Some records, in memory."""

    def __init__(self, providers=(HOST,), consumers=(VM,),
                 classes=("VCPU",), traits=("A",)):
        super().__init__()
        self._records = providers, consumers
        self._names = frozenset(classes), frozenset(traits)

    def size(self):
        return base.Size(*map(len, self._records))

    def resource_classes(self):
        return self._names[0]

    def traits(self):
        return self._names[1]

    def providers(self, known=frozenset()):
        return base.batches(self._records[0], 1)

    def consumers(self, known=frozenset()):
        return base.batches(self._records[1], 1)


class TestComparing(testtools.TestCase):

    def compare(self, found, wanted=None, **more):
        return list(comparing.run(wanted or Source(), found,
                                  lambda *args: None, **more))

    def test_the_same(self):
        """Times, and what follows from the rest, do not count."""
        later = NOW + datetime.timedelta(days=1)
        self.assertEqual([], self.compare(Source(
            [dataclasses.replace(HOST, updated_at=later, inventories={
                "VCPU": models.Inventory(total=4)})],
            [dataclasses.replace(VM, created_at=later, allocations={
                "u1": models.Allocation("u1", 9, {"VCPU": 1})})])))

    def test_each_field_counts(self):
        for told, values in (
                ("name", {"name": "other"}), ("generation", {"generation": 4}),
                ("parent", {"parent_uuid": "p"}),
                ("inventories", {"inventories": {
                    "VCPU": models.Inventory(total=4, step_size=2)}}),
                ("inventories", {"inventories": {}}),
                ("traits", {"traits": frozenset()}),
                ("aggregates", {"aggregates": frozenset({"y"})}),
                ("name, traits", {"name": "x", "traits": frozenset()})):
            with self.subTest(told):
                self.assertEqual(
                    [f"provider u1: differs in {told}"],
                    self.compare(Source([
                        dataclasses.replace(HOST, **values)])))
        for told, values in (
                ("generation", {"generation": 3}), ("type", {"type": "X"}),
                ("project", {"project_id": "x"}), ("user", {"user_id": "x"}),
                ("allocations", {"allocations": {
                    "u1": models.Allocation("u1", 3, {"VCPU": 2})}}),
                ("allocations", {"allocations": {
                    "u2": models.Allocation("u2", 3, {"VCPU": 1})}})):
            with self.subTest(told):
                self.assertEqual(
                    [f"consumer c1: differs in {told}"],
                    self.compare(Source(consumers=[
                        dataclasses.replace(VM, **values)])))

    def test_without_generations(self):
        found = Source([dataclasses.replace(HOST, generation=0)],
                       [dataclasses.replace(VM, generation=1, user_id="x")])
        self.assertEqual(["consumer c1: differs in user"],
                         self.compare(found, generations=False))

    def test_what_only_one_has(self):
        self.assertEqual(
            ["resource class CUSTOM_B: missing",
             "trait CUSTOM_A: not in the source",
             "provider u2: not in the source", "provider u1: missing",
             "consumer c1: missing"],
            self.compare(
                Source([dataclasses.replace(HOST, uuid="u2")], [],
                       ["VCPU", "STANDARD"], ["A", "CUSTOM_A"]),
                Source(classes=["VCPU", "CUSTOM_B"])))
