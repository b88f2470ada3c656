"""A cloud in memory, and what filters, weighers and actions see of it."""

import contextlib
import datetime
from collections.abc import Iterator, Mapping, Sequence

from tachyon import context
from tachyon.db import models
from tachyon.placement import query
from tachyon.placement import snapshot as snapshot_module
from tachyon.placement import view as view_module
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import hosts as scheduler_hosts
from tests.unit.placement import fakes

_SEEN = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)


def service(host: str, *serves: str, age: float = 0.0, enabled: bool = True,
            binary: str = "tachyon-compute", reason: str | None = None
            ) -> models.Service:
    return models.Service(
        id=f"id-of-{host}", host=host, binary=binary, serves=serves,
        enabled=enabled, disabled_reason=reason, last_seen=_SEEN, age=age)


class Services:
    """The controller of services, and how often it was asked."""

    def __init__(self, services: Sequence[models.Service]) -> None:
        self.services = list(services)
        self.calls = 0

    def list(self) -> Sequence[models.Service]:
        self.calls += 1
        return tuple(self.services)


class Driver:
    """A driver with what a decision reads: providers and services."""

    def __init__(self, store: fakes.FakeStore,
                 services: Sequence[models.Service] | None = None) -> None:
        self.store = store
        self.services = Services(
            [service("c1", "*")] if services is None else services)
        self.snapshot = store.snapshot
        self.changes = store.changes


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def make_data(resources: Mapping[str, int] | None = None,
              **fields: object) -> scheduler_data.SchedulingData:
    group = query.RequestGroup(resources=resources or {"VCPU": 1})
    fields.setdefault("query", query.Query(groups=(group,)))
    fields.setdefault("context", context.get_admin_context())
    return scheduler_data.SchedulingData(
        request_id="req-1", project_id="demo", user_id="alice", **fields)


@contextlib.contextmanager
def looking(conf: object, driver: Driver,
            data: scheduler_data.SchedulingData | None = None,
            hosts: scheduler_hosts.HostMap | None = None
            ) -> Iterator[scheduler_data.HostSet]:
    """Lend a snapshot, to the data too, and return all hosts in it."""
    hosts = hosts or scheduler_hosts.HostMap(conf, driver)
    table = hosts.refresh()
    with view_module.View(driver).read() as snapshot:
        serving = hosts.serving(snapshot, table)
        if data is not None:
            data.look_at(snapshot, serving)
        yield host_set(snapshot, serving)


def host_set(snapshot: snapshot_module.Snapshot,
             serving: scheduler_hosts.Serving) -> scheduler_data.HostSet:
    return scheduler_data.HostSet(snapshot, snapshot.host_rows, serving)
