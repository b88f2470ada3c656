"""Aggregates: what every driver must do."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception


class AggregatesContract:

    def test_replace(self):
        self.make_provider("host", aggregates=[uuids.a, uuids.b])
        wanted = frozenset([uuids.b, uuids.c])
        after = self.driver.aggregates.replace(uuids.host, 1, wanted)
        self.assertEqual((wanted, 2), (after.aggregates, after.generation))
        self.assertEqual(after, self.driver.resource_providers.get(uuids.host))

    def test_the_generation_rises_even_if_nothing_changes(self):
        self.make_provider("host", aggregates=[uuids.a])
        after = self.driver.aggregates.replace(
            uuids.host, 1, frozenset([uuids.a]))
        self.assertEqual(2, after.generation)

    def test_no_generation_is_neither_compared_nor_raised(self):
        self.make_provider("host", VCPU=1)
        after = self.driver.aggregates.replace(
            uuids.host, None, frozenset([uuids.a]))
        self.assertEqual((frozenset([uuids.a]), 1),
                         (after.aggregates, after.generation))

    def test_stale_generation(self):
        before = self.make_provider("host", aggregates=[uuids.a])
        for generation in (0, 2):
            self.assertRaises(
                exception.ConcurrentUpdate, self.driver.aggregates.replace,
                uuids.host, generation, frozenset())
        self.assertEqual(before, self.driver.resource_providers.get(
            uuids.host))

    def test_unknown_provider(self):
        self.assertRaises(
            exception.ResourceProviderNotFound,
            self.driver.aggregates.replace, uuids.nope, None, frozenset())
