"""A real nova, with Tachyon as its Placement and in nova-scheduler's place.

One cloud, which takes a minute to start, serves all of these tests.
"""

from tests.integration.nova import crashes
from tests.integration.nova import daemons
from tests.integration.nova import moves
from tests.integration.nova import servers


class TestStack(servers.ServerTests, moves.MoveTests,
                crashes.CrashTests):

    def test_nova_finds_nothing_amiss(self):
        """``nova-status`` and ``nova-manage`` take it for a Placement, and
        what is in there for right."""
        # Servers on computes that only pretend have no type of machine.
        daemons.run(str(daemons.BIN / "nova-status"), "--config-file",
                    str(self.stack.api.file), "upgrade", "check")
        self.nova.wait_for(*self.nova.boot(), "ACTIVE")
        self.stack.manage("placement", "audit", "--verbose")
