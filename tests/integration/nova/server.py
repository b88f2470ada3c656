"""Serves nova's API on ``host:port``, its one argument; run by its path.

A script of its own, since nova reads the arguments of its process.
"""

import sys
from collections.abc import Callable, Iterable
from typing import Any

import waitress

_Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def identify(conf: object, **options: str
             ) -> Callable[[_Application], _Application]:
    """Return a Paste filter that takes the place of keystonemiddleware's:
    whoever calls is an administrator."""
    def wrap(application: _Application) -> _Application:
        def call(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
            environ |= {
                "HTTP_X_IDENTITY_STATUS": "Confirmed",
                "HTTP_X_USER_ID": "admin", "HTTP_X_PROJECT_ID": "p1",
                "HTTP_X_ROLES": "admin,member,reader",
                "HTTP_X_AUTH_TOKEN": "admin"}
            return application(environ, start)
        return call
    return wrap


if __name__ == "__main__":
    listen = sys.argv.pop()
    from nova.wsgi import osapi_compute
    waitress.serve(osapi_compute.application, listen=listen)
