"""Silence counts only as long as somebody listens."""

from tachyon.scheduler import hearing
from tests import base
from tests.unit.scheduler import fakes


class TestHearing(base.TestCase):
    """A report every 10 s; 60 s of silence; 30 s without any are a break."""

    def setUp(self):
        super().setUp()
        self.config(service_down_time=60.0, report_interval=10.0)
        self.clock = fakes.Clock()
        self.hearing = hearing.Hearing(self.conf, self.clock)

    def hear(self, seconds, age=1.0):
        """Let time pass in which reports come in and are looked at."""
        for _ in range(int(seconds)):
            self.clock.now += 1.0
            self.hearing.note(self.clock.now - age)

    def assert_state(self, hears, settled):
        self.assertEqual((hears, settled),
                         (self.hearing.hears, self.hearing.settled))

    def test_nothing_is_known_at_first(self):
        self.assert_state(False, False)

    def test_settled_after_the_down_time(self):
        self.hear(59)
        self.assert_state(True, False)
        self.hear(1)
        self.assert_state(True, True)

    def test_what_was_heard_before_it_began_is_no_time_of_its_own(self):
        self.hear(59, age=5.0)
        self.assert_state(True, False)
        self.hear(1, age=5.0)
        self.assert_state(True, True)

    def test_what_was_heard_long_before_it_began(self):
        self.hear(60, age=1e6)
        self.assert_state(False, False)

    def test_a_short_break_is_none(self):
        self.hear(60)
        self.clock.now += 28.0
        self.assert_state(True, True)
        self.hear(1)
        self.assert_state(True, True)

    def test_after_a_break_it_begins_anew(self):
        self.hear(60)
        heard_at = self.clock.now - 1.0
        for _ in range(1000):                   # the broker is away
            self.clock.now += 1.0
            self.hearing.note(heard_at)
        self.assert_state(False, False)
        self.hear(1)
        self.assert_state(True, False)
        self.hear(58)
        self.assert_state(True, False)
        self.hear(1)
        self.assert_state(True, True)

    def test_a_break_that_nobody_looked_at(self):
        """The process was stopped, or the store was away."""
        self.hear(60)
        self.clock.now += 31.0
        self.assert_state(False, False)
        self.hear(1)
        self.assert_state(True, False)

    def test_lost(self):
        self.hear(60)
        self.hearing.lose()
        self.assert_state(False, False)
        self.hearing.note(self.clock.now - 1.0)
        self.assert_state(False, False)         # that was before
        self.hear(1, age=0.0)
        self.assert_state(True, False)
        self.hear(60)
        self.assert_state(True, True)

    def test_an_older_look_that_comes_late(self):
        self.hear(60)
        self.hearing.note(self.clock.now - 50.0)
        self.assert_state(True, True)

    def test_reports_that_are_rarer_than_half_of_the_down_time(self):
        self.config(service_down_time=12.0, report_interval=10.0)
        self.hear(1)
        self.clock.now += 18.0
        self.assert_state(True, True)
