"""Claims of members of a group: who of them is faster is seen."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models

MEMBERS = [getattr(uuids, f"member{number}") for number in range(8)]


class CompanionsContract:

    def setUp(self):
        super().setUp()
        self.make_provider("host", VCPU=100)
        self.make_provider("other", VCPU=100)

    def companions(self, seen, *own):
        return models.Companions(
            uuids.group, frozenset(MEMBERS).difference(own), seen)

    def claim_for(self, number, seen, host=uuids.host, driver=None):
        """Claim for a member that saw others; return whether it has it."""
        try:
            (driver or self.driver).allocations.replace(
                [self.claim(MEMBERS[number], {host: {"VCPU": 1}})], (),
                self.companions(seen, MEMBERS[number]))
        except exception.CompanionsMoved:
            return False
        return True

    def test_where_they_were_seen(self):
        self.assertTrue(self.claim_for(0, {}))
        at_host = {MEMBERS[0]: frozenset([uuids.host])}
        self.assertTrue(self.claim_for(1, at_host))
        self.assertEqual(2, len(self.driver.allocations.get_many(MEMBERS)))

    def test_where_they_were_not(self):
        self.claim_for(0, {})
        for seen in ({}, {MEMBERS[0]: frozenset([uuids.other])},
                     {MEMBERS[0]: frozenset([uuids.host, uuids.other])},
                     {MEMBERS[0]: frozenset([uuids.host]),
                      MEMBERS[2]: frozenset([uuids.host])}):
            self.assertFalse(self.claim_for(1, seen))
        found, = self.driver.allocations.get_many(MEMBERS)
        self.assertEqual(MEMBERS[0], found.uuid)

    def test_who_is_no_companion(self):
        self.take(uuids.stranger)
        self.assertTrue(self.claim_for(0, {}))

    def test_several_of_them(self):
        self.driver.allocations.replace(
            [self.claim(uuid, {uuids.host: {"VCPU": 1}})
             for uuid in MEMBERS[:3]], (), self.companions({}, *MEMBERS[:3]))
        self.assertFalse(self.claim_for(3, {}))

    def test_one_is_first(self):
        """All of them saw nobody, and one of them was right: also if they
        want something of different providers, or are of other processes."""
        drivers = [self.driver, self.open()]
        won = self.in_threads(
            lambda number: self.claim_for(
                number, {}, (uuids.host, uuids.other)[number // 2 % 2],
                drivers[number % 2]), range(len(MEMBERS)))
        self.assertEqual(1, sum(won))
        self.assertEqual(1, len(self.driver.allocations.get_many(MEMBERS)))

    def test_nothing_is_left_of_the_group(self):
        self.claim_for(0, {})
        self.driver.allocations.delete(MEMBERS[0])
        self.assertTrue(self.claim_for(1, {}))
