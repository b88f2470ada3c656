"""Instances, and the verbs that touch them with all that belongs to them.

Whoever writes an instance or its messages has the instance locked.
"""

import dataclasses
import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.neo4j import claiming
from tachyon.db.neo4j import claims
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import decisions
from tachyon.db.neo4j import finishes
from tachyon.db.neo4j import jobs
from tachyon.db.neo4j import landings
from tachyon.db.neo4j import rows
from tachyon.db.neo4j import together
from tachyon.db.neo4j import transaction

_Submission: TypeAlias = tuple[models.Instance, models.Message]

_FILTERS = frozenset(("name", "status", "host", "flavor", "image"))
# With an index in order of creation; what picks the fewest comes first.
_WALKED = ("name", "host", "project_id", "status")

_LOCK = "MATCH (i:Instance {id: $id}) SET i.locked = true WITH i"
_GET = f"{_LOCK} RETURN properties(i)"
# With the attempts of the messages that it waits for.
_GET_WORK = f"""
    {_LOCK}
    RETURN properties(i), [(i)-[:AWAITS]->(m:Message) | m.attempt]"""
_GET_MANY = """
    UNWIND $ids AS id
    MATCH (i:Instance {id: id}) RETURN properties(i)"""
_POSITION = "MATCH (i:Instance {id: $id}) RETURN i.created_at"
_MESSAGE = f"""
    CREATE (i)-[:AWAITS]->(:Message {{
        id: message.id, instance_id: i.id, action: message.action,
        request_id: message.request_id, context: message.context,
        attempt: 0, deliveries: 0, free_at: {rows.NOW},
        created_at: {rows.NOW}}})"""
_SUBMIT = f"""
    UNWIND $asked.rows AS row
    WITH row WHERE NOT EXISTS {{ MATCH (:Instance {{id: row.values.id}}) }}
    CREATE (i:Instance)
    SET i = row.values, i.created_at = {rows.NOW}, i.updated_at = {rows.NOW}
    WITH i, row.message AS message
    {_MESSAGE}
    RETURN properties(i)"""
_UPDATE = f"""
    MATCH (i:Instance {{id: $id}})
    SET i += $values, i.generation = i.generation + 1,
        i.updated_at = {rows.NOW}"""
_DROP_MESSAGES = """
    WITH i
    CALL (i) { MATCH (i)-[:AWAITS]->(m:Message) DETACH DELETE m }"""
_CHANGE = f"{_UPDATE} RETURN properties(i)"
_SUBMIT_ACTION = f"""
    {_UPDATE} {_DROP_MESSAGES} WITH i, $message AS message {_MESSAGE}
    RETURN properties(i)"""
_UNLAND = f"""
    {_UPDATE}
    WITH i
    CALL (i) {{
        MATCH (i)-[:AWAITS]->(m:Message)
        SET m.claimed_by = null, m.free_at = {rows.NOW} }}
    RETURN properties(i)"""
_FINISH = f"{_UPDATE} {_DROP_MESSAGES} RETURN properties(i)"
_END = f"""
    {_UPDATE}, i.deleted_at = {rows.NOW} {_DROP_MESSAGES}
    RETURN properties(i)"""


class InstancesController(base.InstancesController):
    """Instances in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store
        self._claiming = claiming.Claiming(store)
        self._submitting: together.Together[_Submission, models.Instance] = (
            together.Together(store, _submit))
        self._finishing: together.Together[
            finishes.Finish, finishes.Properties] = together.Together(
                store, finishes.finish)

    # --------------------------------------------------------------- reading
    def get(self, id: str) -> models.Instance:
        return _only(id, self._store.read(_GET, id=id))

    def get_many(self, ids: Sequence[str]) -> Sequence[models.Instance]:
        return [instance(row[0]) for row
                in self._store.read(_GET_MANY, ids=sorted(set(ids)))]

    def list(self, *, project_id: str | None = None,
             filters: Mapping[str, str] | None = None,
             include_deleted: bool = False, marker: str | None = None,
             limit: int = 1000) -> Sequence[models.Instance]:
        given = dict(filters or {})
        if not given.keys() <= _FILTERS:
            raise ValueError(f"unknown filters: {given.keys() - _FILTERS}")
        others = ""
        if not include_deleted and "status" not in given:
            others = "i.status <> 'DELETED'"
        wanted = dict(given)
        if project_id is not None:
            wanted["project_id"] = project_id
        made, made_id = rows.EARLIEST, ""
        if marker is not None:
            found = self._store.read(_POSITION, id=marker)
            if not found:
                raise exception.MarkerNotFound(marker=marker)
            made, made_id = found[0][0], marker
        return [instance(row[0]) for row in self._store.read(
            rows.page("Instance", "i", tuple(wanted), "id", "properties(i)",
                      walked=next((name for name in _WALKED
                                   if name in wanted), None),
                      others=others),
            **wanted, made=made, made_id=made_id, limit=stored.limit(limit))]

    # ----------------------------------------------------- what callers want
    def submit(self, instance: models.Instance,
               message: models.Message) -> models.Instance:
        return self._submitting.do([instance.id], (instance, message))

    def submit_action(self, id: str, generation: int,
                      message: models.Message) -> models.Instance:
        return self._store.write(_submit_action, id, generation, message)

    def end(self, id: str, generation: int) -> models.Instance:
        return self._store.write(_end, id, generation)

    # ------------------------------------------------------ what became of it
    def land(self, id: str, attempt: int, host: str, provider_uuid: str,
             claim: models.Claim, decision: models.Decision
             ) -> models.Instance:
        landed = self._claiming.do(jobs.Job([claim], compare=False,
                                            landing=landings.Landing(
            id, attempt, host, provider_uuid, decision)))
        assert landed is not None
        return instance(landed)

    def unland(self, id: str, attempt: int, failed_host: str | None = None,
               fault: str | None = None) -> models.Instance:
        return self._store.write(_unland, id, attempt, failed_host, fault)

    def finish(self, id: str, attempt: int, host: str, status: str, *,
               ip_address: str | None = None, fault: str | None = None
               ) -> models.Instance:
        wanted = finishes.Finish(id, attempt, host, status, ip_address, fault)
        if status == "DELETED":
            return self._store.write(_finish_deleted, wanted)
        return instance(self._finishing.do([id], wanted))

    def fail(self, id: str, attempt: int, fault: str,
             decision: models.Decision | None = None) -> models.Instance:
        return self._store.write(_fail, id, attempt, fault, decision)


# ------------------------------------------------------------- for messages
def instance(found: Mapping[str, Any]) -> models.Instance:
    """Return the record of a node's properties."""
    get = found.get
    return models.Instance(
        id=found["id"], name=found["name"], project_id=found["project_id"],
        user_id=found["user_id"], flavor=found["flavor"],
        image=found["image"], status=found["status"],
        spec=json.loads(found["spec"]), request_id=found["request_id"],
        generation=found["generation"], attempt=found["attempt"],
        task=get("task"), host=get("host"),
        provider_uuid=get("provider_uuid"), ip_address=get("ip_address"),
        fault=get("fault"), tried=tuple(get("tried", ())),
        created_at=stored.to_time(found["created_at"]),
        updated_at=stored.to_time(found["updated_at"]),
        deleted_at=stored.to_time_or_none(get("deleted_at")))


# -------------------------------------------------------------------- verbs
def _get(txn: transaction.Transaction, id: str) -> models.Instance:
    return _only(id, txn.all(_GET, id=id))


def _only(id: str, found: Sequence[Sequence[Any]]) -> models.Instance:
    if not found:
        raise exception.InstanceNotFound(id=id)
    return instance(found[0][0])


def _submit(txn: transaction.Transaction, wanted: Sequence[_Submission]
            ) -> list[models.Instance | Exception]:
    rows = [{"values": _values(one), "message": _message(message)}
            for one, message in sorted(wanted, key=lambda pair: pair[0].id)]
    made = {properties["id"]: properties for properties, in
            txn.write(_SUBMIT, asked={"rows": rows})}
    return [instance(made[one.id]) if one.id in made
            else exception.InstanceExists(id=one.id) for one, _ in wanted]


def _submit_action(txn: transaction.Transaction, id: str, generation: int,
                   message: models.Message) -> models.Instance:
    before = _get_of_generation(txn, id, generation)
    return _change(txn, _SUBMIT_ACTION, id, message=_message(message),
                   values={"task": message.action,
                           "attempt": before.attempt + 1})


def _end(txn: transaction.Transaction, id: str,
         generation: int) -> models.Instance:
    _get_of_generation(txn, id, generation)
    return _conclude(txn, id, status="DELETED")


def _unland(txn: transaction.Transaction, id: str, attempt: int,
            failed_host: str | None, fault: str | None) -> models.Instance:
    before = _get_building(txn, id, attempt)
    tried = before.tried
    if failed_host is not None and failed_host not in tried:
        tried = (*tried, failed_host)
    claims.release(txn, id)
    return _change(txn, _UNLAND, id, values={
        "host": None, "provider_uuid": None, "tried": list(tried),
        "fault": before.fault if fault is None else fault})


def _finish_deleted(txn: transaction.Transaction,
                    wanted: finishes.Finish) -> models.Instance:
    found = txn.one(_GET_WORK, id=wanted.id)
    if found is None:
        raise wanted.fenced()
    properties, attempts = found
    if not wanted.check(properties, attempts):
        return instance(properties)
    return _conclude(txn, wanted.id, **wanted.values(properties))


def _fail(txn: transaction.Transaction, id: str, attempt: int, fault: str,
          decision: models.Decision | None) -> models.Instance:
    found = _get_fenced(txn, id, attempt)
    if decision is not None:
        decisions.put(txn, decision)
    if found.status != "BUILDING":
        return _conclude(txn, id, status="ERROR", fault=fault)
    claims.release(txn, id)
    return _conclude(txn, id, status="ERROR", fault=fault, host=None,
                     provider_uuid=None)


# ----------------------------------------------------------------- internals
def _get_of_generation(txn: transaction.Transaction, id: str,
                       generation: int) -> models.Instance:
    found = _get(txn, id)
    if found.generation != generation:
        raise exception.ConcurrentUpdate(what=f"Instance {id}")
    return found


def _get_fenced(txn: transaction.Transaction, id: str,
                attempt: int) -> models.Instance:
    """Return the instance, to whoever holds its current attempt.

    :raises Fenced:
    """
    found = txn.one(_GET_WORK, id=id)
    if found is None or attempt <= 0 or attempt not in found[1]:
        raise exception.Fenced(id=id, attempt=attempt)
    return instance(found[0])


def _get_building(txn: transaction.Transaction, id: str,
                  attempt: int) -> models.Instance:
    """Return the instance, as ``_get_fenced``, if it is being built."""
    found = _get_fenced(txn, id, attempt)
    if found.status != "BUILDING":
        raise exception.Fenced(id=id, attempt=attempt)
    return found


def _conclude(txn: transaction.Transaction, id: str, *, status: str,
              **values: Any) -> models.Instance:
    """End what is under way, in ``status``."""
    if status == "DELETED":
        claims.release(txn, id)
    return _change(txn, _END if status == "DELETED" else _FINISH, id,
                   values={**values, "status": status, "task": None})


def _change(txn: transaction.Transaction, statement: str, id: str,
            **params: Any) -> models.Instance:
    return instance(txn.write(statement, id=id, **params)[0][0])


def _values(wanted: models.Instance) -> dict[str, Any]:
    values = {field.name: getattr(wanted, field.name)
              for field in dataclasses.fields(wanted)}
    for name in ("created_at", "updated_at", "deleted_at"):
        del values[name]
    return values | {"spec": stored.dump(wanted.spec),
                     "tried": list(wanted.tried)}


def _message(message: models.Message) -> dict[str, Any]:
    return {"id": message.id, "action": message.action,
            "request_id": message.request_id,
            "context": stored.dump(message.context)}
