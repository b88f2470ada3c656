"""A share of nova's functional tests, unmodified, on Tachyon; all of them are
run by ``tox -e nova``."""

from tests.integration import base
from tests.nova_suite import lists
from tests.nova_suite import run


class SwappedCase(base.TestCase):

    LIMIT = 590

    def check(self, swap):
        """All tests of the share end, and pass."""
        names = lists.share(swap)
        self.assertGreater(len(names), 10)
        outcome = self.start(run.Side(swap)).run(names)
        self.assertEqual(
            (0, {name: "success" for name in names}),
            (outcome.exit_code,
             {each.id: each.status for each in outcome.ended}),
            "\n".join(f"{each.id}: {each.text[-4000:]}"
                      for each in outcome.ended if each.status != "success")
            + outcome.log[-4000:])


class TestPlacementSwapped(SwappedCase):
    def test_share(self):
        self.check(lists.PLACEMENT)


class TestBothSwapped(SwappedCase):
    def test_share(self):
        self.check(lists.BOTH)
