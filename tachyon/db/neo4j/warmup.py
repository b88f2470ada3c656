"""A rehearsal, by which the server gets to know what it will be asked.

It makes a plan for each statement that it has not seen since it was started,
which takes seconds where it is cold, or busy. One that a caller's deadline
breaks off is not kept, so a caller could wait for it in vain time and again.
So whatever is in the way of an instance is done once before, without hurry,
in a transaction that is rolled back. It has a ``:Store`` node of its own,
whose number nobody waits for.

A plan is for the types of parameters, and for how long texts and lists are, to
the next power of ten. So what is played here is about as long as what comes.
And it is for a transaction that has changed something, or for one that has
not: so each statement is repeated by itself, where it finds nothing any more.
"""

import dataclasses
import functools
import logging
import math
import time
from collections.abc import Callable, Mapping
from typing import Any, Concatenate, ParamSpec, TypeVar

import neo4j
from oslo_utils import uuidutils

from tachyon import exception
from tachyon.db import models
from tachyon.db.neo4j import aggregates
from tachyon.db.neo4j import allocations
from tachyon.db.neo4j import claiming
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import grants
from tachyon.db.neo4j import instances
from tachyon.db.neo4j import inventories
from tachyon.db.neo4j import jobs
from tachyon.db.neo4j import landings
from tachyon.db.neo4j import messages
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import schema
from tachyon.db.neo4j import services
from tachyon.db.neo4j import transaction

LOG = logging.getLogger(__name__)

PATIENCE = 20.0                         # seconds in all
CLASSES = ("VCPU", "MEMORY_MB", "DISK_GB")

_STORE = """
    CREATE (s:Store {name: $name})
    SET s.number = 0, s.floor = 0, s.gone_changed = 0, s.traits_changed = 0,
        s.resource_classes_changed = 0, s.consumer_types_changed = 0,
        s.version = $version, s.compatible = $version"""

P = ParamSpec("P")
T = TypeVar("T")


def warm_up(store: connection.Store) -> None:
    """Do what ``DataDriverBase.warm_up`` promises."""
    end = time.monotonic() + PATIENCE
    try:
        for query, params in store.look_long(rehearse, PATIENCE).items():
            left = end - time.monotonic()
            if left <= 0:
                break
            store.look_long(functools.partial(_repeat, query, params), left)
    except (exception.DriverUnavailable, exception.SchemaOutOfDate) as exc:
        LOG.debug("No rehearsal: %s", exc)


def _repeat(query: str, params: Mapping[str, Any],
            txn: transaction.Transaction) -> None:
    txn.all(query, **params)


class _Recorder:
    """Stands in for the library's transaction: remembers what it ran."""

    def __init__(self, raw: neo4j.ManagedTransaction):
        self._raw = raw
        self.played: dict[str, Mapping[str, Any]] = {}

    def run(self, query: str, params: dict[str, Any]) -> neo4j.Result:
        self.played[query] = params
        return self._raw.run(query, params)


class _Stage(connection.Store):
    """Stands in for a store: all that it is told to do is done within one
    transaction, which does not end well."""

    def __init__(self, txn: transaction.Transaction):
        self._recorder = _Recorder(txn.raw)
        self._name = uuidutils.generate_uuid()[:len(transaction.STORE)]
        self._begin().all(_STORE, name=self._name, version=schema.VERSION)

    @property
    def played(self) -> dict[str, Mapping[str, Any]]:
        """Return what was run, and with what, but for the node above."""
        return {query: params for query, params
                in self._recorder.played.items() if query != _STORE}

    def _begin(self) -> transaction.Transaction:
        return transaction.Transaction(self._recorder, self._name)

    def end(self) -> float:
        return math.inf

    def write_by(self, end: float,
                 work: Callable[[transaction.Transaction], T]) -> T:
        txn = self._begin()
        result = work(txn)
        txn.seal(connection.new_id())
        return result

    def write_once(self, end: float,
                   work: Callable[[transaction.Transaction], T]) -> T:
        return self.write_by(end, work)

    def write_at_once(self, end: float, statement: str,
                      asked: Mapping[str, Any]) -> list[list[Any]] | None:
        return self._begin().all(
            statement, asked=asked, write_id=connection.new_id(),
            store=self._name, version=schema.VERSION)

    def write_idempotent(self, query: str, **params: Any) -> list[list[Any]]:
        txn = self._begin()
        found = txn.all(query, **params)
        txn.state()
        return found

    def read(self, query: str, **params: Any) -> list[list[Any]]:
        return self._begin().all(query, **params)

    def look(self, work: Callable[Concatenate[transaction.Transaction, P], T],
             *args: P.args, **kwargs: P.kwargs) -> T:
        return work(self._begin(), *args, **kwargs)


def rehearse(txn: transaction.Transaction) -> dict[str, Mapping[str, Any]]:
    """Do all that there is between a host and the end of an instance; return
    the statements, each with parameters."""
    stage = _Stage(txn)
    play = instances.InstancesController(stage)
    host = _play_provider(stage)
    _play_consumer(stage, host)
    for outcome in ("STOPPED", "unland", "fail", "no host"):
        id, attempt = _play_submit(stage, play)
        if outcome != "no host":
            play.land(id, attempt, host, host,
                      _claim(id, host, consumer_type="INSTANCE"),
                      _decision(id))
        if outcome == "STOPPED":
            play.finish(id, attempt, host, outcome, ip_address="::1")
            play.submit_action(id, play.get(id).generation, _message(id))
            play.end(id, play.get(id).generation)
        elif outcome == "unland":
            play.unland(id, attempt, host, "fault")
        else:
            play.fail(id, attempt, "fault", _decision(id))
    _play_ways(stage, play, host)
    return stage.played


def _play_provider(stage: connection.Store) -> str:
    host = uuidutils.generate_uuid()
    controller = providers.ResourceProvidersController(stage)
    generation = controller.create(host, host).generation
    for total in (1, 2):
        generation = inventories.InventoriesController(stage).replace(
            host, generation, {name: models.Inventory(total=total * 1000)
                               for name in CLASSES}).generation
    aggregates.AggregatesController(stage).replace(
        host, generation, frozenset((host,)))
    controller.get(host)
    _report(stage, host)
    return host


def _report(stage: connection.Store, host: str) -> None:
    services.ServicesController(stage).report(
        [models.Heartbeat(host, host, (host,))])


def _play_consumer(stage: connection.Store, host: str) -> None:
    consumer = uuidutils.generate_uuid()
    controller = allocations.AllocationsController(stage)
    for generation in (None, 1):
        controller.replace([_claim(consumer, host, generation)])
    controller.get(consumer)
    controller.delete(consumer)


def _play_ways(stage: connection.Store,
               play: instances.InstancesController, host: str) -> None:
    """Claim and land in each way that there is."""
    ways = (lambda job: stage.write(claiming.decide, [job]),
            lambda job: grants.grant(stage, [job], stage.end()))
    for way in ways:
        way(jobs.Job([_claim(uuidutils.generate_uuid(), host)]))
        way(_play_landing(stage, play, host))


def _play_landing(stage: connection.Store,
                  play: instances.InstancesController, host: str) -> jobs.Job:
    id, attempt = _play_submit(stage, play)
    found = providers.ResourceProvidersController(stage).get(host)
    claim = dataclasses.replace(
        _claim(id, host, consumer_type="INSTANCE"),
        provider_generations={host: found.generation})
    return jobs.Job(
        [claim], compare=False,
        landing=landings.Landing(id, attempt, host, host, _decision(id)))


def _play_submit(stage: connection.Store,
                 play: instances.InstancesController) -> tuple[str, int]:
    message = _submit(play)
    id = message.instance_id
    queue = messages.MessagesController(stage)
    (claimed, _instance), = queue.claim(id, 60.0, ids=[message.id])
    queue.renew([(id, claimed.attempt)], 60.0)
    return id, claimed.attempt


def _submit(play: instances.InstancesController) -> models.Message:
    id = uuidutils.generate_uuid()
    message = _message(id)
    play.submit(models.Instance(
        id=id, name=id, project_id=id, user_id=id, flavor=id, image=id,
        status="BUILDING", spec={}, request_id=id, task="create"), message)
    return message


def _message(id: str) -> models.Message:
    return models.Message(id=uuidutils.generate_uuid(), instance_id=id,
                          action="create", request_id=id, context={})


def _claim(consumer: str, host: str, generation: int | None = None,
           consumer_type: str = "unknown") -> models.Claim:
    return models.Claim(
        consumer, generation, consumer, consumer,
        {host: dict.fromkeys(CLASSES, 1)},
        consumer_type=consumer_type)


def _decision(id: str) -> models.Decision:
    return models.Decision(id, id, id, "scheduled", {"played": "." * 2000})
