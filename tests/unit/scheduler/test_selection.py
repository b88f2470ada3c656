"""The choice: best first, equals by lot, lost ones last."""

import numpy as np

from tachyon.placement import search
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler import ranking
from tachyon.scheduler import selection
from tests import base
from tests.unit.placement import fakes as placement_fakes
from tests.unit.scheduler import fakes


def scores(*total):
    return scheduler_data.Scores({}, {}, {}, np.array(total, np.float64))


class TestRank(base.TestCase):
    def rank(self, data, count=4):
        driver = fakes.Driver(placement_fakes.make_forest(**{
            f"h{n}": {"inventory": {"VCPU": 1}} for n in range(count)}))
        with fakes.looking(self.conf, driver, data) as hosts:
            names = [host.name for host in hosts]
            if data.scores is not None:
                by_name = dict(zip((f"h{n}" for n in range(count)),
                                   data.scores.total, strict=True))
                data.scores = scores(*(by_name[name] for name in names))
            order = selection.rank(hosts, data).first(count)
            self.assertEqual(list(range(count)), sorted(order.tolist()))
            return [names[index] for index in order]

    def test_best_first(self):
        for name, totals, expected in (
                ("spread", (1.0, 3.0, 2.0, 0.0), ["h1", "h2", "h0", "h3"]),
                ("negative", (-1.0, -3.0, -2.0, 0.5),
                 ["h3", "h0", "h2", "h1"])):
            with self.subTest(name):
                self.assertEqual(expected, self.rank(fakes.make_data(
                    scores=scores(*totals))))

    def test_equals_by_the_lot_of_the_seed(self):
        orders = {tuple(self.rank(fakes.make_data(seed=seed), 6))
                  for seed in range(20)}
        self.assertGreater(len(orders), 10)
        again = [self.rank(fakes.make_data(seed=5), 6) for _ in range(3)]
        self.assertEqual([again[0]] * 3, again)

    def test_the_last_bits_of_a_sum_make_no_difference(self):
        firsts = {self.rank(fakes.make_data(
            seed=seed, scores=scores(0.1 + 0.2, 0.3, 0.3, 0.2)))[0]
            for seed in range(30)}
        self.assertEqual({"h0", "h1", "h2"}, firsts)

    def test_lost_ones_come_last(self):
        data = fakes.make_data(scores=scores(4.0, 3.0, 2.0, 1.0),
                               conflicts=[("h0", "x"), ("h2", "x"),
                                          ("gone", "x")])
        self.assertEqual(["h1", "h3", "h0", "h2"], self.rank(data))


class TestRanking(base.TestCase):

    def test_as_if_all_were_put_in_order(self):
        rng = np.random.default_rng(7)
        for size, kinds in ((1, 1), (5, 2), (40, 1), (40, 3), (40, 40)):
            keys = rng.integers(0, kinds, size).astype(np.float64)
            lots = rng.random(size)
            whole = np.lexsort((lots, keys)).tolist()
            order = ranking.Ranking(keys, lots)
            for passed_over in (0, 1, size):
                rest = order.after(passed_over)
                expected = whole[passed_over:]
                self.assertEqual(len(expected), len(rest))
                for count in range(size + 2):
                    self.assertEqual(expected[:count],
                                     rest.first(count).tolist())
                self.assertEqual(
                    [*[None] * passed_over,
                     *range(1, len(expected) + 1)],
                    [rest.place(index) for index in whole])

    def test_of_nobody(self):
        order = ranking.Ranking(np.zeros(0), np.zeros(0))
        self.assertEqual((0, []), (len(order), order.first(3).tolist()))


class TestChoose(base.TestCase):
    def choose(self, store, query_fields, seed=0, services=None):
        data = fakes.make_data(query_fields, seed=seed)
        driver = fakes.Driver(store, services)
        with fakes.looking(self.conf, driver, data):
            data.found = search.find(data.snapshot, data.query)
            data.hosts = scheduler_data.HostSet(
                data.snapshot, data.found.roots, data.serving)
            selection.choose(data, 3)
        return data

    def test_in_words_of_the_store(self):
        store = placement_fakes.make_forest(h0={
            "inventory": {"MEMORY_MB": 64},
            "children": {"numa": {"inventory": {"VCPU": 2}}}})
        store.use("numa", VCPU=1)
        chosen = self.choose(store, {"VCPU": 1, "MEMORY_MB": 8}).selection
        root, numa = placement_fakes.uuid("h0"), placement_fakes.uuid("numa")
        self.assertEqual(scheduler_data.Selection(
            host="h0", provider_uuid=root, service_host="c1",
            allocations={root: {"MEMORY_MB": 8}, numa: {"VCPU": 1}},
            names={root: "h0", numa: "numa"},
            generations={root: 0, numa: 1},
            mappings={"": (root, numa)}), chosen)

    def test_the_root_is_compared_even_if_nothing_is_taken_of_it(self):
        store = placement_fakes.make_forest(h0={
            "children": {"numa": {"inventory": {"VCPU": 2}}}})
        chosen = self.choose(store, {"VCPU": 1}).selection
        self.assertEqual({placement_fakes.uuid("numa")},
                         set(chosen.allocations))
        self.assertEqual({placement_fakes.uuid("h0"),
                          placement_fakes.uuid("numa")},
                         set(chosen.generations))

    def test_nobody_serves_it(self):
        store = placement_fakes.make_forest(h0={"inventory": {"VCPU": 1}})
        self.assertIsNone(self.choose(store, {"VCPU": 1}, services=[])
                          .selection.service_host)
