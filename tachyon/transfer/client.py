"""HTTP to another service: who we are to it, and what it answers."""

import dataclasses
import os
import urllib.parse
from collections.abc import Mapping
from typing import Any

import keystoneauth1.exceptions
from keystoneauth1 import adapter
from keystoneauth1 import loading
from keystoneauth1 import plugin
from keystoneauth1 import session
from keystoneauth1 import token_endpoint

from tachyon import exception

TIMEOUT = 120.0                         # seconds for one answer
RETRIES = 3
RETRIABLE = (502, 503, 504)


@dataclasses.dataclass(frozen=True, slots=True)
class Answer:
    """A status, and a body of JSON (None if there is none)."""

    status: int
    body: Any

    @property
    def detail(self) -> str:
        """Return what an error says, in a line."""
        found = self.body
        if isinstance(found, Mapping):
            errors = found.get("errors")
            if isinstance(errors, list) and errors:
                return " ".join(str(errors[0].get("detail")).split())
        return f"answered {self.status}"


def quote(value: str) -> str:
    """Return one segment of a path."""
    return urllib.parse.quote(value, safe="")


class Client:
    """Talks to one service, at one microversion."""

    def __init__(self, service_type: str, url: str, microversion: str,
                 token: str | None = None, *,
                 environ: Mapping[str, str] = os.environ):
        """Nothing is sent yet.

        :param url: the service's endpoint.
        :param token: what to send as ``X-Auth-Token``; without, the
            ``OS_`` variables of the environment say how to log in to
            Keystone, and without these nobody is told who we are.
        :raises TransferFailed: these variables make no sense.
        """
        self.url = url.rstrip("/")
        self._session = session.Session(
            auth=_authentication(self.url, token, environ), timeout=TIMEOUT,
            verify=environ.get("OS_CACERT") or True)
        self._adapter = adapter.Adapter(
            self._session, service_type=service_type,
            endpoint_override=self.url, default_microversion=microversion,
            connect_retries=RETRIES, status_code_retries=RETRIES,
            retriable_status_codes=list(RETRIABLE), raise_exc=False,
            user_agent="tachyon-manage")

    def ask(self, method: str, path: str, body: Any = None, *,
            microversion: str | None = None) -> Answer:
        """Return the answer, whatever its status.

        :param microversion: instead of the one of all others.
        :raises TransferFailed: there is none, or it is no JSON.
        """
        more: dict[str, Any] = {} if body is None else {"json": body}
        if microversion is not None:
            more["microversion"] = microversion
        try:
            found = self._adapter.request(
                path, method, headers={"Accept": "application/json"}, **more)
            return Answer(found.status_code,
                          found.json() if found.content else None)
        except keystoneauth1.exceptions.ClientException as exc:
            raise exception.TransferFailed(
                where=self.url, reason=" ".join(str(exc).split())) from exc
        except ValueError as exc:
            raise exception.TransferFailed(
                where=f"{self.url}{path}", reason="no JSON: is this the "
                "endpoint of the service?") from exc

    def get(self, path: str) -> Any:
        """Return a body, or None where nothing is (404).

        :raises TransferFailed: another status than 200 and 404.
        """
        answer = self.ask("GET", path)
        if answer.status == 404:
            return None
        self.check(answer, "GET", path, 200)
        return answer.body

    def check(self, answer: Answer, method: str, path: str,
              *statuses: int) -> None:
        """:raises TransferFailed: the answer has none of these statuses."""
        if answer.status not in statuses:
            raise exception.TransferFailed(
                where=f"{method} {self.url}{path}",
                reason=f"{answer.detail} ({answer.status})")


def _authentication(url: str, token: str | None,
                    environ: Mapping[str, str]
                    ) -> plugin.BaseAuthPlugin | None:
    token = token or environ.get("OS_TOKEN")
    if token:
        return token_endpoint.Token(url, token)
    if not environ.get("OS_AUTH_URL"):
        return None
    try:
        loader: Any = loading.get_plugin_loader(
            environ.get("OS_AUTH_TYPE") or "password")
        made: plugin.BaseAuthPlugin = loader.load_from_options(**{
            option.dest: environ[name] for option in loader.get_options()
            if (name := f"OS_{option.dest.upper()}") in environ})
        return made
    except keystoneauth1.exceptions.ClientException as exc:
        raise exception.TransferFailed(
            where="the OS_ variables of the environment",
            reason=" ".join(str(exc).split())) from exc
