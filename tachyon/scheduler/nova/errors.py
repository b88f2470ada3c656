"""Errors that nova-conductor knows.

On the bus an error is its module, its class, and its arguments: the other
side makes its own class of them. So these say that they are nova's, which need
not be here.
"""

from tachyon import exception
from tachyon.scheduler import data as scheduler_data


class NoValidHost(exception.TachyonException):
    """Nothing fits; ``reason`` is shown to the owner of the server."""

    msg_fmt = "No valid host was found. %(reason)s"

    def __init__(self, reason: str, verdict: scheduler_data.Verdict
                 = scheduler_data.Verdict.BACKEND_ERROR):
        super().__init__(reason=reason, code=500)
        self.verdict = verdict          # for us: it does not go on the bus


NoValidHost.__module__ = "nova.exception"
