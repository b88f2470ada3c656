"""Nobody is heard, or somebody is not: what waits, and what does not count."""

from tests.functional.scheduler import heard
from tests.functional.scheduler import test_sweep


class TestJustBegun(test_sweep.SweepCase):
    """All schedulers were away: computes only seem to be down."""

    def begin(self):
        self.scheduler = self.make_scheduler(settled=False)

    def settle(self):
        heard.settle(self.scheduler)

    def test_requests_wait_for_a_first_compute(self):
        """Those that reported to somebody before may be about to be down."""
        self.config(report_interval=10.0, service_down_time=60.0)
        for age in (51.0, 61.0, 1e6):
            with self.subTest(age):
                silent = self.silence("c1", age=age)
                self.begin()
                instances = [self.create() for _ in range(3)]
                self.sweep()
                self.assertEqual({("BUILDING", 0)}, {
                    (self.get(each).status, self.get(each).attempt)
                    for each in instances})
                silent.clear()
                self.beat()
                self.assertEqual({("h1", 1)}, {
                    (self.get(each).host, self.get(each).attempt)
                    for each in instances})
                self.assertEqual("h1", self.create().host)

    def test_requests_wait_for_the_first_compute_ever(self):
        self.driver.services.delete(self.service("c1").id)
        self.begin()
        instance = self.create()
        self.assertEqual(0, self.get(instance).attempt)
        self.beat()
        self.assertEqual("h1", self.get(instance).host)

    def test_nothing_waits_while_a_compute_is_well(self):
        self.begin()
        self.assertEqual("h1", self.create().host)

    def test_they_do_not_wait_for_ever(self):
        self.driver.services.delete(self.service("c1").id)
        self.begin()
        instance = self.create()
        self.settle()
        self.sweep()
        self.assertEqual(
            "0/1 hosts: 1 refused by ComputeFilter (no compute serves it)",
            self.get(instance).fault)

    def test_what_landed_stays_where_it_is(self):
        self.beat("c1", ["h1"])
        self.beat("c2", ["h2"])
        instance = self.create()
        self.begin()
        self.beat("c2", ["h2"])
        self.silence("c1")
        # What is postponed does not come back within the same sweep.
        self.config("scheduler", sweep_interval=3.0)
        self.sweep()
        self.assertEqual(("h1", 2), (self.get(instance).host,
                                     self.get(instance).attempt))
        self.settle()
        self.sweep_until(lambda: self.get(instance).status == "ERROR")

    def test_what_fits_only_a_silent_compute_waits_for_it(self):
        """However often it is looked at: that does not count."""
        self.beat("c1", ["h1"])
        self.beat("c2", ["other"])
        self.begin()
        self.beat("c2", ["other"])
        silent = self.silence("c1")
        instance = self.create()
        self.sweep_until(lambda: self.get(instance).attempt
                         > self.conf.scheduler.max_attempts)
        found = self.get(instance)
        self.assertEqual(("BUILDING", None), (found.status, found.host))
        self.assertEqual(0, self.message_of(instance).deliveries)
        silent.clear()
        self.sweep_until(lambda: self.get(instance).host == "h1")

    def test_what_only_seemed_to_be_down_counts_as_it_was_looked_at(self):
        """It is heard again before the decision against it ends."""
        self.beat("c1", ["h1"])
        self.beat("c2", ["other"])
        self.begin()
        self.beat("c2", ["other"])
        silent = self.silence("c1")
        run = self.scheduler._pipeline.run

        def run_while_it_comes_back(data):
            run(data)
            silent.clear()

        self.patch(self.scheduler._pipeline, "run", run_while_it_comes_back)
        instance = self.create()
        self.assertEqual("BUILDING", self.get(instance).status)
        self.sweep_until(lambda: self.get(instance).host == "h1")

    def test_that_nothing_fits_does_not_wait(self):
        self.begin()
        self.assertEqual("ERROR", self.create({"VCPU": 1000}).status)

    def test_nor_that_the_only_compute_is_disabled(self):
        self.driver.services.update(self.service("c1").id, enabled=False)
        self.begin()
        self.assertEqual("ERROR", self.create().status)

    def test_a_delete_waits_for_a_silent_compute(self):
        self.beat("c1", ["h1"])
        self.beat("c2", ["other"])
        instance = self.boot()
        self.begin()
        self.beat("c2", ["other"])
        self.silence("c1")
        self.act(instance, "delete")
        self.sweep_until(lambda: self.get(instance).attempt
                         > 2 * self.conf.scheduler.max_attempts)
        self.assertEqual(("STOPPED", "delete"), (
            self.get(instance).status, self.get(instance).task))
        self.settle()
        self.sweep_until(lambda: self.get(instance).status == "DELETED")


class TestSilentCompute(test_sweep.SweepCase):
    """It may have died: until that is known, what it has waits for it."""

    def setUp(self):
        super().setUp()
        self.config(report_interval=10.0, service_down_time=60.0)
        self.instance = self.create()
        self.silent = self.silence("c1", age=40.0)
        self.sweep_until(lambda: self.get(self.instance).attempt
                         > self.conf.scheduler.max_attempts)

    def test_it_is_told_when_it_is_heard_again(self):
        self.assertEqual(1, len(self.compute.casts))
        self.silent.clear()
        self.sweep_until(lambda: len(self.compute.casts) > 1)
        self.assertTrue(self.finish(self.compute.casts[-1].action))
        self.assertEqual("STOPPED", self.get(self.instance).status)

    def test_another_gets_it_when_it_is_down(self):
        self.silent.clear()
        self.add_host("h2")
        self.silence("c1")
        self.beat("c2", ["h2"])
        self.sweep_until(lambda: len(self.compute.casts) > 1)
        self.assertEqual(("h2", "c2"), (
            self.compute.casts[-1].action.host,
            self.compute.casts[-1].service_host))


class TestBusAway(test_sweep.SweepCase):
    """No time passes for a request while nothing can be cast."""

    def setUp(self):
        super().setUp()
        self.scheduler = self.make_scheduler(settled=False)
        self.compute.error = ConnectionError("no broker")

    def test_a_delivery_that_can_not_be_cast_does_not_count(self):
        instance = self.create()
        self.sweep_until(lambda: self.beat() or self.get(instance).attempt
                         > self.conf.scheduler.max_attempts)
        found = self.get(instance)
        self.assertEqual(("BUILDING", "h1"), (found.status, found.host))
        self.assertEqual(0, self.message_of(instance).deliveries)
        self.compute.error = None
        self.beat()
        self.sweep_until(lambda: self.compute.casts)
        self.assertTrue(self.finish(self.compute.casts[-1].action))
        self.assertEqual("STOPPED", self.get(instance).status)
        self.assertEqual(1, self.used(self.uuid))

    def test_nothing_is_begun_until_somebody_is_heard_again(self):
        self.create()
        later = self.create()
        self.sweep()
        self.assertEqual(0, self.get(later).attempt)
        self.compute.error = None
        self.sweep()
        self.assertEqual([], self.compute.casts)
        self.beat()
        self.sweep_until(lambda: len({
            cast.action.instance_id for cast in self.compute.casts}) == 2)
