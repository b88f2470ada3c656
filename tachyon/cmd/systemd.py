"""What the init system is told: ready, alive, stopping.

The protocol of sd_notify(3): datagrams to the socket that ``NOTIFY_SOCKET``
names. Without it, as in a terminal, nothing is told to nobody.
"""

import contextlib
import logging
import os
import socket
import threading
import time
from collections.abc import Callable

LOG = logging.getLogger(__name__)

# Seconds between two looks, until the daemon is ready.
LOOK = 0.1


class Notifier:
    """Tells the init system when the daemon is ready, and then, for as long
    as it lives, that it does, if ``WATCHDOG_USEC`` asks for that.

    ``last_beat`` gives the moment, by ``time.monotonic``, at which every part
    of the daemon was last known to be alive; 0 before all of them started. A
    beat that is older than the watchdog's time is no longer passed on, so
    that a daemon which hangs is started again.
    """

    def __init__(self, last_beat: Callable[[], float]):
        # The children must not speak for the whole.
        self._path = os.environ.pop("NOTIFY_SOCKET", "")
        period = os.environ.pop("WATCHDOG_USEC", "")
        pid = os.environ.pop("WATCHDOG_PID", "") or str(os.getpid())
        self.watchdog = (int(period) / 1e6
                         if period.isdigit() and pid == str(os.getpid())
                         else 0.0)
        self._last_beat = last_beat
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="notifier",
                                        daemon=True)

    def start(self) -> None:
        if self._path:
            self._thread.start()

    def stop(self) -> None:
        """Say that the daemon stops. It may take as long as it needs."""
        self._stopping.set()
        self._send("STOPPING=1")

    def _run(self) -> None:
        while not self._last_beat():
            if self._stopping.wait(LOOK):
                return
        self._send("READY=1")
        if not self.watchdog:
            return
        while not self._stopping.wait(self.watchdog / 4):
            if time.monotonic() - self._last_beat() < self.watchdog / 2:
                self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._path:
            return
        # An abstract socket has a null byte where its name has an @.
        path = ("\0" + self._path[1:] if self._path.startswith("@")
                else self._path)
        with contextlib.closing(socket.socket(
                socket.AF_UNIX, socket.SOCK_DGRAM)) as line:
            try:
                line.sendto(message.encode(), path)
            except OSError as exc:
                LOG.warning("The init system was not told %s: %s", message,
                            exc)
