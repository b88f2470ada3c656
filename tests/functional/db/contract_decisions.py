"""Decisions: what every driver must do. They are stored with what they lead
to: ``fail``, ``land``, ``replace``; or alone, by ``put``."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception


class DecisionsContract:

    def _decide(self, name, **values):
        """Let an instance fail with this decision."""
        instance = self.submit(name)
        attempt = self.claim_message(instance.id).attempt
        self.driver.instances.fail(
            instance.id, attempt, "no",
            self.make_decision(f"req-{name}", instance.id, **values))

    def test_get(self):
        document = {"summary": "0/512 hosts", "rows": [1, 2.5, None, "ä"]}
        self._decide("vm", verdict="no_candidates", document=document)
        found = self.driver.decisions.get("req-vm")
        self.assertEqual(
            ("req-vm", uuids.vm, "demo", "no_candidates", document),
            (found.request_id, found.consumer_uuid, found.project_id,
             found.verdict, found.document))
        self.assertIsNotNone(found.created_at)

    def test_unknown(self):
        self.assertRaises(exception.RequestNotFound,
                          self.driver.decisions.get, "req-nope")

    def test_the_last_one_of_a_request_counts(self):
        self._decide("vm", verdict="no_candidates")
        instance = self.submit("other")
        attempt = self.claim_message(instance.id).attempt
        self.driver.instances.fail(
            instance.id, attempt, "no",
            self.make_decision("req-vm", instance.id, verdict="all_filtered"))
        self.assertEqual("all_filtered",
                         self.driver.decisions.get("req-vm").verdict)
        self.assertEqual(1, len(self.driver.decisions.list()))

    def test_put(self):
        self.driver.decisions.put(self.make_decision("req-a", uuids.vm))
        self.driver.decisions.put(self.make_decision(
            "req-a", uuids.vm, verdict="no_candidates"))
        self.assertEqual("no_candidates",
                         self.driver.decisions.get("req-a").verdict)
        self.assertEqual(["req-a"], self._ids(consumer_uuid=uuids.vm))

    def test_with_a_claim(self):
        self.make_provider("host", VCPU=4)
        for name in ("a", "b"):         # a new type of consumers, and not
            id = getattr(uuids, name)
            self.driver.allocations.replace(
                [self.claim(id, {uuids.host: {"VCPU": 1}})],
                [self.make_decision(f"req-{name}", id)])
            self.assertEqual(id, self.driver.decisions.get(
                f"req-{name}").consumer_uuid)
        self.assertEqual(2, self.used(uuids.host))

    def test_a_claim_that_is_refused_leaves_none(self):
        self.make_provider("host", VCPU=1)
        self.assertRaises(
            exception.CapacityExceeded, self.driver.allocations.replace,
            [self.claim(uuids.vm, {uuids.host: {"VCPU": 2}})],
            [self.make_decision("req-vm", uuids.vm)])
        self.assertEqual([], self._ids())

    def test_list_newest_first_in_pages(self):
        for index in range(5):
            self._decide(f"vm{index}")
        wanted = [f"req-vm{index}" for index in (4, 3, 2, 1, 0)]
        self.assertEqual(wanted, self._ids())
        self.assertEqual(wanted[:2], self._ids(limit=2))
        self.assertEqual(wanted[2:4], self._ids(limit=2, marker="req-vm3"))
        self.assertEqual([], self._ids(marker="req-vm0"))
        self.assertEqual([], self._ids(limit=0))

    def test_list_of_one(self):
        self._decide("vm")
        self._decide("other", project_id="theirs")
        self.assertEqual(["req-vm"], self._ids(consumer_uuid=uuids.vm))
        self.assertEqual(["req-other"], self._ids(project_id="theirs"))
        self.assertEqual([], self._ids(project_id="theirs",
                                       consumer_uuid=uuids.vm))

    def test_unknown_marker(self):
        self.assertRaises(exception.MarkerNotFound,
                          self.driver.decisions.list, marker="req-nope")

    def _ids(self, **kwargs):
        return [one.request_id for one in self.driver.decisions.list(**kwargs)]
