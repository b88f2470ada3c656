"""Services: what every driver must do."""

from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tachyon.db import models


class ServicesContract:

    def test_first_report(self):
        self._report("cn1", "tachyon-compute", ("cn1", "sim-*"))
        found, = self.driver.services.list()
        self.assertEqual(
            ("cn1", "tachyon-compute", ("cn1", "sim-*"), True, None),
            (found.host, found.binary, found.serves, found.enabled,
             found.disabled_reason))
        self.assertGreaterEqual(found.age, 0)

    def test_age_grows_until_the_next_report(self):
        self._report("cn1")
        self._report("cn2")
        self.age_store(100)
        self._report("cn1")
        cn1, cn2 = self.driver.services.list()
        self.assertLess(cn1.age, 100)
        self.assertGreaterEqual(cn2.age, 100)
        self.assertLess(cn2.last_seen, cn1.last_seen)

    def test_next_report_keeps_the_rest(self):
        self._report("cn1", serves=("a",))
        id = self.driver.services.list()[0].id
        self.driver.services.update(id, enabled=False, disabled_reason="fire")
        self._report("cn1", serves=("b",))
        found, = self.driver.services.list()
        self.assertEqual((id, ("b",), False, "fire"),
                         (found.id, found.serves, found.enabled,
                          found.disabled_reason))

    def test_list_by_binary_and_host(self):
        self.driver.services.report([
            models.Heartbeat(host, binary) for host, binary in (
                ("b", "tachyon-compute"), ("a", "tachyon-scheduler"),
                ("a", "tachyon-compute"))])
        self.assertEqual(
            [("tachyon-compute", "a"), ("tachyon-compute", "b"),
             ("tachyon-scheduler", "a")],
            [(one.binary, one.host) for one in self.driver.services.list()])

    def test_nothing_to_report(self):
        self.driver.services.report([])
        self.assertEqual([], list(self.driver.services.list()))

    def test_enable_again(self):
        self._report("cn1")
        id = self.driver.services.list()[0].id
        self.driver.services.update(id, enabled=False, disabled_reason="fire")
        after = self.driver.services.update(id, enabled=True)
        self.assertEqual((True, None), (after.enabled, after.disabled_reason))
        self.assertTrue(self.driver.services.list()[0].enabled)

    def test_delete(self):
        self._report("cn1")
        self.driver.services.delete(self.driver.services.list()[0].id)
        self.assertEqual([], list(self.driver.services.list()))

    def test_unknown(self):
        self.assertRaises(exception.ServiceNotFound,
                          self.driver.services.update, uuids.nope,
                          enabled=True)
        self.assertRaises(exception.ServiceNotFound,
                          self.driver.services.delete, uuids.nope)

    def test_a_heartbeat_moves_no_view(self):
        cursor = self.driver.changes(self.driver.snapshot()[0]).cursor
        self._report("cn1")
        self.assertEqual(cursor, self.driver.changes(cursor).cursor)

    def _report(self, host, binary="tachyon-compute", serves=()):
        self.driver.services.report([models.Heartbeat(host, binary, serves)])
