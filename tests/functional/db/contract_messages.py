"""The request queue: what every driver must do."""

from oslo_utils.fixture import uuidsentinel as uuids


def claim_from_process(opener):
    """Claim one message after the other; return (id, attempt) of each."""
    driver = opener()
    got = []
    try:
        while True:
            claimed = driver.messages.claim("process", 300)
            if not claimed:
                return got
            got.extend((message.id, message.attempt)
                       for message, _instance in claimed)
    finally:
        driver.close()


class MessagesContract:

    # ------------------------------------------------------------------ list
    def test_list_oldest_first(self):
        for name in ("a", "b", "c"):
            self.submit(name)
        found = self.driver.messages.list()
        self.assertEqual([uuids.a, uuids.b, uuids.c],
                         [one.instance_id for one in found])
        self.assertEqual(2, len(self.driver.messages.list(limit=2)))
        first = found[0]
        self.assertEqual(
            (getattr(uuids, "a-msg"), "create", "req-a-msg",
             {"user_id": "alice"}, 0, 0, None),
            (first.id, first.action, first.request_id, first.context,
             first.attempt, first.deliveries, first.claimed_by))
        self.assertIsNotNone(first.created_at)

    def test_list_shows_who_holds_it(self):
        self.submit("vm")
        self.driver.messages.claim("me", 30)
        self.assertEqual("me", self.driver.messages.list()[0].claimed_by)
        self.age_store(31)
        self.assertIsNone(self.driver.messages.list()[0].claimed_by)

    # ----------------------------------------------------------------- claim
    def test_claim(self):
        self.submit("vm")
        (message, instance), = self.driver.messages.claim("me", 30)
        self.assertEqual((uuids.vm, "me", 1, 1),
                         (message.instance_id, message.claimed_by,
                          message.attempt, message.deliveries))
        self.assertEqual(1, instance.attempt)
        self.assertEqual(instance, self.driver.instances.get(uuids.vm))
        self.assertEqual([message], list(self.driver.messages.list()))

    def test_a_caller_that_cannot_be_read(self):
        """It holds up neither its own message nor those of others."""
        for name in ("bad", "good"):
            self.submit(name)
        self.garble(getattr(uuids, "bad-msg"))
        claimed = self.driver.messages.claim("me", 30, limit=2)
        self.assertEqual(
            [(uuids.bad, None), (uuids.good, {"user_id": "alice"})],
            [(message.instance_id, message.context)
             for message, _instance in claimed])

    def test_a_claim_leaves_the_generation(self):
        before = self.submit("vm")
        (_message, after), = self.driver.messages.claim("me", 30)
        self.assertEqual(before.generation, after.generation)

    def test_nothing_to_claim(self):
        self.assertEqual([], list(self.driver.messages.claim("me", 30)))

    def test_what_is_held_is_not_claimed(self):
        self.submit("vm")
        self.driver.messages.claim("me", 30)
        self.age_store(29)
        self.assertEqual([], self._claim("you"))
        self.age_store(2)
        self.assertEqual([uuids.vm], self._claim("you"))

    def test_redelivery_raises_attempt_and_deliveries(self):
        self.submit("vm")
        for turn in (1, 2, 3):
            (message, instance), = self.driver.messages.claim("me", 30)
            self.assertEqual((turn, turn, turn), (
                message.attempt, message.deliveries, instance.attempt))
            self.age_store(31)

    def test_the_attempt_is_the_instances(self):
        """A later action goes on counting where the first one ended."""
        instance = self.submit("vm")
        self.claim_message(instance.id)
        instance = self.driver.instances.get(instance.id)
        self.driver.instances.submit_action(
            instance.id, instance.generation,
            self.make_message(instance.id, "delete", "delete-msg"))
        (message, instance), = self.driver.messages.claim("me", 30)
        self.assertGreater(message.attempt, 2)
        self.assertEqual((instance.attempt, 1),
                         (message.attempt, message.deliveries))

    def test_oldest_first_up_to_the_limit(self):
        for name in ("a", "b", "c", "d"):
            self.submit(name)
        self.assertEqual([uuids.a], self._claim("me"))
        self.assertEqual([uuids.b, uuids.c], self._claim("me", limit=2))
        self.assertEqual([uuids.d], self._claim("me", limit=99))

    def test_of_these_ids(self):
        for name in ("a", "b", "c"):
            self.submit(name)
        wanted = [getattr(uuids, "c-msg"), getattr(uuids, "b-msg"),
                  uuids.nope]
        self.assertEqual([uuids.b, uuids.c],
                         self._claim("me", limit=9, ids=wanted))
        self.assertEqual([], self._claim("me", limit=9, ids=wanted))
        self.assertEqual([], self._claim("me", ids=[]))

    def test_min_age(self):
        self.submit("vm")
        self.assertEqual([], self._claim("me", min_age=1000))
        self.age_store(900)
        self.assertEqual([], self._claim("me", min_age=1000))
        self.age_store(200)
        self.assertEqual([uuids.vm], self._claim("me", min_age=1000))
        self.age_store(930)                     # free for 900 seconds
        self.assertEqual([], self._claim("me", min_age=1000))
        self.age_store(200)
        self.assertEqual([uuids.vm], self._claim("me", min_age=1000))

    def test_each_is_claimed_once_by_threads(self):
        for index in range(20):
            self.submit(f"vm{index}")
        got = self.in_threads(
            lambda _index: self._claim("me", limit=3), range(24))
        claimed = [id for ids in got for id in ids]
        self.assertEqual(20, len(claimed))
        self.assertEqual(20, len(set(claimed)))

    def test_each_is_claimed_once_by_processes(self):
        for index in range(40):
            self.submit(f"vm{index}")
        got = self.in_processes(claim_from_process, [self.opener] * 4)
        claimed = [one for ones in got for one in ones]
        self.assertEqual(
            {(message.id, 1) for message in self.driver.messages.list()},
            set(claimed))
        self.assertEqual(40, len(claimed))

    # ----------------------------------------------------------------- renew
    def test_renew(self):
        self.submit("vm")
        self.driver.messages.claim("me", 30)
        self.age_store(25)
        work = [(uuids.vm, 1)]
        self.assertEqual(work, list(self.driver.messages.renew(work, 30)))
        self.age_store(25)
        self.assertEqual([], self._claim("you"))
        self.age_store(6)
        self.assertEqual([uuids.vm], self._claim("you"))

    def test_renew_what_expired_but_nobody_took(self):
        self.submit("vm")
        self.driver.messages.claim("me", 30)
        self.age_store(31)
        work = [(uuids.vm, 1)]
        self.assertEqual(work, list(self.driver.messages.renew(work, 30)))
        self.assertEqual([], self._claim("you"))

    def test_only_what_is_current_is_renewed(self):
        for name in ("a", "b", "c", "unclaimed"):
            self.submit(name)
        self.driver.messages.claim("me", 30, limit=3)
        self.age_store(31)
        self.driver.messages.claim("you", 30, limit=1)      # a again
        self.make_provider("host", VCPU=1)
        self.land(uuids.c, 1)
        self.driver.instances.finish(uuids.c, 1, "host", "STOPPED")
        work = [(uuids.a, 1), (uuids.b, 1), (uuids.c, 1),
                (uuids.unclaimed, 0), (uuids.nope, 1), (uuids.a, 2)]
        self.assertEqual([(uuids.b, 1), (uuids.a, 2)],
                         list(self.driver.messages.renew(work, 30)))
        self.assertEqual([], list(self.driver.messages.renew([], 30)))

    def test_what_was_given_back_is_not_renewed(self):
        self.submit("vm")
        self.driver.messages.claim("me", 30)
        self.driver.instances.unland(uuids.vm, 1)
        self.assertEqual(
            [], list(self.driver.messages.renew([(uuids.vm, 1)], 30)))
        self.assertEqual([uuids.vm], self._claim("you"))

    # -------------------------------------------------------------- postpone
    def test_postpone(self):
        self.submit("vm")
        for _ in range(3):                      # none of these counts
            (message, _instance), = self.driver.messages.claim("me", 30)
            self.assertEqual(1, message.deliveries)
            self.assertTrue(self.driver.messages.postpone(
                uuids.vm, message.attempt, 1000))
            self.age_store(900)
            self.assertEqual([], self._claim("you"))
            self.age_store(200)
        (message, instance), = self.driver.messages.claim("me", 30)
        self.assertEqual((4, 1, 4), (message.attempt, message.deliveries,
                                     instance.attempt))

    def test_what_was_postponed_is_held_by_nobody(self):
        self.submit("vm")
        self.driver.messages.claim("me", 30)
        self.driver.messages.postpone(uuids.vm, 1, 0)
        self.assertIsNone(self.driver.messages.list()[0].claimed_by)
        self.assertEqual(
            [], list(self.driver.messages.renew([(uuids.vm, 1)], 30)))
        self.assertEqual([uuids.vm], self._claim("you"))

    def test_only_what_is_current_is_postponed(self):
        for name in ("vm", "unclaimed"):
            self.submit(name)
        for _ in range(2):
            self.driver.messages.claim("me", 30)
            self.age_store(31)
        before = list(self.driver.messages.list())
        for id, attempt in ((uuids.vm, 1), (uuids.vm, 3), (uuids.vm, 0),
                            (uuids.unclaimed, 0), (uuids.nope, 1)):
            self.assertFalse(self.driver.messages.postpone(id, attempt, 9))
        self.assertEqual(before, list(self.driver.messages.list()))
        self.assertTrue(self.driver.messages.postpone(uuids.vm, 2, 9))
        self.assertFalse(self.driver.messages.postpone(uuids.vm, 2, 9))

    def test_claims_move_no_view(self):
        self.submit("vm")
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self.driver.messages.claim("me", 30)
        self.driver.messages.renew([(uuids.vm, 1)], 30)
        self.driver.messages.postpone(uuids.vm, 1, 30)
        self.assertEqual(cursor, self.driver.changes(cursor).cursor)

    def _claim(self, owner, **kwargs):
        return [message.instance_id for message, _instance
                in self.driver.messages.claim(owner, 30, **kwargs)]
