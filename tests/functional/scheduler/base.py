"""A scheduler over a real store and engine; computes are played by tests."""

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any

import fixtures
import futurist
from oslo_context import context as oslo_context
from oslo_utils import uuidutils

from tachyon import context
from tachyon import objects
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.placement import manager as placement_manager
from tachyon.placement import view
from tachyon.scheduler import manager
from tests.functional import stores
from tests.functional.db import base as db_tests
from tests.functional.scheduler import heard


@dataclasses.dataclass(frozen=True)
class Cast:
    """What a compute was told; ``current`` is the thread's request id."""

    service_host: str
    action: objects.InstanceAction
    request_id: str
    current: str


class FakeComputeAPI:
    """Notes casts, and loses them if told so."""

    def __init__(self) -> None:
        self.casts: list[Cast] = []
        self.error: Exception | None = None

    def execute(self, ctx: context.RequestContext, service_host: str,
                action: objects.InstanceAction, *,
                again: bool = False) -> None:
        if self.error is not None:
            raise self.error
        self.casts.append(Cast(service_host, action, ctx.request_id,
                               oslo_context.get_current().request_id))


class SchedulerCase(stores.OnEveryDriver):
    """``self.scheduler`` over ``self.driver``, with ``self.compute``."""

    def setUp(self) -> None:
        super().setUp()
        # Who was heard is not silent after a minute of a busy machine's.
        self.config(service_down_time=600.0)
        self.useFixture(fixtures.MonkeyPatch(
            "tachyon.scheduler.noted.PACE", 0.0))
        self.driver = db_tests.make_driver(self)
        self.compute = FakeComputeAPI()
        self.scheduler = self.make_scheduler()

    def make_scheduler(self, driver: db_base.DataDriverBase | None = None,
                       settled: bool = True) -> manager.SchedulerManager:
        """Return one more scheduler, as in another process; if not settled,
        one that has just begun."""
        driver = driver or self.driver
        seen = view.View(driver)
        made = manager.SchedulerManager(
            self.conf, driver, seen,
            placement_manager.PlacementManager(self.conf, driver, seen),
            self.compute, futurist.SynchronousExecutor())
        if settled:
            heard.settle(made)
        return made

    # -------------------------------------------------------------- the cloud
    def add_host(self, name: str, parent: str | None = None,
                 traits: Iterable[str] = (), aggregates: Iterable[str] = (),
                 **inventories: int) -> str:
        """Add a host (of 4 VCPU, if nothing is said); return its uuid."""
        uuid = uuidutils.generate_uuid()
        provider = self.driver.resource_providers.create(uuid, name, parent)
        provider = self.driver.inventories.replace(
            uuid, provider.generation,
            {each: models.Inventory(total=total) for each, total
             in (inventories or {"VCPU": 4}).items()})
        if traits:
            for trait in traits:
                self.driver.traits.create(trait)
            self.driver.traits.replace(uuid, None, frozenset(traits))
        if aggregates:
            self.driver.aggregates.replace(uuid, None, frozenset(aggregates))
        return uuid

    def beat(self, host: str = "c1", serves: Iterable[str] = ("*",),
             work: Iterable[tuple[str, int]] = ()) -> None:
        """Let a compute report."""
        self.scheduler.heartbeat(self.admin_context, objects.HeartbeatReport(
            host=host, binary="tachyon-compute", serves=list(serves),
            work=[objects.WorkItem(instance_id=id, attempt=attempt)
                  for id, attempt in work]))
        self.scheduler.flush_heartbeats()

    def service(self, host: str) -> models.Service:
        return next(each for each in self.driver.services.list()
                    if each.host == host)

    def silence(self, *hosts: str, age: float = 1e6) -> set[str]:
        """Make it long ago that these computes were heard of; return the
        set of those that are silent."""
        silent = set(hosts)
        original = type(self.driver.services).list

        def listed(controller: Any) -> list[models.Service]:
            return [dataclasses.replace(each, age=age)
                    if each.host in silent else each
                    for each in original(controller)]

        services = self.driver.services
        self.useFixture(Patch(type(services), "list", listed))
        return silent

    # ---------------------------------------------------------------- requests
    def submit(self, resources: Mapping[str, int] | None = None,
               ctx: context.RequestContext | None = None,
               **spec: Any) -> models.Instance:
        """Store an instance and its message, as the API does."""
        return self.submit_spec({"resources": resources or {"VCPU": 1},
                                 **spec}, ctx)

    def submit_spec(self, spec: Mapping[str, Any],
                    ctx: context.RequestContext | None = None
                    ) -> models.Instance:
        """Store an instance with a spec as it is, whatever is in it."""
        ctx = ctx or context.RequestContext(
            user_id="alice", project_id="demo", roles=["member"],
            overwrite=False)
        instance = self.make_instance(spec, ctx.request_id)
        return self.driver.instances.submit(
            instance, self.make_message(instance.id, "create", ctx))

    @staticmethod
    def make_instance(spec: Mapping[str, Any],
                      request_id: str) -> models.Instance:
        return models.Instance(
            id=uuidutils.generate_uuid(), name="vm", project_id="demo",
            user_id="alice", flavor="m1.tiny", image="cirros",
            status="BUILDING", task="create", request_id=request_id,
            spec=spec)

    def make_message(self, instance_id: str, action: str,
                     ctx: context.RequestContext | None = None
                     ) -> models.Message:
        ctx = ctx or context.RequestContext(
            user_id="alice", project_id="demo", roles=["member"],
            overwrite=False)
        return models.Message(
            id=uuidutils.generate_uuid(), instance_id=instance_id,
            action=action, request_id=ctx.request_id,
            context=ctx.to_durable_dict())

    def message_of(self, instance: models.Instance) -> models.Message | None:
        return next((each for each in self.driver.messages.list()
                     if each.instance_id == instance.id), None)

    def wake(self, instance: models.Instance,
             scheduler: manager.SchedulerManager | None = None
             ) -> models.Instance:
        """Tell a scheduler of an instance's message; return the instance."""
        message = self.message_of(instance)
        assert message is not None
        (scheduler or self.scheduler).wake(
            self.context, objects.RequestNotice(
                message_id=message.id, instance_id=instance.id,
                action=message.action))
        return self.get(instance)

    def create(self, resources: Mapping[str, int] | None = None,
               **spec: Any) -> models.Instance:
        return self.wake(self.submit(resources, **spec))

    def boot(self, resources: Mapping[str, int] | None = None,
             **spec: Any) -> models.Instance:
        """Create an instance and let its compute succeed."""
        self.create(resources, **spec)
        self.assertTrue(self.finish(self.compute.casts[-1].action))
        return self.driver.instances.get(
            self.compute.casts[-1].action.instance_id)

    def act(self, instance: models.Instance, action: str) -> models.Instance:
        """Store an action as the API does, and wake the scheduler."""
        instance = self.get(instance)
        return self.wake(self.driver.instances.submit_action(
            instance.id, instance.generation,
            self.make_message(instance.id, action)))

    def finish(self, action: objects.InstanceAction, succeeded: bool = True,
               fault: str | None = None,
               scheduler: manager.SchedulerManager | None = None) -> bool:
        """Report, as the compute that got this action."""
        return (scheduler or self.scheduler).finish_action(
            self.admin_context, objects.ActionResult(
                instance_id=action.instance_id, attempt=action.attempt,
                host=action.host, action=action.action, succeeded=succeeded,
                ip_address="192.0.2.1" if succeeded else None, fault=fault))

    # ---------------------------------------------------------- what there is
    def get(self, instance: models.Instance) -> models.Instance:
        return self.driver.instances.get(instance.id)

    def document(self, instance: models.Instance) -> Mapping[str, Any]:
        decision = self.driver.decisions.get(instance.request_id)
        self.assertEqual(decision.verdict, decision.document["verdict"])
        return decision.document

    def used(self, uuid: str, resource_class: str = "VCPU") -> int:
        provider = self.driver.resource_providers.get(uuid)
        return provider.inventories[resource_class].used

    def allocated(self, instance: models.Instance) -> dict[str, Any]:
        """Return what an instance has, by provider uuid."""
        consumer = self.driver.allocations.get(instance.id)
        return {uuid: dict(each.resources)
                for uuid, each in consumer.allocations.items()}


class Patch(fixtures.MonkeyPatch):
    """Replace an attribute of an object for the time of a test."""

    def __init__(self, target: Any, name: str, value: Any) -> None:
        super().__init__(f"{target.__module__}.{target.__qualname__}.{name}",
                         value)
