"""That the judge of answers lets nothing pass that is no moment's."""

import math
import random

from tests import base
from tests.functional.db import base as db_base
from tests.functional.db.exactness import moments
from tests.functional.db.exactness import questions
from tests.functional.db.exactness import world
from tests.unit.placement import oracle


class TestQuestion(base.TestCase):

    def setUp(self):
        super().setUp()
        self.times = moments.Times(db_base.PROCESSES, 2)

    def turn(self, writer, turn, begun, acked=math.inf):
        self.times.begin(writer, turn, begun)
        self.times.acknowledge(writer, turn, acked)

    def moments(self, asked, answered, first, last):
        return set(moments.Question(self.times, asked, answered, first,
                                    last).moments())

    def test_what_was_acknowledged_before_must_be_there(self):
        self.turn(0, 1, 1.0, 2.0)
        self.assertEqual({(1, 0)}, self.moments(2.5, 3.0, (1, 0), (1, 0)))
        # The board told of it too late.
        self.assertEqual({(1, 0)}, self.moments(2.5, 3.0, (0, 0), (1, 0)))

    def test_what_is_under_way_may_be_there(self):
        self.turn(0, 1, 1.0)
        self.assertEqual({(0, 0), (1, 0)},
                         self.moments(2.0, 3.0, (0, 0), (1, 0)))

    def test_what_began_after_the_answer_is_not(self):
        self.turn(0, 1, 4.0)
        self.assertEqual({(0, 0)}, self.moments(2.0, 3.0, (0, 0), (1, 0)))

    def test_turns_that_came_after_each_other(self):
        """Whoever shows the second must show the first."""
        self.turn(0, 1, 2.0, 2.2)
        self.turn(1, 1, 2.4, 2.6)
        self.assertEqual({(0, 0), (1, 0), (1, 1)},
                         self.moments(1.0, 3.0, (0, 0), (1, 1)))

    def test_turns_at_the_same_time(self):
        self.turn(0, 1, 2.0, 2.6)
        self.turn(1, 1, 2.4, 2.8)
        self.assertEqual({(0, 0), (1, 0), (0, 1), (1, 1)},
                         self.moments(1.0, 3.0, (0, 0), (1, 1)))

    def test_answers_that_contradict_each_other(self):
        self.assertIsNone(moments.contradiction(
            [(1, 2), (0, 0), (1, 1), (1, 2), (3, 2)]))
        self.assertEqual({(1, 0), (0, 1)}, set(moments.contradiction(
            [(0, 0), (1, 0), (0, 1), (1, 1)])))

    def test_an_explanation_tells_stale_from_torn(self):
        self.turn(0, 1, 1.0, 1.5)
        question = moments.Question(self.times, 2.0, 3.0, (1, 0), (1, 0))
        self.assertIn("(0, 0) were shown", question.explain(
            lambda vector: vector == (0, 0)))
        self.assertIn("was never there",
                      question.explain(lambda vector: False))


class TestWorld(base.TestCase):

    def test_a_story_is_the_same_for_everybody(self):
        one, other = world.Story(7, 0), world.Story(7, 0)
        self.assertEqual(one.after(40), [other.after(turn)
                                         for turn in range(41)][-1])

    def test_each_turn_changes_something(self):
        story = world.Story(8, 1)
        for turn in range(300):
            self.assertNotEqual(story.after(turn), story.after(turn + 1))

    def test_what_is_used_always_fits(self):
        stories = world.World(9)
        for turn in range(0, 600, 3):
            state = stories.state((turn, turn + 1, turn + 2))
            for provider in state.providers.values():
                for each in provider.inventories.values():
                    self.assertLessEqual(each.used, each.capacity)

    def test_what_is_written_decides_what_is_answered(self):
        dice, stories = random.Random(10), world.World(10)
        states = [stories.state((turn,) * world.WRITERS)
                  for turn in range(0, 90, 3)]
        differ = 0
        for _turn in range(30):
            query = questions.random_query(dice)
            differ += len({frozenset(oracle.answers(state, query))
                           for state in states}) > 5
        self.assertLess(10, differ)
