"""What a Placement's database may hold, that no API shows any more."""

import datetime

import fixtures
import sqlalchemy as sa
import testtools
from oslo_utils.fixture import uuidsentinel as uuids
from placement.db.sqlalchemy import models as placement_models

from tachyon import exception
from tachyon.db import models
from tachyon.transfer import base
from tachyon.transfer import database
from tests import base as tests_base

MADE = datetime.datetime(2019, 3, 4, 5, 6, 7)
TABLES = placement_models.BASE.metadata.tables


class TestDatabaseSource(tests_base.TestCase):

    def setUp(self):
        super().setUp()
        self.url = f"sqlite:///{self.state_path}/placement.sqlite"
        self.engine = sa.create_engine(self.url)
        self.addCleanup(self.engine.dispose)
        placement_models.BASE.metadata.create_all(self.engine)
        self.add("resource_classes", id=1, name="VCPU")
        self.add("resource_classes", id=2, name="CUSTOM_GOLD")
        self.add("traits", id=1, name="CUSTOM_FAST")

    def add(self, table, **values):
        with self.engine.begin() as connection:
            connection.execute(TABLES[table].insert().values(**values))

    def add_provider(self, id, parent=None, **values):
        self.add("resource_providers", **{
            "id": id, "uuid": getattr(uuids, f"p{id}"), "name": f"p{id}",
            "generation": 5, "parent_provider_id": parent,
            "root_provider_id": id, **values})
        self.add("inventories", resource_provider_id=id, resource_class_id=1,
                 total=8, reserved=1, min_unit=1, max_unit=8, step_size=1,
                 allocation_ratio=1.5)

    def add_allocation(self, consumer, provider=1, resource_class=1, used=1):
        self.add("allocations", consumer_id=consumer, used=used,
                 resource_provider_id=provider,
                 resource_class_id=resource_class)

    def source(self):
        source = database.DatabaseSource(self.url, "nobody's", "nobody")
        self.addCleanup(source.close)
        return source

    def providers(self, source):
        return [record for batch in source.providers() for record in batch]

    def consumers(self, source):
        return [record for batch in source.consumers() for record in batch]

    def test_an_empty_one(self):
        source = self.source()
        self.assertEqual(base.Size(0, 0), source.size())
        self.assertEqual(({"VCPU", "CUSTOM_GOLD"}, {"CUSTOM_FAST"}),
                         (source.resource_classes(), source.traits()))
        self.assertEqual(([], []), (self.providers(source),
                                    self.consumers(source)))

    def test_times(self):
        """Placement's are of UTC, and may be missing."""
        later = MADE + datetime.timedelta(days=1)
        self.add_provider(1, created_at=MADE, updated_at=later)
        self.add_provider(2, created_at=MADE)
        self.assertEqual(
            [(MADE, later), (MADE, MADE)],
            [(each.created_at.replace(tzinfo=None),
              each.updated_at.replace(tzinfo=None))
             for each in self.providers(self.source())])

    def test_a_child_older_than_its_parent(self):
        self.add_provider(1, parent=3)
        self.add_provider(2, parent=1)
        self.add_provider(3)
        self.assertEqual(
            [(uuids.p3, None), (uuids.p1, uuids.p3), (uuids.p2, uuids.p1)],
            [(each.uuid, each.parent_uuid)
             for each in self.providers(self.source())])

    def test_parents_in_a_circle(self):
        self.add_provider(1, parent=2)
        self.add_provider(2, parent=1)
        self.add_provider(3)
        source = self.source()
        self.assertEqual([uuids.p3],
                         [each.uuid for each in self.providers(source)])
        self.assertEqual(
            [f"provider {uuid}: its parents go round in a circle"
             for uuid in (uuids.p1, uuids.p2)], source.problems)

    def test_consumers_of_old(self):
        """Before 1.8 they had no project, before 1.38 no type."""
        self.add_provider(1)
        self.add("projects", id=1, external_id="demo")
        self.add("users", id=1, external_id="alice")
        self.add("consumers", uuid=uuids.a, project_id=1, user_id=1,
                 generation=4, created_at=MADE)
        for consumer in uuids.a, uuids.b:
            self.add_allocation(consumer)
        self.assertEqual(
            {uuids.a: (4, "unknown", "demo", "alice"),
             uuids.b: (0, "unknown", "nobody's", "nobody")},
            {each.uuid: (each.generation, each.type, each.project_id,
                         each.user_id)
             for each in self.consumers(self.source())})

    def test_allocations_of_what_is_no_more(self):
        self.add_provider(1)
        self.add_allocation(uuids.a)
        self.add_allocation(uuids.a, provider=77)
        self.add_allocation(uuids.b, resource_class=99, used=3)
        source = self.source()
        found, = self.consumers(source)
        self.assertEqual(
            (uuids.a, {uuids.p1: models.Allocation(
                uuids.p1, 0, {"VCPU": 1})}),
            (found.uuid, found.allocations))
        self.assertEqual({
            f"consumer {uuids.a}: an allocation of 1 of VCPU from provider "
            "77 makes no sense",
            f"consumer {uuids.b}: an allocation of 3 of resource class 99 "
            f"from provider {uuids.p1} makes no sense"},
            set(source.problems))

    def test_pages(self):
        self.useFixture(fixtures.MockPatchObject(
            base, "CONSUMERS", 2))
        self.add_provider(1)
        names = [getattr(uuids, name) for name in "abcde"]
        for uuid in names:
            self.add_allocation(uuid)
        source = self.source()
        self.assertEqual(sorted(names),
                         [each.uuid for each in self.consumers(source)])
        self.assertEqual(
            sorted(names[1:]),
            [each.uuid for batch in source.consumers({names[0]})
             for each in batch])
        self.assertEqual(5, source.size().consumers)

    def test_it_is_of_one_moment(self):
        """SQLite keeps writers out meanwhile."""
        self.add_provider(1)
        source = self.source()
        with self.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA busy_timeout=0")
            with testtools.ExpectedException(sa.exc.OperationalError,
                                             ".*locked.*"):
                connection.execute(sa.text(
                    "UPDATE resource_providers SET name = 'other'"))
                connection.commit()
        self.assertEqual(["p1"], [each.name
                                  for each in self.providers(source)])

    def test_it_can_not_write(self):
        source = self.source()
        with testtools.ExpectedException(sa.exc.OperationalError,
                                         ".*readonly.*"):
            source._connection.execute(sa.text("DELETE FROM traits"))

    def test_an_older_schema(self):
        with self.engine.begin() as connection:
            connection.execute(sa.text("DROP TABLE consumer_types"))
        error = self.assertRaises(exception.TransferFailed, self.source)
        self.assertIn("table consumer_types has no id, name: it is not the "
                      "database of Placement 16", str(error))
