"""The schema, and how a file comes to it.

``MIGRATIONS`` lists the steps; the version of a schema is the number of steps
that were taken, and stands in the file's header (``PRAGMA user_version``). A
step is never edited once released: append another, and name the oldest code
that can live with it. Code that knows less goes on meanwhile; so statements
name the columns that they mean.

Times are microseconds since 1970 (UTC). ``changed`` is the change number of
the last write that a view must hear of; ``store`` holds the latest.
"""

from collections.abc import Iterator

import os_resource_classes
import os_traits
from oslo_utils import uuidutils

from tachyon.db import base
from tachyon.db.common import beginnings
from tachyon.db.common import versions
from tachyon.db.sqlite import connection

_FIRST = """
CREATE TABLE store (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    epoch TEXT NOT NULL,
    number INTEGER NOT NULL,
    floor INTEGER NOT NULL,
    traits_changed INTEGER NOT NULL,
    resource_classes_changed INTEGER NOT NULL,
    consumer_types_changed INTEGER NOT NULL
) STRICT;

CREATE TABLE traits (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    standard INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE resource_classes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    standard INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE TABLE consumer_types (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE providers (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    parent_id INTEGER REFERENCES providers (id),
    root_id INTEGER NOT NULL REFERENCES providers (id),
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    changed INTEGER NOT NULL
) STRICT;
CREATE INDEX providers_parent ON providers (parent_id);
CREATE INDEX providers_root ON providers (root_id);
CREATE INDEX providers_changed ON providers (changed);
CREATE TABLE tombstones (
    uuid TEXT NOT NULL PRIMARY KEY,
    changed INTEGER NOT NULL,
    gone_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX tombstones_changed ON tombstones (changed);
CREATE INDEX tombstones_gone ON tombstones (gone_at);
CREATE TABLE inventories (
    provider_id INTEGER NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
    class_id INTEGER NOT NULL REFERENCES resource_classes (id),
    total INTEGER NOT NULL,
    reserved INTEGER NOT NULL,
    min_unit INTEGER NOT NULL,
    max_unit INTEGER NOT NULL,
    step_size INTEGER NOT NULL,
    allocation_ratio REAL NOT NULL,
    used INTEGER NOT NULL CHECK (used >= 0),
    PRIMARY KEY (provider_id, class_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inventories_class ON inventories (class_id);
CREATE TABLE provider_traits (
    provider_id INTEGER NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
    trait_id INTEGER NOT NULL REFERENCES traits (id),
    PRIMARY KEY (provider_id, trait_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX provider_traits_trait ON provider_traits (trait_id);
CREATE TABLE provider_aggregates (
    provider_id INTEGER NOT NULL REFERENCES providers (id) ON DELETE CASCADE,
    aggregate_uuid TEXT NOT NULL,
    PRIMARY KEY (provider_id, aggregate_uuid)
) STRICT, WITHOUT ROWID;

CREATE TABLE consumers (
    id INTEGER PRIMARY KEY,
    uuid TEXT NOT NULL UNIQUE,
    generation INTEGER NOT NULL,
    type_id INTEGER NOT NULL REFERENCES consumer_types (id),
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX consumers_owner ON consumers (project_id, user_id);
CREATE TABLE allocations (
    consumer_id INTEGER NOT NULL REFERENCES consumers (id) ON DELETE CASCADE,
    provider_id INTEGER NOT NULL,
    class_id INTEGER NOT NULL,
    used INTEGER NOT NULL CHECK (used > 0),
    PRIMARY KEY (consumer_id, provider_id, class_id),
    FOREIGN KEY (provider_id, class_id)
        REFERENCES inventories (provider_id, class_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX allocations_inventory ON allocations (provider_id, class_id);

CREATE TABLE flavors (
    name TEXT NOT NULL PRIMARY KEY,
    vcpus INTEGER NOT NULL,
    memory_mb INTEGER NOT NULL,
    disk_gb INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE instances (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    project_id TEXT NOT NULL,
    user_id TEXT NOT NULL,
    flavor TEXT NOT NULL,
    image TEXT NOT NULL,
    status TEXT NOT NULL,
    spec TEXT NOT NULL,
    request_id TEXT NOT NULL,
    generation INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    task TEXT,
    host TEXT,
    provider_uuid TEXT,
    ip_address TEXT,
    fault TEXT,
    tried TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    deleted_at INTEGER
) STRICT;
CREATE INDEX instances_made ON instances (created_at, id);
CREATE INDEX instances_live ON instances (created_at, id)
    WHERE status <> 'DELETED';
CREATE INDEX instances_project ON instances (project_id, created_at, id);
CREATE INDEX instances_project_live ON instances (project_id, created_at, id)
    WHERE status <> 'DELETED';
CREATE INDEX instances_name ON instances (name, created_at, id);
CREATE INDEX instances_host ON instances (host, created_at, id)
    WHERE host IS NOT NULL;
CREATE INDEX instances_status ON instances (status, created_at, id);
CREATE INDEX instances_deleted ON instances (deleted_at)
    WHERE deleted_at IS NOT NULL;
CREATE TABLE messages (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    instance_id TEXT NOT NULL REFERENCES instances (id) ON DELETE CASCADE,
    action TEXT NOT NULL,
    request_id TEXT NOT NULL,
    context TEXT NOT NULL,
    attempt INTEGER NOT NULL,
    deliveries INTEGER NOT NULL,
    claimed_by TEXT,
    free_at INTEGER NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX messages_instance ON messages (instance_id);
CREATE INDEX messages_free ON messages (free_at);
CREATE TABLE decisions (
    request_id TEXT NOT NULL PRIMARY KEY,
    consumer_uuid TEXT NOT NULL,
    project_id TEXT NOT NULL,
    verdict TEXT NOT NULL,
    document TEXT NOT NULL,
    created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX decisions_made ON decisions (created_at, request_id);
CREATE INDEX decisions_consumer
    ON decisions (consumer_uuid, created_at, request_id);
CREATE INDEX decisions_project
    ON decisions (project_id, created_at, request_id);

CREATE TABLE services (
    id TEXT NOT NULL PRIMARY KEY,
    binary TEXT NOT NULL,
    host TEXT NOT NULL,
    serves TEXT NOT NULL,
    enabled INTEGER NOT NULL,
    disabled_reason TEXT,
    last_seen INTEGER NOT NULL,
    UNIQUE (binary, host)
) STRICT;
"""

_SECOND = """
ALTER TABLE store ADD COLUMN compatible INTEGER NOT NULL DEFAULT 1;
"""

MIGRATIONS: tuple[versions.Step[str], ...] = (
    versions.Step(_FIRST, compatible=1),
    versions.Step(_SECOND, compatible=1),
)
VERSION = len(MIGRATIONS)


def upgrade(store: connection.Store, tell: base.Tell = base.silent) -> int:
    """Bring the file to ``VERSION`` in one transaction; return the version
    that it has then.

    Leaves the schema of a later release alone.

    :raises SchemaOutOfDate: this code can't live with that.
    """
    with store.write(check_version=False) as txn:
        found = txn.schema()
        versions.check_not_beyond(found)
        for number, step in enumerate(MIGRATIONS, 1):
            if number > found.version:
                tell(f"step {number} of {VERSION}")
                for statement in _statements(step.statements):
                    txn.run(statement)
        if found.version == 0:
            _found(txn)
        if found.version < VERSION:
            txn.run(f"PRAGMA user_version={VERSION}")
            if VERSION >= versions.SAYS_COMPATIBLE:
                txn.run("UPDATE store SET compatible = ?",
                        (versions.compatible(MIGRATIONS),))
        _fill_catalogue(txn)
        return max(found.version, VERSION)


def _statements(script: str) -> Iterator[str]:
    """Split a script: ``executescript`` would commit before it runs."""
    return (statement for statement in script.split(";\n")
            if statement.strip())


def _found(txn: connection.Transaction) -> None:
    """Begin the store's life: its epoch, and what it starts with."""
    txn.run("INSERT INTO store (id, epoch, number, floor, traits_changed, "
            "resource_classes_changed, consumer_types_changed) "
            "VALUES (1, ?, 0, 0, 0, 0, 0)", (uuidutils.generate_uuid(),))
    txn.run("INSERT INTO consumer_types (name) VALUES ('unknown')")
    txn.many("INSERT INTO flavors (name, vcpus, memory_mb, disk_gb, "
             "created_at) VALUES (?, ?, ?, ?, ?)",
             [(*flavor, txn.now) for flavor in beginnings.FLAVORS])


def _fill_catalogue(txn: connection.Transaction) -> None:
    """Add the standard names that this version of the libraries knows."""
    for table, names in (("traits", sorted(os_traits.get_traits())),
                         ("resource_classes", os_resource_classes.STANDARDS)):
        known = {name for name, in txn.all(f"SELECT name FROM {table}")}
        new = [name for name in names if name not in known]
        if new:
            txn.many(f"INSERT INTO {table} (name, standard, created_at) "
                     "VALUES (?, 1, ?)", [(name, txn.now) for name in new])
            txn.run(f"UPDATE store SET {table}_changed = ?", (txn.number(),))
