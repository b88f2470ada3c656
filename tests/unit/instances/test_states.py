import datetime
import itertools

from tachyon import exception
from tachyon.db import models
from tachyon.instances import states
from tests import base

NOW = datetime.datetime(2026, 2, 25, tzinfo=datetime.UTC)
ID = "7ce6bd3e-2b4b-4f24-8b0b-7f2c9d3a1c55"

# The whole table: what is not here must be refused.
TABLE = {
    ("BUILDING", "delete"): "DELETED",
    ("STOPPED", "start"): "RUNNING",
    ("STOPPED", "delete"): "DELETED",
    ("RUNNING", "stop"): "STOPPED",
    ("RUNNING", "restart"): "RUNNING",
    ("RUNNING", "pause"): "PAUSED",
    ("RUNNING", "delete"): "DELETED",
    ("PAUSED", "resume"): "RUNNING",
    ("PAUSED", "stop"): "STOPPED",
    ("PAUSED", "delete"): "DELETED",
    ("ERROR", "delete"): "DELETED",
}
STATUSES = ("BUILDING", "STOPPED", "RUNNING", "PAUSED", "ERROR", "DELETED")
ACTIONS = ("start", "stop", "restart", "pause", "resume", "delete")


def make_instance(status, task=None):
    return models.Instance(
        id=ID, name="vm", project_id="demo", user_id="alice",
        flavor="m1.tiny", image="debian", status=status, spec={},
        request_id="req-1", task=task, created_at=NOW, updated_at=NOW)


class TestTable(base.TestCase):

    def test_every_action_in_every_state(self):
        self.assertEqual(set(STATUSES), set(states.Status))
        self.assertEqual(ACTIONS, states.ACTIONS)
        for status, action in itertools.product(STATUSES, ACTIONS):
            with self.subTest(status=status, action=action):
                self._check_one(status, action)

    def _check_one(self, status, action):
        instance = make_instance(status)
        if (status, action) in TABLE:
            states.check(instance, action)
            self.assertIn(action, states.allowed(status))
            self.assertEqual(TABLE[status, action], states.after(action))
            return
        error = self.assertRaises(exception.InvalidTransition, states.check,
                                  instance, action)
        self.assertEqual(status, error.status)
        self.assertEqual(states.allowed(status), error.allowed)
        self.assertNotIn(action, error.allowed)

    def test_a_create_ends_stopped_and_nobody_can_ask_for_it(self):
        self.assertEqual("STOPPED", states.after("create"))
        for status in STATUSES:
            self.assertNotIn("create", states.allowed(status))
            self.assertRaises(exception.InvalidTransition, states.check,
                              make_instance(status), "create")

    def test_an_unknown_action_is_refused(self):
        self.assertRaises(exception.InvalidTransition, states.check,
                          make_instance("RUNNING"), "explode")

    def test_the_refusal_says_what_is_allowed(self):
        for status, words in (
                ("STOPPED", "Allowed actions: start, delete."),
                ("DELETED", "Allowed actions: none.")):
            error = self.assertRaises(
                exception.InvalidTransition, states.check,
                make_instance(status), "pause")
            self.assertIn(words, str(error))
            self.assertIn(status, str(error))

    def test_the_automaton_knows_where_an_instance_begins_and_ends(self):
        machine = states.make_machine()

        machine.initialize()
        self.assertEqual("BUILDING", machine.current_state)
        for action in ("create", "start", "pause", "resume", "restart",
                       "stop", "delete"):
            machine.process_event(action)
        self.assertTrue(machine.terminated)


class TestBusy(base.TestCase):

    def test_only_a_delete_supersedes_what_is_under_way(self):
        tasks = ("create", "start", "stop", "restart", "pause", "resume",
                 "delete")
        for task, action in itertools.product(tasks, ACTIONS):
            with self.subTest(task=task, action=action):
                instance = make_instance("RUNNING", task)
                if action == "delete":
                    states.check(instance, action)
                    continue
                error = self.assertRaises(exception.InstanceBusy,
                                          states.check, instance, action)
                self.assertEqual("RUNNING", error.status)
                self.assertEqual(task, error.task)
                self.assertEqual(("delete",), error.allowed)
