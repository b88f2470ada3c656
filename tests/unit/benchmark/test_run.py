"""What is measured where the peer is not installed."""

from unittest import mock

from tests import base
from tests.benchmark import run
from tests.benchmark import sides


class TestParse(base.TestCase):

    def parse(self, *argv):
        with mock.patch.object(sides, "PEER_PACKAGES", self.packages):
            return run._parse(argv).sides

    def test_the_peer_is_left_out_where_it_is_not_installed(self):
        self.packages = ("json", "no_such_package")
        self.assertEqual(["neo4j", "sqlite"], self.parse())

    def test_and_measured_where_it_is(self):
        self.packages = ("json",)
        self.assertEqual(list(sides.SIDES), self.parse())
        self.assertEqual(["sqlite"], self.parse("--sides", "sqlite"))
