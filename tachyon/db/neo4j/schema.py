"""The schema, and how a database comes to it.

``MIGRATIONS`` lists the steps; the version of a schema is the number of steps
that were taken, and stands on the one ``:Store`` node. A step is never edited
once released: append another, and name the oldest code that can live with it.
Its statements must be idempotent, since Neo4j changes its schema outside of
the transactions that change data: a step that broke off is taken again.

The graph::

    (:ResourceProvider)-[:PARENT_OF]->(:ResourceProvider)
    (:ResourceProvider)-[:HAS_INVENTORY]->(:Inventory)
    (:ResourceProvider)-[:HAS_TRAIT]->(:Trait)
    (:ResourceProvider)-[:MEMBER_OF]->(:Aggregate)
    (:Consumer)-[:CONSUMES {used}]->(:Inventory)
    (:Instance)-[:AWAITS]->(:Message)

and, by themselves, ResourceClass, ConsumerType, Tombstone, Flavor, Decision,
Service, Write and Store. ``changed`` is the change number of the last write
that a view must hear of; the store's ``number`` is the latest. ``locked`` is
set to take a node's lock, and means nothing else.
"""

import time

import os_resource_classes
import os_traits
from oslo_utils import uuidutils

from tachyon import exception
from tachyon.db import base
from tachyon.db.common import beginnings
from tachyon.db.common import versions
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import transaction

PATIENCE = 3600.0                       # seconds that a statement may take
POLL, TELL = 0.1, 5.0                   # seconds between looks, and lines

_UNIQUE = (                             # label, properties
    ("Store", "name"),
    ("Write", "id"),
    ("ResourceProvider", "uuid"),
    ("ResourceProvider", "name"),
    ("Inventory", "provider_uuid", "resource_class"),
    ("Trait", "name"),
    ("ResourceClass", "name"),
    ("ConsumerType", "name"),
    ("Aggregate", "uuid"),
    ("Consumer", "uuid"),
    ("Tombstone", "uuid"),
    ("Flavor", "name"),
    ("Instance", "id"),
    ("Message", "id"),
    ("Decision", "request_id"),
    ("Service", "id"),
    ("Service", "binary", "host"),
)
_INDEXES = (
    ("ResourceProvider", "changed"),
    ("Inventory", "resource_class"),
    ("Consumer", "project_id", "user_id"),
    ("Consumer", "project_id"),
    ("Tombstone", "changed"),
    ("Tombstone", "gone_at"),
    ("Instance", "created_at", "id"),
    ("Instance", "project_id", "created_at", "id"),
    ("Instance", "name", "created_at", "id"),
    ("Instance", "host", "created_at", "id"),
    ("Instance", "status", "created_at", "id"),
    ("Instance", "deleted_at"),
    ("Message", "created_at", "id"),
    ("Message", "free_at"),
    ("Decision", "created_at", "request_id"),
    ("Decision", "consumer_uuid", "created_at", "request_id"),
    ("Decision", "project_id", "created_at", "request_id"),
)


def _unique(label: str, *properties: str) -> str:
    """Return the statement that makes a uniqueness constraint."""
    name = "_".join((label, *properties, "unique")).lower()
    columns = ", ".join(f"n.{each}" for each in properties)
    return (f"CREATE CONSTRAINT {name} IF NOT EXISTS FOR (n:{label}) "
            f"REQUIRE ({columns}) IS UNIQUE")


def _index(label: str, *properties: str) -> str:
    """Return the statement that makes a range index."""
    name = "_".join((label, *properties)).lower()
    columns = ", ".join(f"n.{each}" for each in properties)
    return f"CREATE INDEX {name} IF NOT EXISTS FOR (n:{label}) ON ({columns})"


_FIRST = (*(_unique(*each) for each in _UNIQUE),
          *(_index(*each) for each in _INDEXES))

# Since the second one the store says with which code it is compatible.
_SECOND = ()

MIGRATIONS: tuple[versions.Step[tuple[str, ...]], ...] = (
    versions.Step(_FIRST, compatible=1),
    versions.Step(_SECOND, compatible=1),
)
VERSION = len(MIGRATIONS)

_BEGIN = f"""
    MERGE (s:Store {{name: $store}})
    ON CREATE SET s.version = 0, s.epoch = $epoch, s.number = 0, s.floor = 0,
        s.traits_changed = 0, s.resource_classes_changed = 0,
        s.consumer_types_changed = 0, s.gone_changed = 0
    SET s.locked = true
    RETURN {transaction.STATE}"""
_SET_VERSION = """
    MATCH (s:Store {name: $store})
    SET s.version = $version, s.compatible = $compatible"""
# Code that is too old has to stop before the step that it can't live with.
_SET_COMPATIBLE = """
    MATCH (s:Store {name: $store}) WHERE s.compatible < $compatible
    SET s.compatible = $compatible"""
_UNFINISHED = """
    SHOW INDEXES YIELD name, state, populationPercent
    WHERE state <> 'ONLINE'
    RETURN name, state, populationPercent ORDER BY name"""
_FOUND = f"""
    CREATE (:ConsumerType {{name: 'unknown'}})
    WITH {rows.NOW} AS now
    UNWIND $flavors AS row
    CREATE (:Flavor {{name: row[0], vcpus: row[1], memory_mb: row[2],
                      disk_gb: row[3], created_at: now}})"""
_TRAITS = f"""
    UNWIND $new AS name
    CREATE (:Trait {{name: name, standard: true, created_at: {rows.NOW}}})"""
_CLASSES = f"""
    UNWIND $new AS row
    CREATE (:ResourceClass {{name: row[0], position: row[1], standard: true,
                             created_at: {rows.NOW}}})"""


def upgrade(store: connection.Store, tell: base.Tell = base.silent) -> int:
    """Bring the database to ``VERSION``; return the version that it has then.

    Leaves the schema of a later release alone.

    :raises DriverUnavailable:
    :raises SchemaOutOfDate: this code can't live with that.
    """
    found = store.schema(store.state())
    versions.check_not_beyond(found)
    compatible = versions.compatible(MIGRATIONS)
    if 0 < found.compatible < compatible:
        store.ask(_SET_COMPATIBLE, store=transaction.STORE,
                  compatible=compatible)
        store.settle()
    take_steps(store, found.version, tell)
    return store.establish(lambda txn: fill(txn, store), PATIENCE)


def take_steps(store: connection.Store, version: int, tell: base.Tell) -> None:
    """Make all constraints and indexes that ``VERSION`` has beyond a version,
    and wait until they can be used.

    :raises DriverUnavailable:
    """
    for number, step in enumerate(MIGRATIONS, 1):
        # The first step is taken again: a constraint that somebody dropped
        # by hand would be missed only when two writers meet.
        if number > version:
            tell(f"step {number} of {VERSION}")
        elif number > 1:
            continue
        for statement in step.statements:
            store.ask(statement, deadline=PATIENCE)
    _await_indexes(store, tell)


def _await_indexes(store: connection.Store, tell: base.Tell) -> None:
    told = time.monotonic()
    while unfinished := store.ask(_UNFINISHED):
        for name, state, percent in unfinished:
            if state == "FAILED":
                raise exception.DriverUnavailable(
                    reason=f"the server could not make the index {name}")
            if time.monotonic() - told > TELL:
                tell(f"index {name}: {percent:.0f} %")
        if time.monotonic() - told > TELL:
            told = time.monotonic()
        time.sleep(POLL)


def fill(txn: transaction.Transaction, store: connection.Store) -> int:
    """Note that all steps were taken, and put in what a store begins with;
    return the version."""
    found = store.schema(txn.all(_BEGIN, store=transaction.STORE,
                                 epoch=uuidutils.generate_uuid())[0][0])
    versions.check_not_beyond(found)
    if found.version == 0:
        txn.write(_FOUND, flavors=[list(each) for each in
                                   beginnings.FLAVORS])
    if found.version < VERSION:
        txn.write(_SET_VERSION, store=transaction.STORE, version=VERSION,
                  compatible=versions.compatible(MIGRATIONS)
                  if VERSION >= versions.SAYS_COMPATIBLE else None)
    _fill_catalogues(txn)
    return max(found.version, VERSION)


def _fill_catalogues(txn: transaction.Transaction) -> None:
    """Add the standard names that this version of the libraries knows."""
    known = {name for name, in txn.all(
        "MATCH (t:Trait) WHERE t.name IS NOT NULL RETURN t.name")}
    new = sorted(set(os_traits.get_traits()) - known)
    if new:
        txn.write(_TRAITS, new=new)
        txn.stamp("traits")
    known = {name for name, in txn.all(
        "MATCH (c:ResourceClass) WHERE c.name IS NOT NULL RETURN c.name")}
    classes = [[name, position] for position, name
               in enumerate(os_resource_classes.STANDARDS)
               if name not in known]
    if classes:
        txn.write(_CLASSES, new=classes)
        txn.stamp("resource_classes")
