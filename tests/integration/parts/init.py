"""What an init system does to daemons: start, wait for READY, stop.

It plays the part of systemd for units of ``Type=notify``, by the protocol of
sd_notify(3).
"""

import socket

import fixtures

from tests.integration.parts import daemons
from tests.integration.parts import processes


class Init(fixtures.Fixture):
    """Restarts daemons, one after the other."""

    def _setUp(self) -> None:
        path = self.useFixture(processes.Directory()).path / "notify"
        self._path = str(path)
        self._line = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self._line.close)
        self._line.bind(self._path)
        self._line.settimeout(daemons.START_DEADLINE)

    def restart(self, daemon: daemons.Daemon) -> int:
        """Return the exit code of the old one when the new one is ready."""
        code = daemon.stop(daemons.START_DEADLINE)
        daemon.env["NOTIFY_SOCKET"] = self._path
        daemon.start()
        while self._line.recv(100) != b"READY=1":
            pass                            # the old one says that it stops
        return code
