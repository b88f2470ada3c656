"""Instances and their verbs: what every driver must do."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception


class InstancesContract:

    def setUp(self):
        super().setUp()
        self.make_provider("host", VCPU=4)
        self.instances = self.driver.instances

    # ---------------------------------------------------------------- submit
    def test_submit(self):
        spec = {"image": "cirros", "traits": ["A"], "resources": {"VCPU": 1}}
        made = self.submit("vm", spec=spec)
        self.assertEqual(
            (uuids.vm, "vm", "demo", "alice", "m1.tiny", "cirros", "BUILDING",
             spec, "req-vm", 0, 0, "create", None, None, None, None, ()),
            (made.id, made.name, made.project_id, made.user_id, made.flavor,
             made.image, made.status, made.spec, made.request_id,
             made.generation, made.attempt, made.task, made.host,
             made.provider_uuid, made.ip_address, made.fault, made.tried))
        self.assertEqual((made.created_at, None),
                         (made.updated_at, made.deleted_at))
        self.assertEqual(made, self.instances.get(uuids.vm))
        self.assertEqual([uuids.vm], self._message_instances())

    def test_submit_the_same_id(self):
        before = self.submit("vm")
        self.assertRaises(exception.InstanceExists, self.instances.submit,
                          before, self.make_message(uuids.vm, "create", "x"))
        self.assertEqual([uuids.vm], self._message_instances())

    def test_unknown(self):
        message = self.make_message(uuids.nope, "start", "x")
        for call in (lambda: self.instances.get(uuids.nope),
                     lambda: self.instances.end(uuids.nope, 0),
                     lambda: self.instances.submit_action(
                         uuids.nope, 0, message)):
            self.assertRaises(exception.InstanceNotFound, call)
        self.assertEqual([], self._message_instances())

    def test_get_many(self):
        made = {name: self.submit(name) for name in ("a", "b", "c")}
        self.instances.end(uuids.c, made["c"].generation)
        found = self.instances.get_many([uuids.c, uuids.nope, uuids.a,
                                         uuids.a])
        self.assertEqual(
            {made["a"].id: made["a"], uuids.c: self.instances.get(uuids.c)},
            {each.id: each for each in found})
        self.assertEqual(2, len(found))
        self.assertEqual([], list(self.instances.get_many([])))

    # ------------------------------------------------------------------ land
    def test_land(self):
        before, attempt = self._building()
        after = self.land(uuids.vm, attempt)
        self.assertEqual(
            ("BUILDING", "create", "host", uuids.host, before.generation + 1),
            (after.status, after.task, after.host, after.provider_uuid,
             after.generation))
        self.assertGreater(after.updated_at, before.updated_at)
        self.assertEqual(after, self.instances.get(uuids.vm))
        self.assertEqual(1, self.used(uuids.host))
        self.assertEqual({"VCPU": 1}, self.driver.allocations.get(
            uuids.vm).allocations[uuids.host].resources)
        self.assertEqual(
            uuids.vm,
            self.driver.decisions.get(f"req-{uuids.vm}").consumer_uuid)
        self.assertEqual([uuids.vm], self._message_instances())

    def test_land_again_replaces_the_allocation(self):
        _before, attempt = self._building()
        self.make_provider("other", VCPU=4)
        self.land(uuids.vm, attempt)
        after = self.land(uuids.vm, attempt, uuids.other, "other")
        self.assertEqual("other", after.host)
        self.assertEqual((0, 1), (self.used(uuids.host),
                                  self.used(uuids.other)))

    def test_land_where_there_is_no_room(self):
        before, attempt = self._building()
        self.take(uuids.other, {uuids.host: {"VCPU": 4}})
        self._assert_refused(exception.CapacityExceeded, before,
                             lambda: self.land(uuids.vm, attempt))

    def test_land_on_a_compared_provider(self):
        before, attempt = self._building()
        claim = self.claim(uuids.vm, provider_generations={uuids.host: 0})
        self._assert_refused(
            exception.ConcurrentUpdate, before,
            lambda: self.instances.land(
                uuids.vm, attempt, "host", uuids.host, claim,
                self.make_decision("req-x", uuids.vm)))
        self.assertRaises(exception.RequestNotFound,
                          self.driver.decisions.get, "req-x")

    def test_land_and_unland_only_what_is_building(self):
        self._stopped()
        self._submit_action("start")
        attempt = self.claim_message(uuids.vm).attempt
        before = self.instances.get(uuids.vm)
        self.assertRaises(exception.Fenced, self.land, uuids.vm, attempt)
        self.assertRaises(exception.Fenced, self.instances.unland, uuids.vm,
                          attempt)
        self.assertEqual(before, self.instances.get(uuids.vm))
        self.assertEqual(1, self.used(uuids.host))

    # ---------------------------------------------------------------- unland
    def test_unland(self):
        _before, attempt = self._building()
        landed = self.land(uuids.vm, attempt)
        after = self.instances.unland(uuids.vm, attempt, "host")
        self.assertEqual(
            ("BUILDING", None, None, ("host",), landed.generation + 1),
            (after.status, after.host, after.provider_uuid, after.tried,
             after.generation))
        self.assertEqual(0, self.used(uuids.host))
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, uuids.vm)
        (message, _instance), = self.driver.messages.claim("other", 30)
        self.assertEqual((attempt + 1, 2),
                         (message.attempt, message.deliveries))

    def test_unland_remembers_all_that_failed(self):
        self._building()
        for host in ("a", "b", "a", None):
            after = self.instances.unland(
                uuids.vm, self.instances.get(uuids.vm).attempt, host)
            self.claim_message(uuids.vm)
        self.assertEqual(("a", "b"), after.tried)

    def test_unland_keeps_the_last_fault(self):
        self._building()
        for fault, kept in (("no disk", "no disk"), (None, "no disk"),
                            ("no power", "no power")):
            after = self.instances.unland(
                uuids.vm, self.instances.get(uuids.vm).attempt, fault=fault)
            self.assertEqual(kept, after.fault)
            attempt = self.claim_message(uuids.vm).attempt
        self.land(uuids.vm, attempt)
        after = self.instances.finish(uuids.vm, attempt, "host", "STOPPED")
        self.assertIsNone(after.fault)

    # ---------------------------------------------------------------- finish
    def test_finish(self):
        _before, attempt = self._building()
        landed = self.land(uuids.vm, attempt)
        after = self.instances.finish(uuids.vm, attempt, "host", "STOPPED",
                                      ip_address="192.0.2.7")
        self.assertEqual(
            ("STOPPED", None, "host", "192.0.2.7", landed.generation + 1),
            (after.status, after.task, after.host, after.ip_address,
             after.generation))
        self.assertEqual(1, self.used(uuids.host))
        self.assertEqual([], self._message_instances())
        self.assertEqual(after, self.instances.get(uuids.vm))

    def test_finish_keeps_the_address(self):
        self._stopped(ip_address="192.0.2.7")
        self._submit_action("start")
        attempt = self.claim_message(uuids.vm).attempt
        after = self.instances.finish(uuids.vm, attempt, "host", "RUNNING")
        self.assertEqual("192.0.2.7", after.ip_address)

    def test_finish_with_a_fault(self):
        self._stopped()
        self._submit_action("start")
        attempt = self.claim_message(uuids.vm).attempt
        after = self.instances.finish(uuids.vm, attempt, "host", "ERROR",
                                      fault="it burnt")
        self.assertEqual(("ERROR", "it burnt"), (after.status, after.fault))
        self.assertEqual(1, self.used(uuids.host))

    def test_finish_deleted(self):
        self._stopped()
        self._submit_action("delete")
        attempt = self.claim_message(uuids.vm).attempt
        after = self.instances.finish(uuids.vm, attempt, "host", "DELETED")
        self.assertEqual("DELETED", after.status)
        self.assertEqual(after.updated_at, after.deleted_at)
        self.assertEqual(0, self.used(uuids.host))
        self.assertRaises(exception.ConsumerNotFound,
                          self.driver.allocations.get, uuids.vm)

    def test_finish_from_the_wrong_host(self):
        _before, attempt = self._building()
        landed = self.land(uuids.vm, attempt)
        self.assertRaises(exception.Fenced, self.instances.finish, uuids.vm,
                          attempt, "other", "STOPPED")
        self.assertEqual(landed, self.instances.get(uuids.vm))

    def test_finish_before_it_landed(self):
        before, attempt = self._building()
        self.assertRaises(exception.Fenced, self.instances.finish, uuids.vm,
                          attempt, "host", "STOPPED")
        self.assertEqual(before, self.instances.get(uuids.vm))

    def test_finish_once_more_after_a_lost_answer(self):
        _before, attempt = self._building()
        self.land(uuids.vm, attempt)
        finish = self.instances.finish
        first = finish(uuids.vm, attempt, "host", "STOPPED")
        self.assertEqual(first, finish(uuids.vm, attempt, "host", "STOPPED"))
        for name, args in (("host", (attempt, "other", "STOPPED")),
                           ("status", (attempt, "host", "RUNNING")),
                           ("attempt", (attempt + 1, "host", "STOPPED"))):
            with self.subTest(name):
                self.assertRaises(exception.Fenced, finish, uuids.vm, *args)
        self._submit_action("start")
        self.assertRaises(exception.Fenced, finish, uuids.vm, attempt, "host",
                          "STOPPED")

    # ------------------------------------------------------------------ fail
    def test_fail_of_a_create(self):
        _before, attempt = self._building()
        landed = self.land(uuids.vm, attempt)
        after = self.instances.fail(
            uuids.vm, attempt, "0/1 hosts",
            self.make_decision("req-vm", uuids.vm, verdict="no_candidates"))
        self.assertEqual(
            ("ERROR", None, "0/1 hosts", None, None, landed.generation + 1),
            (after.status, after.task, after.fault, after.host,
             after.provider_uuid, after.generation))
        self.assertEqual(0, self.used(uuids.host))
        self.assertEqual([], self._message_instances())
        self.assertEqual("no_candidates",
                         self.driver.decisions.get("req-vm").verdict)

    def test_fail_of_an_action(self):
        self._stopped()
        self._submit_action("start")
        attempt = self.claim_message(uuids.vm).attempt
        after = self.instances.fail(uuids.vm, attempt, "gave up")
        self.assertEqual(("ERROR", None, "gave up", "host"),
                         (after.status, after.task, after.fault, after.host))
        self.assertEqual(1, self.used(uuids.host))
        self.assertEqual([], self._message_instances())

    # --------------------------------------------------------------- actions
    def test_submit_action(self):
        before = self._stopped()
        after = self._submit_action("start")
        self.assertEqual(
            ("STOPPED", "start", before.generation + 1, before.attempt + 1),
            (after.status, after.task, after.generation, after.attempt))
        self.assertEqual(["start"], self._actions())

    def test_submit_action_compares(self):
        before = self._stopped()
        for generation in (before.generation - 1, before.generation + 1):
            self.assertRaises(
                exception.ConcurrentUpdate, self.instances.submit_action,
                uuids.vm, generation, self.make_message(uuids.vm, "x", "x"))
        self.assertEqual(before, self.instances.get(uuids.vm))
        self.assertEqual([], self._actions())

    def test_an_action_overtakes_the_one_under_way(self):
        _before, attempt = self._building()
        landed = self.land(uuids.vm, attempt)
        after = self._submit_action("delete")
        self.assertEqual(["delete"], self._actions())
        self.assertGreater(after.attempt, landed.attempt)
        self._assert_fenced(attempt)
        self.assertEqual(after, self.instances.get(uuids.vm))

    # ------------------------------------------------------------------- end
    def test_end(self):
        before, attempt = self._building()
        after = self.instances.end(uuids.vm, before.generation)
        self.assertEqual(("DELETED", None, before.generation + 1),
                         (after.status, after.task, after.generation))
        self.assertIsNotNone(after.deleted_at)
        self.assertEqual([], self._message_instances())
        self._assert_fenced(attempt)
        self.assertEqual(after, self.instances.get(uuids.vm))

    def test_end_gives_the_allocation_back(self):
        _before, attempt = self._building()
        landed = self.land(uuids.vm, attempt)
        self.instances.end(uuids.vm, landed.generation)
        self.assertEqual(0, self.used(uuids.host))

    def test_end_compares(self):
        before, _attempt = self._building()
        self.assertRaises(exception.ConcurrentUpdate, self.instances.end,
                          uuids.vm, before.generation + 1)
        self.assertEqual(before, self.instances.get(uuids.vm))

    # --------------------------------------------------------------- fencing
    def test_stale_attempts_are_fenced(self):
        _before, attempt = self._building()
        self.land(uuids.vm, attempt)
        self.age_store(31)
        self.claim_message(uuids.vm, "successor")
        before = self.instances.get(uuids.vm)
        for stale in (attempt, attempt + 2, 0, -1):
            self._assert_fenced(stale)
        self.assertEqual(before, self.instances.get(uuids.vm))
        self.assertEqual(1, self.used(uuids.host))

    def test_an_unclaimed_message_is_nobodys(self):
        before = self.submit("vm")
        self._assert_fenced(0)
        self.assertEqual(before, self.instances.get(uuids.vm))

    def test_unknown_instances_are_fenced(self):
        self._assert_fenced(1, uuids.nope)

    def test_an_expired_claim_that_nobody_took_still_counts(self):
        _before, attempt = self._building()
        self.age_store(31)
        self.assertEqual("host", self.land(uuids.vm, attempt).host)

    def test_one_of_many_finishes(self):
        _before, attempt = self._building()
        self.land(uuids.vm, attempt)

        def finish(status):
            try:
                self.instances.finish(uuids.vm, attempt, "host", status)
            except exception.Fenced:
                return None
            return status

        ended = [status for status in self.in_threads(
            finish, [f"S{index}" for index in range(16)]) if status]
        self.assertEqual([self.instances.get(uuids.vm).status], ended)

    # ------------------------------------------------------------------ list
    def test_list_in_pages(self):
        names = [f"vm{index}" for index in range(5)]
        for name in names:
            self.submit(name)
        self.assertEqual(names, self._names())
        self.assertEqual(names[:2], self._names(limit=2))
        self.assertEqual(names[2:4], self._names(limit=2, marker=uuids.vm1))
        self.assertEqual([], self._names(marker=uuids.vm4))
        self.assertEqual([], self._names(limit=0))

    def test_list_by_filters(self):
        self._stopped()
        self.submit("a", flavor="m1.small")
        self.submit("b", image="debian", project_id="theirs")
        for filters, wanted in (
                ({"name": "a"}, ["a"]), ({"status": "STOPPED"}, ["vm"]),
                ({"host": "host"}, ["vm"]), ({"flavor": "m1.small"}, ["a"]),
                ({"image": "debian"}, ["b"]), ({"name": "A"}, []),
                ({"status": "BUILDING", "image": "cirros"}, ["a"]),
                ({}, ["vm", "a", "b"])):
            with self.subTest(**filters):
                self.assertEqual(wanted, self._names(filters=filters))
        self.assertEqual(["b"], self._names(project_id="theirs"))
        self.assertEqual(["vm"], self._names(
            project_id="demo", filters={"host": "host"}))

    def test_list_deleted_ones_only_if_asked_for(self):
        for name in ("gone", "live"):
            self.submit(name)
        self.instances.end(uuids.gone, 0)
        for project_id in (None, "demo"):
            self.assertEqual(["live"], self._names(project_id=project_id))
            self.assertEqual(["gone", "live"], self._names(
                project_id=project_id, include_deleted=True))
            self.assertEqual(["gone"], self._names(
                project_id=project_id, filters={"status": "DELETED"}))

    def test_a_marker_need_not_match(self):
        for name in ("a", "gone", "b"):
            self.submit(name)
        self.instances.end(uuids.gone, 0)
        self.assertEqual(["b"], self._names(marker=uuids.gone))
        self.assertEqual(["b"], self._names(
            marker=uuids.a, filters={"name": "b"}))

    def test_unknown_marker(self):
        self.assertRaises(exception.MarkerNotFound, self.instances.list,
                          marker=uuids.nope)

    # ------------------------------------------------------------- internals
    def _building(self):
        """Return an instance whose create is claimed, and the attempt."""
        self.submit("vm")
        attempt = self.claim_message(uuids.vm).attempt
        return self.instances.get(uuids.vm), attempt

    def _stopped(self, ip_address=None):
        _before, attempt = self._building()
        self.land(uuids.vm, attempt)
        return self.instances.finish(uuids.vm, attempt, "host", "STOPPED",
                                     ip_address=ip_address)

    def _submit_action(self, action):
        return self.instances.submit_action(
            uuids.vm, self.instances.get(uuids.vm).generation,
            self.make_message(uuids.vm, action, f"{action}-msg"))

    def _assert_fenced(self, attempt, id=None):
        id = id or uuids.vm
        for name, call in (
                ("land", lambda: self.land(id, attempt)),
                ("unland", lambda: self.instances.unland(id, attempt, "h")),
                ("finish", lambda: self.instances.finish(
                    id, attempt, "host", "STOPPED")),
                ("fail", lambda: self.instances.fail(
                    id, attempt, "no", self.make_decision("req-f", id)))):
            with self.subTest(name, attempt=attempt):
                self.assertRaises(exception.Fenced, call)
        self.assertRaises(exception.RequestNotFound,
                          self.driver.decisions.get, "req-f")

    def _assert_refused(self, error, before, call):
        used = self.used(uuids.host)
        self.assertRaises(error, call)
        self.assertEqual(before, self.instances.get(uuids.vm))
        self.assertEqual(used, self.used(uuids.host))
        self.assertEqual([uuids.vm], self._message_instances())

    def _message_instances(self):
        return [one.instance_id for one in self.driver.messages.list()]

    def _actions(self):
        return [one.action for one in self.driver.messages.list()]

    def _names(self, **kwargs):
        return [one.name for one in self.instances.list(**kwargs)]
