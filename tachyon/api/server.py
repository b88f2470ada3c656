"""The HTTP server of tachyon-api: waitress, with our errors and our end.

It reads each request whole in one thread's select loop before it takes a
thread of the pool for it, so that clients which send slowly, or nothing, keep
nobody else waiting.
"""

import contextlib
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
from tachyon.api import listener

LOG = logging.getLogger(__name__)

# Connections the kernel keeps waiting until they are accepted.
BACKLOG = 1024
MAX_CONNECTIONS = 4096
MAX_HEADER_BYTES = 64 * 1024
# Seconds after which a connection that says nothing is closed.
IDLE = 60
# Seconds between two looks at whether it is time to end.
LOOK = 1.0
# Once the server stops: seconds for handshakes under way to end, seconds that
# a silent connection is kept, and those between two looks.
HANDSHAKE = 0.1
LINGER = 1.0
STOPPING_LOOK = 0.05


class Server:
    """Serves one bound socket until it is stopped.

    Then, in this order: no connection begins any more; those that were made
    are taken in; each answer says ``Connection: close``; what says nothing
    is closed. A client whose connection is kept thus learns of the end from
    an answer, not from a request that is lost.
    """

    def __init__(self, conf: cfg.ConfigOpts, app: types.WSGIApplication,
                 bound: socket.socket):
        # Waitress refuses from the size on that it is given.
        self._server = server.create_server(
            app, sockets=[bound], threads=conf.api.threads,
            backlog=BACKLOG, connection_limit=MAX_CONNECTIONS,
            channel_timeout=IDLE, asyncore_use_poll=True, ident="tachyon",
            max_request_header_size=MAX_HEADER_BYTES,
            max_request_body_size=conf.api.max_request_body_size + 1,
            # Whom to believe is for oslo.middleware to say.
            clear_untrusted_proxy_headers=False)
        self._server.channel_class = _Channel
        self._server.stopping = False
        self._stopped_at, self._end = float("inf"), float("inf")
        self._looked_at = time.monotonic()

    def is_alive(self) -> bool:
        """Return whether the select loop goes round."""
        return time.monotonic() - self._looked_at < 10 * LOOK

    def serve(self) -> None:
        """Answer requests; return after ``stop``."""
        while not self._is_over():
            self._looked_at = time.monotonic()
            wasyncore.loop(
                timeout=STOPPING_LOOK if self._server.stopping else LOOK,
                use_poll=True, map=self._server._map, count=1)
        cut = len(self._server.active_channels)
        if cut:
            LOG.warning("Cut %d connections that did not end in time", cut)
        self._server.task_dispatcher.shutdown(timeout=LOOK)
        wasyncore.close_all(self._server._map)

    def stop(self, grace: float) -> None:
        """Take no more connections; give the requests under way so many
        seconds. Returns at once, in any thread."""
        self._server.trigger.pull_trigger(lambda: self._begin_to_stop(grace))

    # What follows runs in the loop's thread, as all that opens and closes
    # connections must.
    def _begin_to_stop(self, grace: float) -> None:
        self._stopped_at = time.monotonic()
        self._end = self._stopped_at + grace
        self._server.stopping = True
        with contextlib.suppress(OSError):
            listener.turn_away(self._server.socket)

    def _is_over(self) -> bool:
        """Return whether it was stopped, and every request is answered."""
        if not self._server.stopping:
            return False
        now = time.monotonic()
        if self._server.accepting and now >= self._stopped_at + HANDSHAKE:
            listener.take_in(self._server.socket, self._server.handle_accept,
                             BACKLOG)
            wasyncore.dispatcher.close(self._server)
        if now >= self._stopped_at + LINGER:
            self._close_silent()
        return (not self._server.accepting
                and not self._server.active_channels) or now >= self._end

    def _close_silent(self) -> None:
        # It looks after those who are silent in the middle of a request.
        self._server.maintenance(time.time())
        for each in list(self._server.active_channels.values()):
            if not (each.requests or each.request or each.total_outbufs_len):
                each.handle_close()


class _Task(task.WSGITask):
    """Tells the client when its connection serves no further request."""

    def build_response_header(self) -> bytes:
        if self.channel.server.stopping and len(self.channel.requests) == 1:
            self.set_close_on_finish()
        return super().build_response_header()


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
    task_class = _Task
    error_task_class = _ErrorTask
