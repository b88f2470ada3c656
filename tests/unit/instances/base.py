"""Managers over a store of their own, and a scheduler that only listens."""

from tachyon import context
from tachyon import policy
from tachyon.db import load
from tachyon.db import models
from tachyon.instances import manager
from tests import base
from tests.unit.instances import documents

WISH = {"name": "web-1", "flavor": "m1.small", "image": "debian-12"}


class RecordingScheduler:
    """Stands in for SchedulerAPI: keeps what it is sent.

    ``error`` is raised by the next calls, ``answer`` returned by ``explain``.
    """

    def __init__(self):
        self.woken = []
        self.asked = []
        self.error = None
        self.answer = {}

    def wake(self, ctx, notice):
        if self.error is not None:
            raise self.error
        self.woken.append((ctx, notice))

    def explain(self, ctx, request, capacity=False):
        return self._answer(ctx, request, capacity)

    def explain_server(self, ctx, request, hosts, capacity):
        return self._answer(ctx, request, hosts, capacity)

    def _answer(self, *asked):
        if self.error is not None:
            raise self.error
        self.asked.append(asked)
        return self.answer


class TestCase(base.TestCase):

    def setUp(self):
        super().setUp()
        policy.reset()
        self.addCleanup(policy.reset)
        self.driver = load.get_driver(self.conf)
        self.addCleanup(self.driver.close)
        self.scheduler = RecordingScheduler()
        self.instances = manager.InstanceManager(self.conf, self.driver,
                                                 self.scheduler)
        self.admin = self.make_context("root", "ops", "admin")
        self.alice = self.make_context("alice", "demo")
        self.bob = self.make_context("bob", "other")

    @staticmethod
    def make_context(user, project, *roles):
        """Return the context of a member, unless it has other roles."""
        return context.RequestContext(
            user_id=user, project_id=project,
            roles=list(roles or ("member", "reader")), overwrite=False)

    def make_instance(self, ctx=None, **changes):
        """Return an instance that was asked for, and is BUILDING."""
        return self.instances.create(ctx or self.alice, {**WISH, **changes})

    def claim(self, id):
        """Return the attempt of a message claim on the instance."""
        message, = [message for message in self.driver.messages.list()
                    if message.instance_id == id]
        (_, instance), = self.driver.messages.claim(
            "scheduler", 60, ids=[message.id])
        return instance.attempt

    @staticmethod
    def make_decision(instance, document):
        return models.Decision(instance.request_id, instance.id,
                               instance.project_id, document["verdict"],
                               document)

    def land(self, id, host="host-1"):
        """Put a BUILDING instance on a host, and return the attempt."""
        attempt = self.claim(id)
        instance = self.driver.instances.get(id)
        claim = models.Claim(id, None, instance.project_id, instance.user_id,
                             {})
        decision = self.make_decision(instance, documents.make("scheduled"))
        self.driver.instances.land(id, attempt, host, id, claim, decision)
        return attempt

    def make_idle(self, status="STOPPED", ctx=None, host="host-1"):
        """Return an instance that landed, in this state."""
        id = self.make_instance(ctx).id
        attempt = self.land(id, host)
        return self.driver.instances.finish(id, attempt, host, status,
                                            ip_address="192.0.2.7")
