"""The HTTP server of tachyon-api: waitress, with our errors and our end.

It reads each request whole in one thread's select loop before it takes a
thread of the pool for it, so that clients which send slowly, or nothing, keep
nobody else waiting.
"""

import http
import logging
import socket
import time
from wsgiref import types

import orjson
from oslo_config import cfg
from waitress import channel
from waitress import server
from waitress import task
from waitress import wasyncore

from tachyon.api import errors

LOG = logging.getLogger(__name__)

# Connections the kernel keeps waiting until they are accepted.
BACKLOG = 1024
MAX_CONNECTIONS = 4096
MAX_HEADER_BYTES = 64 * 1024
# Seconds after which a connection that says nothing is closed.
IDLE = 60
# Seconds between two looks at whether it is time to end.
LOOK = 1.0


class Server:
    """Serves one bound socket until it is stopped."""

    def __init__(self, conf: cfg.ConfigOpts, app: types.WSGIApplication,
                 listener: socket.socket):
        # Waitress refuses from the size on that it is given.
        self._server = server.create_server(
            app, sockets=[listener], threads=conf.api.threads,
            backlog=BACKLOG, connection_limit=MAX_CONNECTIONS,
            channel_timeout=IDLE, asyncore_use_poll=True, ident="tachyon",
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=conf.api.max_request_body_size + 1,
            # Whom to believe is for oslo.middleware to say.
            clear_untrusted_proxy_headers=False)
        self._server.channel_class = _Channel
        self._end: float | None = None
        self._looked_at = time.monotonic()

    def is_alive(self) -> bool:
        """Return whether the select loop goes round."""
        return time.monotonic() - self._looked_at < 10 * LOOK

    def serve(self) -> None:
        """Answer requests; return after ``stop``."""
        while not self._is_over():
            self._looked_at = time.monotonic()
            wasyncore.loop(timeout=LOOK, use_poll=True,
                           map=self._server._map, count=1)
        self._server.task_dispatcher.shutdown(timeout=LOOK)
        wasyncore.close_all(self._server._map)

    def stop(self, grace: float) -> None:
        """Take no more connections; give the requests under way so many
        seconds. Returns at once, in any thread."""
        self._end = time.monotonic() + grace
        self._server.trigger.pull_trigger(self._stop_listening)

    def _stop_listening(self) -> None:
        wasyncore.dispatcher.close(self._server)

    def _is_over(self) -> bool:
        """Return whether it was stopped, and every request is answered.

        Called in the loop's thread, as all that closes connections must be.
        """
        if self._end is None:
            return False
        channels = list(self._server.active_channels.values())
        for each in channels:
            if not each.requests and not each.total_outbufs_len:
                each.handle_close()
        return (not self._server.active_channels
                or time.monotonic() > self._end)


class _ErrorTask(task.ErrorTask):
    """Answers what never reached the application, as that would."""

    def execute(self) -> None:
        error = self.request.error
        status = http.HTTPStatus(error.code)
        body = orjson.dumps({"errors": [{
            "status": status.value, "title": status.phrase,
            "detail": str(error.body), "code": errors.UNDEFINED}]})
        self.status = f"{status.value} {status.phrase}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.set_close_on_finish()
        self.content_length = len(body)
        self.write(body)


class _Channel(channel.HTTPChannel):
    error_task_class = _ErrorTask
