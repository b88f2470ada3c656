"""Order and batches of what is moved."""

import random

import testtools

from tachyon.transfer import base


class TestParentsFirst(testtools.TestCase):

    def test_parents_come_first(self):
        forest = {1: 3, 2: None, 3: None, 4: 1, 5: 2, 6: 4}
        for seed in range(20):
            members = list(forest.items())
            random.Random(seed).shuffle(members)
            ordered = base.parents_first(dict(members))
            self.assertEqual(set(forest), set(ordered))
            self.assertEqual(len(forest), len(ordered))
            for member, parent in forest.items():
                if parent is not None:
                    self.assertLess(ordered.index(parent),
                                    ordered.index(member))

    def test_an_unknown_parent_makes_a_root(self):
        self.assertEqual(["a", "b"],
                         base.parents_first({"a": "nope", "b": "a"}))

    def test_circles_are_left_out(self):
        self.assertEqual(["d", "e"], base.parents_first(
            {"a": "b", "b": "c", "c": "a", "d": None, "e": "d", "f": "a"}))

    def test_a_deep_tree(self):
        depth = 10_000
        forest = {number: number + 1 for number in range(depth)}
        self.assertEqual(
            [*reversed(range(depth))],
            base.parents_first({**forest, depth - 1: None}))


class TestBatches(testtools.TestCase):

    def test_batches(self):
        for count, sizes in ((0, []), (1, [1]), (3, [3]), (7, [3, 3, 1])):
            found = list(base.batches(range(count), 3))
            self.assertEqual(sizes, [len(each) for each in found])
            self.assertEqual(list(range(count)), sum(found, []))
