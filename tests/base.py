"""What every test case starts from: options of its own, and a directory."""

import os
from typing import Any

import fixtures
from oslo_config import fixture as config_fixture
from oslo_messaging import conffixture
from oslotest import base

from tachyon import conf
from tachyon import context
from tachyon.rpc import transport


class Options(fixtures.Fixture):
    """Gives ``conf``, ``config`` to set options with, and ``state_path``.

    ``conf`` is the global ``CONF`` (oslo.messaging needs that one), read from
    no file, with a ``state_path`` of its own, and messages that never leave
    the process. What is changed is undone in the end.
    """

    def _setUp(self) -> None:
        self.conf = conf.CONF
        self.fixture = self.useFixture(config_fixture.Config(self.conf))
        self.addCleanup(transport.cleanup)
        self.messaging = self.useFixture(
            conffixture.ConfFixture(self.conf, transport_url="fake:/"))
        self.conf([], project="tachyon", default_config_files=[],
                  default_config_dirs=[])
        self.state_path = self.useFixture(fixtures.TempDir()).path
        self.config(state_path=self.state_path, service_host="testhost")
        # Nor is nova's, where nova is imported.
        self.config(group="nova", config_files=[os.devnull])

    def config(self, group: str | None = None, **options: Any) -> None:
        """Set options."""
        self.fixture.config(group=group, **options)


class TestCase(base.BaseTestCase):
    """Gives each test ``self.conf``, ``self.state_path``, ``self.context``:
    see ``Options``."""

    def setUp(self) -> None:
        super().setUp()
        self.options_fixture = self.useFixture(Options())
        self.conf = self.options_fixture.conf
        self.config_fixture = self.options_fixture.fixture
        self.messaging_fixture = self.options_fixture.messaging
        self.state_path = self.options_fixture.state_path
        self.context = context.RequestContext(
            user_id="alice", project_id="demo", roles=["member"],
            overwrite=False)
        self.admin_context = context.get_admin_context()

    def config(self, group: str | None = None, **options: Any) -> None:
        """Set options for the time of this test."""
        self.options_fixture.config(group, **options)
