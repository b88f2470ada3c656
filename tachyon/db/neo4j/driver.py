"""The Neo4j driver: production's store, for many processes of many hosts."""

import importlib.metadata
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import neo4j
import neo4j.exceptions
from oslo_config import cfg

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.neo4j import aggregates
from tachyon.db.neo4j import allocations
from tachyon.db.neo4j import backup
from tachyon.db.neo4j import bulk
from tachyon.db.neo4j import changes
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import decisions
from tachyon.db.neo4j import errors
from tachyon.db.neo4j import flavors
from tachyon.db.neo4j import garbage
from tachyon.db.neo4j import instances
from tachyon.db.neo4j import inventories
from tachyon.db.neo4j import messages
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import resource_classes
from tachyon.db.neo4j import schema
from tachyon.db.neo4j import services
from tachyon.db.neo4j import traits
from tachyon.db.neo4j import warmup

SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")


class Neo4jDriver(base.DataDriverBase):
    """The store in a Neo4j database, 5.26 or later.

    Community edition is no cluster: the server is one process.
    """

    def __init__(self, conf: cfg.ConfigOpts):
        super().__init__(conf)
        group = conf.neo4j_database
        self._store = store = connection.Store(
            _connect(conf), group.database, conf.database.deadline,
            group.max_transaction_retry_time, schema.VERSION)
        self._resource_providers = providers.ResourceProvidersController(store)
        self._inventories = inventories.InventoriesController(store)
        self._traits = traits.TraitsController(store)
        self._resource_classes = resource_classes.ResourceClassesController(
            store)
        self._aggregates = aggregates.AggregatesController(store)
        self._allocations = allocations.AllocationsController(store)
        self._bulk = bulk.BulkController(store)
        self._flavors = flavors.FlavorsController(store)
        self._instances = instances.InstancesController(store)
        self._messages = messages.MessagesController(store)
        self._decisions = decisions.DecisionsController(store)
        self._services = services.ServicesController(store)
        try:
            store.state()
        except exception.DriverUnavailable as exc:
            store.close()
            raise _told_by_the_server(conf) or exc
        except BaseException:
            store.close()
            raise

    # ------------------------------------------------------------ the store
    @property
    def capabilities(self) -> frozenset[str]:
        return frozenset(("multi-process", "multi-host", "online-backup"))

    def is_alive(self) -> bool:
        try:
            self.health()
        except exception.DriverUnavailable:
            return False
        return True

    def health(self) -> Mapping[str, Any]:
        start = time.perf_counter()
        version = self.schema().version
        latency = time.perf_counter() - start
        return {"name": "neo4j",
                "version": self._store.server.partition("/")[2],
                "latency_ms": round(latency * 1000, 3),
                "schema_version": version}

    def warm_up(self) -> None:
        warmup.warm_up(self._store)

    def close(self) -> None:
        self._store.close()

    def schema(self) -> models.Schema:
        return self._store.schema(self._store.state())

    def sync(self, tell: base.Tell = base.silent) -> int:
        return schema.upgrade(self._store, tell)

    def backup(self, path: str, tell: base.Tell = base.silent) -> None:
        backup.backup(self._store, path, tell)

    def restore(self, path: str, tell: base.Tell = base.silent) -> None:
        backup.restore(self._store, path, tell)

    def new_epoch(self) -> None:
        backup.new_epoch(self._store)

    def gc(self) -> Mapping[str, int]:
        return garbage.collect(self._store, self.conf.database)

    # -------------------------------------------------------------- the view
    def snapshot(self) -> tuple[str, Iterator[Sequence[models.Provider]]]:
        return changes.snapshot(self._store)

    def changes(self, cursor: str) -> models.Changes:
        return changes.since(self._store, cursor)

    # ----------------------------------------------------------- controllers
    @property
    def resource_providers(self) -> base.ResourceProvidersController:
        return self._resource_providers

    @property
    def inventories(self) -> base.InventoriesController:
        return self._inventories

    @property
    def traits(self) -> base.TraitsController:
        return self._traits

    @property
    def resource_classes(self) -> base.ResourceClassesController:
        return self._resource_classes

    @property
    def aggregates(self) -> base.AggregatesController:
        return self._aggregates

    @property
    def allocations(self) -> base.AllocationsController:
        return self._allocations

    @property
    def bulk(self) -> base.BulkController:
        return self._bulk

    @property
    def flavors(self) -> base.FlavorsController:
        return self._flavors

    @property
    def instances(self) -> base.InstancesController:
        return self._instances

    @property
    def messages(self) -> base.MessagesController:
        return self._messages

    @property
    def decisions(self) -> base.DecisionsController:
        return self._decisions

    @property
    def services(self) -> base.ServicesController:
        return self._services


def _told_by_the_server(conf: cfg.ConfigOpts
                        ) -> exception.DriverUnavailable | None:
    """Return why a server that was asked for a route gave none: the library
    keeps that to itself. So the server is asked without."""
    uri = conf.neo4j_database.uri
    if not uri.startswith("neo4j"):
        return None
    try:
        with _connect(conf, uri.replace("neo4j", "bolt", 1)) as driver:
            driver.verify_connectivity()
    except (OSError, neo4j.exceptions.DriverError,
            neo4j.exceptions.Neo4jError) as exc:
        return exception.DriverUnavailable(reason=errors.tell(exc))
    return None


def _connect(conf: cfg.ConfigOpts, uri: str = "") -> neo4j.Driver:
    """Return the library's driver; it connects at its first use.

    :raises DriverUnavailable: the options make no sense.
    """
    group = conf.neo4j_database
    uri = uri or group.uri
    if uri.partition("://")[0] not in SCHEMES:
        raise exception.DriverUnavailable(
            reason=f"[neo4j_database] uri = {uri}: the scheme must be one of "
                   f"{', '.join(SCHEMES)}")
    options: dict[str, Any] = {}
    if group.ca_file and "+s://" in uri:
        _check_ca_file(group.ca_file)
        # The library takes either "+s", and the system's CAs, or these two.
        uri = uri.replace("+s://", "://")
        options = {"encrypted": True,
                   "trusted_certificates": neo4j.TrustCustomCAs(
                       group.ca_file)}
    version = importlib.metadata.version("tachyon")
    try:
        return neo4j.GraphDatabase.driver(
            uri,
            auth=(group.username, group.password) if group.username else None,
            user_agent=f"tachyon/{version}",
            max_connection_pool_size=group.max_connection_pool_size,
            max_connection_lifetime=group.max_connection_lifetime,
            connection_timeout=min(group.connection_timeout,
                                   conf.database.deadline),
            connection_acquisition_timeout=min(
                group.connection_acquisition_timeout, conf.database.deadline),
            # Trying again is the business of ``connection.Store``.
            max_transaction_retry_time=0,
            notifications_min_severity="OFF",
            telemetry_disabled=True, **options)
    except (ValueError, OSError, neo4j.exceptions.DriverError) as exc:
        raise exception.DriverUnavailable(
            reason=f"[neo4j_database] {errors.tell(exc)}") from exc


def _check_ca_file(path: str) -> None:
    """:raises DriverUnavailable: it is not there, or holds none."""
    try:
        ssl.create_default_context(cafile=path)
    except OSError as exc:              # an SSLError is one, too
        raise exception.DriverUnavailable(
            reason=f"[neo4j_database] ca_file = {path}: "
                   f"{errors.tell(exc)}") from exc
