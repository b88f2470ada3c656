"""The schema, and how a database comes to it.

``MIGRATIONS`` lists the steps; the version of a schema is the number of steps
that were taken, and stands on the one ``:Store`` node. A step is never edited
once released: append another. Its statements must be idempotent, since Neo4j
changes its schema outside of the transactions that change data: a step that
broke off is taken again.

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

import os_resource_classes
import os_traits
from oslo_utils import uuidutils

from tachyon.db.neo4j import connection
from tachyon.db.neo4j import rows

PATIENCE = 300.0                        # seconds that an index may take

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

MIGRATIONS: tuple[tuple[str, ...], ...] = (_FIRST,)
VERSION = len(MIGRATIONS)

FLAVORS = (                             # name, vcpus, memory_mb, disk_gb
    ("m1.tiny", 1, 512, 1),
    ("m1.small", 1, 2048, 20),
    ("m1.medium", 2, 4096, 40),
    ("m1.large", 4, 8192, 80),
    ("m1.xlarge", 8, 16384, 160),
)

_BEGIN = """
    MERGE (s:Store {name: $store})
    ON CREATE SET s.version = 0, s.epoch = $epoch, s.number = 0, s.floor = 0,
        s.traits_changed = 0, s.resource_classes_changed = 0,
        s.consumer_types_changed = 0, s.gone_changed = 0
    SET s.locked = true
    RETURN s.version"""
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


def upgrade(store: connection.Store) -> int:
    """Bring the database to ``VERSION``; return it.

    Leaves one of a later version alone, and refuses it.

    :raises DriverUnavailable:
    :raises SchemaOutOfDate: its version is later than ``VERSION``.
    """
    version = store.version()
    store.check_not_later(version)
    # The first step is taken again: a constraint that somebody dropped by
    # hand would be missed only when two writers meet.
    for step in (*MIGRATIONS[:1], *MIGRATIONS[max(version, 1):]):
        for statement in step:
            store.ask(statement, deadline=PATIENCE)
    store.ask("CALL db.awaitIndexes(toInteger($seconds))",
              seconds=PATIENCE, deadline=PATIENCE)
    return store.establish(lambda txn: _fill(txn, store), PATIENCE)


def _fill(txn: connection.Transaction, store: connection.Store) -> int:
    version = txn.all(_BEGIN, store=connection.STORE,
                      epoch=uuidutils.generate_uuid())[0][0]
    store.check_not_later(version)
    if version == 0:
        txn.write(_FOUND, flavors=[list(each) for each in FLAVORS])
    if version != VERSION:
        txn.write("MATCH (s:Store {name: $store}) SET s.version = $version",
                  store=connection.STORE, version=VERSION)
    _fill_catalogues(txn)
    return VERSION


def _fill_catalogues(txn: connection.Transaction) -> None:
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
