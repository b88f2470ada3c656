import itertools
from unittest import mock

from oslo_utils import uuidutils

from tachyon import context
from tachyon import exception
from tachyon.instances import states
from tests.unit.instances import base

# ERROR and DELETED have their own tests: they need other beginnings.
IDLE = ("STOPPED", "RUNNING", "PAUSED")


class TestCreate(base.TestCase):

    def test_the_wish_is_stored_with_its_message_and_a_scheduler_woken(self):
        instance = self.make_instance()

        stored = self.driver.instances.get(instance.id)
        self.assertEqual(
            ("web-1", "BUILDING", "create", "demo", "alice", None),
            (stored.name, stored.status, stored.task, stored.project_id,
             stored.user_id, stored.host))
        message, = self.driver.messages.list()
        self.assertEqual((instance.id, "create", self.alice.request_id),
                         (message.instance_id, message.action,
                          message.request_id))
        self.assertEqual(self.alice.request_id, stored.request_id)
        (ctx, notice), = self.scheduler.woken
        self.assertIs(self.alice, ctx)
        self.assertEqual((message.id, instance.id, "create"),
                         (notice.message_id, notice.instance_id,
                          notice.action))

    def test_the_message_carries_the_caller_but_no_token(self):
        self.alice.auth_token = "secret"

        self.make_instance()

        message, = self.driver.messages.list()
        self.assertNotIn("secret", str(message.context))
        caller = context.RequestContext.from_durable_dict(message.context)
        self.assertEqual(
            ("alice", "demo", self.alice.request_id),
            (caller.user_id, caller.project_id, caller.request_id))

    def test_a_wake_that_fails_does_not_fail_the_create(self):
        self.scheduler.error = OSError("no broker")

        instance = self.make_instance()

        message, = self.driver.messages.list()
        self.assertEqual(instance.id, message.instance_id)

    def test_a_store_that_fails_leaves_nothing_and_wakes_nobody(self):
        error = exception.DriverUnavailable(reason="gone")
        with mock.patch.object(self.driver.instances, "submit",
                               side_effect=error):
            self.assertRaises(exception.DriverUnavailable,
                              self.make_instance)

        self.assertEqual([], self.scheduler.woken)
        self.assertEqual([], list(self.driver.messages.list()))

    def test_the_name_is_as_long_as_the_operator_allows(self):
        self.config(group="instances", max_name_length=5)

        self.make_instance(name="a" * 4)
        self.make_instance(name="a" * 5)
        error = self.assertRaises(exception.ValidationError,
                                  self.make_instance, name="a" * 6)
        self.assertEqual("name", error.field)

    def test_a_caller_without_a_project_is_refused(self):
        for ctx in (self.make_context("alice", None),
                    self.make_context("root", None, "admin")):
            self.assertRaises(exception.PolicyNotAuthorized,
                              self.make_instance, ctx)
        self.assertEqual([], list(self.driver.messages.list()))


class TestSpec(base.TestCase):
    """What becomes of a wish. m1.small: 1 VCPU, 2048 MB, 20 GB."""

    RESOURCES = [
        ("none given", {},
         {"VCPU": 1, "MEMORY_MB": 2048, "DISK_GB": 20}),
        ("one replaced", {"VCPU": 3},
         {"VCPU": 3, "MEMORY_MB": 2048, "DISK_GB": 20}),
        ("one added", {"CUSTOM_GOLD": 2},
         {"VCPU": 1, "MEMORY_MB": 2048, "DISK_GB": 20, "CUSTOM_GOLD": 2}),
        ("one taken out", {"DISK_GB": 0},
         {"VCPU": 1, "MEMORY_MB": 2048}),
        ("none of what is not there", {"CUSTOM_GOLD": 0},
         {"VCPU": 1, "MEMORY_MB": 2048, "DISK_GB": 20}),
    ]

    def test_resources_are_the_flavors_and_what_is_said_beyond(self):
        for name, given, expected in self.RESOURCES:
            with self.subTest(name):
                instance = self.make_instance(resources=given)
                self.assertEqual(expected, instance.spec["resources"])

    def test_nothing_at_all_is_refused(self):
        error = self.assertRaises(
            exception.ValidationError, self.make_instance,
            resources={"VCPU": 0, "MEMORY_MB": 0, "DISK_GB": 0})
        self.assertEqual("resources", error.field)

    def test_an_unknown_flavor_is_a_bad_field(self):
        error = self.assertRaises(exception.ValidationError,
                                  self.make_instance, flavor="m9.mega")
        self.assertEqual("flavor", error.field)
        self.assertIn("m9.mega", str(error))

    def test_everything_asked_for_is_in_the_spec(self):
        aggregate = uuidutils.generate_uuid()
        wish = {
            "required_traits": ["HW_CPU_X86_AVX2"],
            "forbidden_traits": ["CUSTOM_OLD"],
            "preferred_traits": ["CUSTOM_NEW", "CUSTOM_NEW"],
            "avoided_traits": ["CUSTOM_LOUD"],
            "aggregates": [aggregate],
            "scheduler_hints": {"group": "a"},
        }

        instance = self.make_instance(**wish)

        self.assertEqual(
            {**wish, "preferred_traits": ["CUSTOM_NEW"],
             "flavor": "m1.small", "image": "debian-12",
             "resources": {"VCPU": 1, "MEMORY_MB": 2048, "DISK_GB": 20}},
            self.driver.instances.get(instance.id).spec)

    def test_wanted_and_unwanted_at_once_is_refused(self):
        for wanted, unwanted in (("required_traits", "forbidden_traits"),
                                 ("preferred_traits", "avoided_traits")):
            error = self.assertRaises(
                exception.ValidationError, self.make_instance,
                **{wanted: ["A", "B"], unwanted: ["B"]})
            self.assertEqual(unwanted, error.field)
            self.assertIn("B is in", str(error))

    def test_a_flavor_that_goes_takes_nothing_from_its_instances(self):
        instance = self.make_instance()

        self.driver.flavors.delete("m1.small")

        shown = self.instances.get(self.alice, instance.id)
        self.assertEqual("m1.small", shown.flavor)
        self.assertEqual(2048, shown.spec["resources"]["MEMORY_MB"])


class TestWhoSeesWhat(base.TestCase):

    def test_another_projects_instance_does_not_exist(self):
        id = self.make_idle().id
        for act in (self.instances.get, self.instances.delete,
                    lambda ctx, id: self.instances.act(ctx, id, "start")):
            self.assertRaises(exception.InstanceNotFound, act, self.bob, id)
        self.assertIsNone(self.driver.instances.get(id).task)

    def test_an_admin_sees_all_and_acts_on_all(self):
        id = self.make_idle().id

        self.assertEqual(id, self.instances.get(self.admin, id).id)
        instance = self.instances.act(self.admin, id, "start")
        self.assertEqual(("start", "demo"),
                         (instance.task, instance.project_id))

    def test_hosts_are_shown_to_admins(self):
        id = self.make_idle().id
        for ctx, host in ((self.admin, "host-1"), (self.alice, None)):
            self.assertEqual(host, self.instances.get(ctx, id).host)
            listed, = self.instances.list(ctx).items
            self.assertEqual(host, listed.host)
        self.assertIsNone(
            self.instances.act(self.alice, id, "start").host)

    def test_lists_hold_what_one_may_see(self):
        mine = self.make_instance().id
        theirs = self.make_instance(self.bob).id
        cases = [
            ("one's own", self.alice, None, {mine}),
            ("one's own by name", self.alice, "demo", {mine}),
            ("all", self.admin, None, {mine, theirs}),
            ("one project's", self.admin, "other", {theirs}),
            ("nobody's", self.admin, "empty", set()),
        ]
        for name, ctx, project, expected in cases:
            with self.subTest(name):
                page = self.instances.list(ctx, project_id=project)
                self.assertEqual(expected, {item.id for item in page.items})

    def test_what_one_may_not_list_is_refused(self):
        cases = [
            ("another project", self.alice, {"project_id": "other"}),
            ("by host", self.alice, {"filters": {"host": "host-1"}}),
            ("no project", self.make_context("eve", None), {}),
        ]
        for name, ctx, arguments in cases:
            with self.subTest(name):
                self.assertRaises(exception.PolicyNotAuthorized,
                                  self.instances.list, ctx, **arguments)

    def test_an_admin_lists_by_host(self):
        self.make_idle(host="host-1")
        id = self.make_idle(host="host-2").id

        page = self.instances.list(self.admin, filters={"host": "host-2"})

        self.assertEqual([id], [item.id for item in page.items])


class TestPages(base.TestCase):

    def test_pages_follow_each_other_to_the_end(self):
        ids = [self.make_instance().id for _ in range(5)]
        for limit, sizes in ((1, [1] * 5), (2, [2, 2, 1]), (4, [4, 1]),
                             (5, [5]), (6, [5]), (None, [5])):
            with self.subTest(limit=limit):
                pages = list(self._pages(limit))
                self.assertEqual(sizes, [len(page) for page in pages])
                self.assertEqual(ids, list(itertools.chain(*pages)))

    def _pages(self, limit):
        marker = None
        while True:
            page = self.instances.list(self.alice, marker=marker,
                                       limit=limit)
            yield [item.id for item in page.items]
            marker = page.marker
            if marker is None:
                return

    def test_the_operator_caps_pages(self):
        self.config(group="api", max_limit=2)
        for _ in range(3):
            self.make_instance()
        for limit, size in ((None, 2), (1, 1), (2, 2), (3, 2)):
            page = self.instances.list(self.alice, limit=limit)
            self.assertEqual(size, len(page.items))
            self.assertEqual(page.items[-1].id, page.marker)

    def test_an_unknown_marker_is_refused(self):
        self.assertRaises(exception.MarkerNotFound, self.instances.list,
                          self.alice, marker=uuidutils.generate_uuid())


class TestActions(base.TestCase):

    def test_every_action_in_every_idle_state(self):
        for status, action in itertools.product(IDLE, states.ACTIONS):
            with self.subTest(status=status, action=action):
                self._check_one(status, action)

    def _check_one(self, status, action):
        id = self.make_idle(status).id
        self.scheduler.woken.clear()
        if action not in states.allowed(status):
            error = self.assertRaises(exception.InvalidTransition,
                                      self.instances.act, self.alice, id,
                                      action)
            self.assertEqual(states.allowed(status), error.allowed)
            self.assertIsNone(self.driver.instances.get(id).task)
            self.assertEqual([], self.scheduler.woken)
            return
        instance = self.instances.act(self.alice, id, action)
        self.assertEqual((status, action), (instance.status, instance.task))
        message = self.driver.messages.list()[-1]
        self.assertEqual((id, action),
                         (message.instance_id, message.action))
        (_, notice), = self.scheduler.woken
        self.assertEqual(message.id, notice.message_id)

    def test_one_action_at_a_time(self):
        id = self.make_idle("RUNNING").id
        self.instances.act(self.alice, id, "stop")
        for action in ("stop", "restart", "pause", "start"):
            error = self.assertRaises(
                exception.InstanceBusy, self.instances.act, self.alice, id,
                action)
            self.assertEqual("stop", error.task)

    def test_an_unknown_instance(self):
        self.assertRaises(exception.InstanceNotFound, self.instances.act,
                          self.alice, uuidutils.generate_uuid(), "start")

    def test_a_change_meanwhile_is_decided_anew(self):
        instance = self.make_idle("STOPPED")
        submit = self.driver.instances.submit_action

        def overtaken(id, generation, message):
            with mock.patch.object(self.driver.instances, "submit_action",
                                   submit):
                self.instances.act(self.alice, id, "start")
            return submit(id, generation, message)

        with mock.patch.object(self.driver.instances, "submit_action",
                               overtaken):
            self.assertRaises(exception.InstanceBusy, self.instances.act,
                              self.alice, instance.id, "start")
        self.assertEqual(1, len(self.driver.messages.list()))

    def test_endless_changes_are_given_up(self):
        id = self.make_idle("STOPPED").id
        error = exception.ConcurrentUpdate(what="it")
        with mock.patch.object(self.driver.instances, "submit_action",
                               side_effect=error) as submit:
            self.assertRaises(exception.ConcurrentUpdate,
                              self.instances.act, self.alice, id, "start")
        self.assertTrue(1 < submit.call_count < 100)


class TestDelete(base.TestCase):

    def test_what_never_landed_ends_at_once(self):
        id = self.make_instance().id
        self.scheduler.woken.clear()

        instance = self.instances.delete(self.alice, id)

        self.assertEqual("DELETED", instance.status)
        self.assertIsNotNone(instance.deleted_at)
        self.assertEqual([], list(self.driver.messages.list()))
        self.assertEqual([], self.scheduler.woken)

    def test_a_create_that_is_being_decided_is_fenced(self):
        id = self.make_instance().id
        attempt = self.claim(id)

        self.instances.delete(self.alice, id)

        self.assertRaises(exception.Fenced, self.driver.instances.fail, id,
                          attempt, "too late")

    def test_a_create_that_landed_is_superseded(self):
        id = self.make_instance().id
        attempt = self.land(id)

        instance = self.instances.delete(self.alice, id)

        self.assertEqual(("BUILDING", "delete"),
                         (instance.status, instance.task))
        message, = self.driver.messages.list()
        self.assertEqual("delete", message.action)
        self.assertRaises(exception.Fenced, self.driver.instances.finish, id,
                          attempt, "host-1", "STOPPED")

    def test_it_supersedes_whatever_is_under_way(self):
        id = self.make_idle("RUNNING").id
        self.instances.act(self.alice, id, "stop")
        attempt = self.claim(id)

        self.instances.act(self.alice, id, "delete")

        message, = self.driver.messages.list()
        self.assertEqual("delete", message.action)
        self.assertRaises(exception.Fenced, self.driver.instances.finish, id,
                          attempt, "host-1", "STOPPED")

    def test_a_second_one_changes_nothing(self):
        id = self.make_idle("STOPPED").id
        first = self.instances.delete(self.alice, id)
        self.scheduler.woken.clear()

        second = self.instances.delete(self.alice, id)

        self.assertEqual(first, second)
        self.assertEqual(1, len(self.driver.messages.list()))
        self.assertEqual([], self.scheduler.woken)

    def test_an_error_can_be_deleted_and_nothing_else(self):
        id = self.make_instance().id
        self.driver.instances.fail(id, self.claim(id), "nothing fits")
        for action in states.ACTIONS[:-1]:
            self.assertRaises(exception.InvalidTransition,
                              self.instances.act, self.alice, id, action)

        self.assertEqual("DELETED",
                         self.instances.delete(self.alice, id).status)

    def test_a_delete_that_failed_can_be_asked_for_again(self):
        id = self.make_idle("STOPPED").id
        self.instances.delete(self.alice, id)
        self.driver.instances.fail(id, self.claim(id), "stuck")

        instance = self.instances.delete(self.alice, id)

        self.assertEqual(("ERROR", "delete"),
                         (instance.status, instance.task))

    def test_deleted_refuses_everything(self):
        id = self.make_instance().id
        self.instances.delete(self.alice, id)
        for action in states.ACTIONS:
            error = self.assertRaises(
                exception.InvalidTransition, self.instances.act, self.alice,
                id, action)
            self.assertEqual((), error.allowed)
