"""What the threads of a process write at the same time: who comes while a
commit is under way is in the next one. What every driver must do."""

import threading
from concurrent import futures
from unittest import mock

from oslo_utils import uuidutils
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon import grouping
from tests.integration.parts import wait

DEADLINE = 60.0


class ClaimingContract:

    def setUp(self):
        super().setUp()
        self.make_provider("host", VCPU=8)
        self.take(uuids.first)
        patch = mock.patch.object(grouping, "PATIENCE", DEADLINE)
        patch.start()
        self.addCleanup(patch.stop)
        self.first = threading.Event()  # is about to commit
        self.go_on = threading.Event()
        self.addCleanup(self.go_on.set)
        self.commits = 0
        self.crowded = self.open()
        self.hold(self.crowded, self.pause)

    def pause(self, where):
        if where == "before":
            self.commits += 1
            self.first.set()
            self.go_on.wait(DEADLINE)

    def meet(self, controller, calls):
        """Make one call, and all others while it is held up at its commit;
        return the error of each, or None."""
        queues = [each._group._queue for each in vars(controller).values()
                  if hasattr(each, "_group")]
        with futures.ThreadPoolExecutor(len(calls)) as pool:
            begun = [pool.submit(*calls[0])]
            self.assertTrue(self.first.wait(DEADLINE))
            for length, call in enumerate(calls[1:], 1):
                begun.append(pool.submit(*call))
                wait.until(lambda length=length:
                           sum(map(len, queues)) == length, "it waits")
            self.go_on.set()
            return [each.exception(DEADLINE) for each in begun]

    def replace(self, *claims):
        return (self.crowded.allocations.replace, claims)

    def test_who_comes_meanwhile_is_in_the_next_commit(self):
        before = self.driver.resource_providers.get(uuids.host).generation
        self.assertEqual([None] * 6, self.meet(self.crowded.allocations, [
            self.replace(self.claim(uuidutils.generate_uuid()))
            for _index in range(6)]))
        self.assertEqual(2, self.commits)
        found = self.driver.resource_providers.get(uuids.host)
        self.assertEqual((before + 6, 7), (found.generation,
                                           found.inventories["VCPU"].used))

    def test_each_has_an_outcome_of_its_own(self):
        generation = self.driver.resource_providers.get(uuids.host).generation
        errors = self.meet(self.crowded.allocations, [
            self.replace(self.claim(uuids.a)),
            self.replace(self.claim(uuids.b, {uuids.host: {"VCPU": 5}})),
            self.replace(self.claim(uuids.c, {uuids.host: {"VCPU": 5}})),
            self.replace(self.claim(uuids.first, None, 7)),
            self.replace(self.claim(uuids.d, {uuids.nowhere: {"VCPU": 1}})),
            self.replace(self.claim(uuids.e), self.claim(uuids.e)),
            self.replace(self.claim(uuids.f, provider_generations={
                uuids.host: generation})),
            self.replace(self.claim(uuids.g, consumer_type="NEW"))])
        self.assertEqual(
            [None, None, exception.CapacityExceeded,
             exception.ConcurrentUpdate, exception.ResourceProviderNotFound,
             exception.ConcurrentUpdate, exception.ConcurrentUpdate, None],
            [error and type(error) for error in errors])
        found, consumers = self.driver.allocations.list_by_provider(
            uuids.host)
        self.assertEqual((generation + 3, 8), (
            found.generation, found.inventories["VCPU"].used))
        self.assertEqual({uuids.first, uuids.a, uuids.b, uuids.g},
                         {one.uuid for one in consumers})

    def test_a_group_of_which_nobody_gets_anything(self):
        errors = self.meet(self.crowded.allocations, [
            self.replace(self.claim(name, {uuids.host: {"VCPU": amount}}))
            for name, amount in ((uuids.a, 7), (uuids.b, 1), (uuids.c, 2))])
        self.assertEqual(
            [None, *[exception.CapacityExceeded] * 2],
            [error and type(error) for error in errors])
        self.assertEqual(8, self.used(uuids.host))

    def test_a_view_hears_of_all_of_them(self):
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        hosts = [self.make_provider(f"host{index}", VCPU=1).uuid
                 for index in range(3)]
        cursor = self.driver.changes(cursor).cursor
        self.meet(self.crowded.allocations, [
            self.replace(self.claim(uuidutils.generate_uuid(), {
                host: {"VCPU": amount}}))
            for host, amount in zip(hosts, (1, 2, 1), strict=True)])
        self.assertEqual({hosts[0]: 1, hosts[2]: 1}, {
            one.uuid: one.inventories["VCPU"].used
            for one in self.driver.changes(cursor).providers})

    def test_instances_that_are_asked_for(self):
        self.submit("there")
        calls = [(self.crowded.instances.submit,
                  self.make_instance(name),
                  self.make_message(getattr(uuids, name), "create",
                                    f"{name}-again"))
                 for name in ("a", "b", "there", "c")]
        errors = self.meet(self.crowded.instances, calls)
        self.assertEqual([None, None, exception.InstanceExists, None],
                         [error and type(error) for error in errors])
        self.assertEqual(2, self.commits)
        self.assertEqual(
            {uuids.a, uuids.b, uuids.c, uuids.there},
            {each.instance_id for each in self.driver.messages.list()})

    def test_messages_that_are_claimed(self):
        for name in ("a", "b", "c"):
            self.submit(name)
        self.driver.messages.claim("you", 30, ids=[getattr(uuids, "b-msg")])
        claim, got = self.crowded.messages.claim, {}

        def claim_one(name):
            got[name] = [(message.instance_id, message.attempt,
                          message.claimed_by, instance.attempt)
                         for message, instance in claim(
                             "me", 30, ids=[getattr(uuids, f"{name}-msg")])]

        errors = self.meet(self.crowded.messages, [
            (claim_one, name) for name in ("a", "b", "c", "nope")])
        self.assertEqual([None] * 4, errors)
        self.assertEqual({"a": [(uuids.a, 1, "me", 1)], "b": [],
                          "c": [(uuids.c, 1, "me", 1)], "nope": []}, got)
        self.assertEqual(2, self.commits)

    def test_claims_of_messages_that_are_renewed(self):
        self.make_provider("host2", VCPU=1)
        work = {}
        for name in ("a", "b", "c"):
            self.submit(name)
            id = getattr(uuids, name)
            work[name] = [(id, self.claim_message(id).attempt)]
        self.land(uuids.b, work["b"][0][1], uuids.host2, "host2")
        work["old"] = [(uuids.a, 7)]
        got = {}

        def renew(name):
            got[name] = dict(self.crowded.messages.renew(work[name], 300))

        self.assertEqual([None] * 4, self.meet(self.crowded.messages, [
            (renew, name) for name in work]))
        self.assertEqual({"a": {work["a"][0]: None},
                          "b": {work["b"][0]: "host2"},
                          "c": {work["c"][0]: None}, "old": {}}, got)
        self.assertEqual(2, self.commits)

    def test_actions_that_end(self):
        calls = []
        for name in ("a", "b", "c"):
            self.submit(name)
            id = getattr(uuids, name)
            attempt = self.claim_message(id).attempt
            self.land(id, attempt)
            calls.append((self.crowded.instances.finish, id,
                          attempt + (name == "b"), "host", "STOPPED"))
        calls.append((self.crowded.instances.finish, uuids.nope, 1, "host",
                      "STOPPED"))
        errors = self.meet(self.crowded.instances, calls)
        self.assertEqual([None, exception.Fenced, None, exception.Fenced],
                         [error and type(error) for error in errors])
        self.assertEqual(2, self.commits)
        self.assertEqual(
            [("STOPPED", None), ("BUILDING", "create"), ("STOPPED", None)],
            [(each.status, each.task) for each in map(
                self.driver.instances.get, (uuids.a, uuids.b, uuids.c))])
        self.assertEqual([uuids.b], [each.instance_id for each
                                     in self.driver.messages.list()])

    def test_landings(self):
        calls = []
        for name in ("a", "b", "c"):
            self.submit(name)
            id = getattr(uuids, name)
            attempt = self.claim_message(id).attempt + (name == "b")
            calls.append((self.crowded.instances.land, id, attempt, "host",
                          uuids.host, self.claim(id),
                          self.make_decision(f"req-{id}", id)))
        errors = self.meet(self.crowded.instances, calls)
        self.assertEqual([None, exception.Fenced, None],
                         [error and type(error) for error in errors])
        self.assertEqual(
            ["host", None, "host"],
            [self.driver.instances.get(getattr(uuids, name)).host
             for name in ("a", "b", "c")])
        self.assertEqual(uuids.c, self.driver.decisions.get(
            f"req-{uuids.c}").consumer_uuid)
        self.assertEqual(3, self.used(uuids.host))
