"""Instances, and the verbs that touch them with all that belongs to them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.sqlite import claims
from tachyon.db.sqlite import connection
from tachyon.db.sqlite import decisions
from tachyon.db.sqlite import rows
from tachyon.db.sqlite import writes as writes_module

_COLUMNS = ("id, name, project_id, user_id, flavor, image, status, spec, "
            "request_id, generation, attempt, task, host, provider_uuid, "
            "ip_address, fault, tried, created_at, updated_at, deleted_at")
_FILTERS = frozenset(("name", "status", "host", "flavor", "image"))


class InstancesController(base.InstancesController):
    """Instances in SQLite."""

    def __init__(self, store: connection.Store,
                 writes: writes_module.Writes):
        self._store = store
        self._writes = writes

    # --------------------------------------------------------------- reading
    def get(self, id: str) -> models.Instance:
        with self._store.read() as txn:
            return _get(txn, id)

    def get_many(self, ids: Sequence[str]) -> Sequence[models.Instance]:
        with self._store.read() as txn:
            return [_instance(row) for row in txn.all(
                f"SELECT {_COLUMNS} FROM instances WHERE id IN "
                "(SELECT value FROM json_each(?))", (rows.array(ids),))]

    def list(self, *, project_id: str | None = None,
             filters: Mapping[str, str] | None = None,
             include_deleted: bool = False, marker: str | None = None,
             limit: int = 1000) -> Sequence[models.Instance]:
        wanted = dict(filters or {})
        if not wanted.keys() <= _FILTERS:
            raise ValueError(f"unknown filters: {wanted.keys() - _FILTERS}")
        if project_id is not None:
            wanted["project_id"] = project_id
        conditions = [f"{column} = ?" for column in wanted]
        params: list[Any] = list(wanted.values())
        if not include_deleted and "status" not in wanted:
            # Spelt as the indexes of live instances spell it.
            conditions.append("status <> 'DELETED'")
        with self._store.read() as txn:
            if marker is not None:
                conditions.append("(created_at, id) > (?, ?)")
                params.extend(_position(txn, marker))
            return [_instance(row) for row in txn.all(
                f"SELECT {_COLUMNS} FROM instances "
                f"WHERE {' AND '.join(conditions) or '1'} "
                "ORDER BY created_at, id LIMIT ?",
                (*params, stored.limit(limit)))]

    # ----------------------------------------------------- what callers want
    def submit(self, instance: models.Instance,
               message: models.Message) -> models.Instance:
        return self._writes.do(
            [instance.id], lambda txn: _submit(txn, instance, message))

    def submit_action(self, id: str, generation: int,
                      message: models.Message) -> models.Instance:
        with self._store.write() as txn:
            instance = _get_of_generation(txn, id, generation)
            _drop_messages(txn, id)
            _put_message(txn, id, message)
            return _update(txn, id, task=message.action,
                           attempt=instance.attempt + 1)

    def end(self, id: str, generation: int) -> models.Instance:
        with self._store.write() as txn:
            _get_of_generation(txn, id, generation)
            return _finish(txn, id, status="DELETED")

    # ------------------------------------------------- what became of it
    def land(self, id: str, attempt: int, host: str, provider_uuid: str,
             claim: models.Claim, decision: models.Decision
             ) -> models.Instance:
        def landing(txn: connection.Transaction) -> models.Instance:
            _get_building(txn, id, attempt)
            claims.apply(txn, [claim], compare=False)
            decisions.put(txn, decision)
            return _update(txn, id, host=host, provider_uuid=provider_uuid)

        return self._writes.do([id, claim.consumer_uuid], landing)

    def unland(self, id: str, attempt: int, failed_host: str | None = None,
               fault: str | None = None) -> models.Instance:
        with self._store.write() as txn:
            before = _get_building(txn, id, attempt)
            tried = before.tried
            if failed_host is not None and failed_host not in tried:
                tried = (*tried, failed_host)
            claims.release(txn, id)
            txn.run("UPDATE messages SET claimed_by = NULL, free_at = ? "
                    "WHERE instance_id = ?", (txn.now, id))
            return _update(txn, id, host=None, provider_uuid=None,
                           tried=stored.dump(tried),
                           fault=before.fault if fault is None else fault)

    def finish(self, id: str, attempt: int, host: str, status: str, *,
               ip_address: str | None = None, fault: str | None = None
               ) -> models.Instance:
        def finishing(txn: connection.Transaction) -> models.Instance:
            try:
                instance = _get_fenced(txn, id, attempt)
            except exception.Fenced:
                done = _find_done(txn, id, attempt, host, status)
                if done is None:
                    raise
                return done
            if instance.host != host:
                raise exception.Fenced(id=id, attempt=attempt)
            return _finish(txn, id, status=status, fault=fault,
                           ip_address=ip_address or instance.ip_address)

        return self._writes.do([id], finishing)

    def fail(self, id: str, attempt: int, fault: str,
             decision: models.Decision | None = None) -> models.Instance:
        with self._store.write() as txn:
            instance = _get_fenced(txn, id, attempt)
            if decision is not None:
                decisions.put(txn, decision)
            if instance.status != "BUILDING":
                return _finish(txn, id, status="ERROR", fault=fault)
            claims.release(txn, id)
            return _finish(txn, id, status="ERROR", fault=fault, host=None,
                           provider_uuid=None)


# ------------------------------------------------------------ for messages
def raise_attempt(txn: connection.Transaction, id: str) -> models.Instance:
    """Raise an instance's attempt; its generation stays, nothing in it that
    a caller could have decided on has changed."""
    return _instance(txn.one("UPDATE instances SET attempt = attempt + 1 "
                             f"WHERE id = ? RETURNING {_COLUMNS}", (id,)))


# ----------------------------------------------------------------- internals
def _find(txn: connection.Transaction, id: str) -> models.Instance | None:
    row = txn.one(f"SELECT {_COLUMNS} FROM instances WHERE id = ?", (id,))
    return None if row is None else _instance(row)


def _get(txn: connection.Transaction, id: str) -> models.Instance:
    instance = _find(txn, id)
    if instance is None:
        raise exception.InstanceNotFound(id=id)
    return instance


def _get_of_generation(txn: connection.Transaction, id: str,
                       generation: int) -> models.Instance:
    instance = _get(txn, id)
    if instance.generation != generation:
        raise exception.ConcurrentUpdate(what=f"Instance {id}")
    return instance


def _get_fenced(txn: connection.Transaction, id: str,
                attempt: int) -> models.Instance:
    """Return the instance, to whoever holds its current attempt.

    :raises Fenced:
    """
    if attempt <= 0 or not txn.one(
            "SELECT 1 FROM messages WHERE instance_id = ? AND attempt = ?",
            (id, attempt)):
        raise exception.Fenced(id=id, attempt=attempt)
    return _get(txn, id)


def _get_building(txn: connection.Transaction, id: str,
                  attempt: int) -> models.Instance:
    """Return the instance, as ``_get_fenced``, if it is being built."""
    instance = _get_fenced(txn, id, attempt)
    if instance.status != "BUILDING":
        raise exception.Fenced(id=id, attempt=attempt)
    return instance


def _find_done(txn: connection.Transaction, id: str, attempt: int, host: str,
               status: str) -> models.Instance | None:
    """Return the instance if this attempt was finished just so already.

    ``attempt`` rises with whatever is wanted next. So if it is the same and
    no message is left, this very attempt was the last to end.
    """
    instance = _find(txn, id)
    if (instance is not None and attempt > 0 and instance.task is None
            and (instance.attempt, instance.host, instance.status)
            == (attempt, host, status)
            and not txn.one("SELECT 1 FROM messages WHERE instance_id = ?",
                            (id,))):
        return instance
    return None


def _position(txn: connection.Transaction, marker: str) -> tuple[int, str]:
    row: tuple[int, str] | None = txn.one(
        "SELECT created_at, id FROM instances WHERE id = ?", (marker,))
    if row is None:
        raise exception.MarkerNotFound(marker=marker)
    return row


def _submit(txn: connection.Transaction, instance: models.Instance,
            message: models.Message) -> models.Instance:
    if txn.one("SELECT 1 FROM instances WHERE id = ?", (instance.id,)):
        raise exception.InstanceExists(id=instance.id)
    txn.run(f"INSERT INTO instances ({_COLUMNS}) VALUES "
            "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,NULL)",
            (instance.id, instance.name, instance.project_id,
             instance.user_id, instance.flavor, instance.image,
             instance.status, stored.dump(instance.spec),
             instance.request_id, instance.generation, instance.attempt,
             instance.task, instance.host, instance.provider_uuid,
             instance.ip_address, instance.fault,
             stored.dump(instance.tried), txn.now, txn.now))
    _put_message(txn, instance.id, message)
    return _get(txn, instance.id)


def _put_message(txn: connection.Transaction, instance_id: str,
                 message: models.Message) -> None:
    txn.run("INSERT INTO messages (id, instance_id, action, request_id, "
            "context, attempt, deliveries, free_at, created_at) "
            "VALUES (?, ?, ?, ?, ?, 0, 0, ?, ?)",
            (message.id, instance_id, message.action, message.request_id,
             stored.dump(message.context), txn.now, txn.now))


def _drop_messages(txn: connection.Transaction, id: str) -> None:
    txn.run("DELETE FROM messages WHERE instance_id = ?", (id,))


def _finish(txn: connection.Transaction, id: str, *, status: str,
            **columns: Any) -> models.Instance:
    """End what is under way, in ``status``."""
    _drop_messages(txn, id)
    if status == "DELETED":
        claims.release(txn, id)
        columns["deleted_at"] = txn.now
    return _update(txn, id, status=status, task=None, **columns)


def _update(txn: connection.Transaction, id: str,
            **columns: Any) -> models.Instance:
    """Set columns (their names are from this module), raise the generation."""
    changes = "".join(f"{column} = ?, " for column in columns)
    return _instance(txn.one(
        f"UPDATE instances SET {changes} generation = generation + 1, "
        f"updated_at = ? WHERE id = ? RETURNING {_COLUMNS}",
        (*columns.values(), txn.now, id)))


def _instance(row: Sequence[Any]) -> models.Instance:
    return models.Instance(
        id=row[0], name=row[1], project_id=row[2], user_id=row[3],
        flavor=row[4], image=row[5], status=row[6], spec=json.loads(row[7]),
        request_id=row[8], generation=row[9], attempt=row[10], task=row[11],
        host=row[12], provider_uuid=row[13], ip_address=row[14],
        fault=row[15], tried=tuple(json.loads(row[16])),
        created_at=stored.to_time(row[17]), updated_at=stored.to_time(row[18]),
        deleted_at=stored.to_time_or_none(row[19]))
