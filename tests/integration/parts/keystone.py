"""A private Keystone: the one from PyPI, started by a test.

It keeps all in a SQLite file and makes Fernet tokens. A second process on the
same file and keys makes tokens that live for a second: those are how a test
comes by expired ones. One Keystone serves a whole test process.
"""

import atexit
import configparser
import datetime
import functools
import logging
import pathlib
import secrets
import subprocess
import sys
import uuid
from typing import Any

import fixtures
from cryptography import fernet
from keystoneauth1 import exceptions as keystone_exc
from keystoneauth1 import session
from keystoneauth1.identity import v3
from oslo_utils import timeutils

from tests.integration.parts import ports
from tests.integration.parts import processes
from tests.integration.parts import wait

# At DEBUG it writes down every request and answer.
logging.getLogger("keystoneauth").setLevel(logging.INFO)

MANAGE = pathlib.Path(sys.executable).with_name("keystone-manage")
SERVER = pathlib.Path(__file__).with_name("keystone_server.py")
DOMAIN = "default"
ADMIN = "admin"
REGION = "RegionOne"
# Seconds; about 10 on an idle machine.
START_DEADLINE = 180.0
# Seconds that tokens are good for.
LONG_LIFE, SHORT_LIFE = 3600, 1


class Keystone(fixtures.Fixture):
    """A running Keystone, with ``url``, ``admin`` and its ``password``."""

    def _setUp(self) -> None:
        self.directory = self.useFixture(processes.Directory()).path
        self.password = secrets.token_hex(16)
        keys = self.directory / "keys"
        keys.mkdir(mode=0o700)
        for name in ("0", "1"):
            (keys / name).write_bytes(fernet.Fernet.generate_key())
        addresses = [f"127.0.0.1:{ports.find()}" for _ in range(2)]
        self.url, self.hasty_url = (f"http://{each}/v3" for each in addresses)
        self._manage("db_sync")
        self._manage("bootstrap", "--bootstrap-password", self.password,
                     "--bootstrap-region-id", REGION,
                     "--bootstrap-public-url", self.url,
                     "--bootstrap-internal-url", self.url)
        self.server = self._serve("keystone", addresses[0], LONG_LIFE)
        self.hasty = self._serve("hasty", addresses[1], SHORT_LIFE)
        self.wait_until_ready()
        self.admin = self.log_in(ADMIN, self.password, project_name=ADMIN)
        self._roles = {role["name"]: role["id"]
                       for role in self._get("/roles")["roles"]}

    @property
    def servers(self) -> list[processes.Process]:
        return [self.server, self.hasty]

    def wait_until_ready(self) -> None:
        for url in (self.url, self.hasty_url):
            wait.until(lambda url=url: self._answers(url), f"{url} answers",
                       deadline=START_DEADLINE, interval=0.25)

    # -------------------------------------------------------------- contents
    def make_project(self) -> str:
        """Return the id of a new project."""
        project: str = self._post("/projects", project={
            "name": uuid.uuid4().hex, "domain_id": DOMAIN})["project"]["id"]
        return project

    def make_user(self, project_id: str, *roles: str) -> str:
        """Return the name of a new user with these roles in a project."""
        name = uuid.uuid4().hex
        user = self._post("/users", user={
            "name": name, "domain_id": DOMAIN,
            "password": self.password})["user"]
        for role in roles:
            self.admin.put(
                f"{self.url}/projects/{project_id}/users/{user['id']}/roles/"
                f"{self._roles[role]}")
        return name

    def service_options(self, name: str, project_id: str) -> dict[str, str]:
        """Return the options by which a service logs in as a user."""
        return {"auth_type": "password", "auth_url": self.url,
                "username": name, "password": self.password,
                "project_id": project_id, "user_domain_id": DOMAIN}

    def api_options(self, name: str, project_id: str
                    ) -> dict[str, dict[str, Any]]:
        """Return the options of a tachyon-api that asks this Keystone, as a
        user."""
        return {"api": {"auth_strategy": "keystone"},
                "keystone_authtoken": {
                    **self.service_options(name, project_id),
                    "www_authenticate_uri": self.url,
                    # One retry, not three: a test waits for it.
                    "http_request_max_retries": 1}}

    def publish(self, service_type: str, url: str) -> None:
        """Put a service with one endpoint into the catalogue."""
        service = self._post("/services", service={
            "type": service_type, "name": service_type})["service"]
        self._post("/endpoints", endpoint={
            "service_id": service["id"], "interface": "public", "url": url,
            "region_id": REGION})

    # ---------------------------------------------------------------- tokens
    def log_in(self, name: str, password: str | None = None, *,
               url: str | None = None, **scope: Any) -> session.Session:
        """Return a session of a user. ``scope`` are keystoneauth's names:
        ``project_id``, ``system_scope``; without any, unscoped."""
        if "project_name" in scope:
            scope["project_domain_id"] = DOMAIN
        return session.Session(v3.Password(
            url or self.url, username=name, user_domain_id=DOMAIN,
            password=password or self.password, unscoped=not scope, **scope))

    def issue(self, name: str, **scope: Any) -> str:
        """Return a token of a user."""
        token: str = self.log_in(name, **scope).get_token()
        return token

    def issue_expired(self, name: str, **scope: Any) -> str:
        """Return a token of a user that was good until just now."""
        found = self.log_in(name, url=self.hasty_url, **scope)
        access = found.auth.get_access(found)
        end = access.expires + datetime.timedelta(milliseconds=1)
        wait.until(lambda: timeutils.utcnow(with_timezone=True) > end,
                   "the token expires")
        return str(access.auth_token)

    def revoke(self, token: str) -> None:
        self.admin.delete(f"{self.url}/auth/tokens",
                          headers={"X-Subject-Token": token})

    # ------------------------------------------------------------- internals
    def _get(self, path: str) -> Any:
        return self.admin.get(self.url + path).json()

    def _post(self, path: str, **body: Any) -> Any:
        return self.admin.post(self.url + path, json=body).json()

    def _answers(self, url: str) -> bool:
        for process in self.servers:
            if not process.running:
                raise RuntimeError(f"Keystone ended:\n{process.output}")
        try:
            return bool(session.Session().get(url).ok)
        except keystone_exc.ConnectFailure:
            return False

    def _serve(self, name: str, listen: str,
               expiration: int) -> processes.Process:
        return self.useFixture(processes.Process(
            # -P: its neighbour of the same name is not Keystone.
            name, [sys.executable, "-P", str(SERVER), listen],
            self.directory / f"{name}.log", env={
                "OS_KEYSTONE_CONFIG_FILES":
                    str(self._configure(name, expiration))}))

    def _manage(self, *command: str) -> None:
        done = subprocess.run(
            [str(MANAGE), "--config-file", str(self._configure("manage")),
             *command], stdin=subprocess.DEVNULL, capture_output=True,
            text=True, timeout=START_DEADLINE)
        if done.returncode:
            raise RuntimeError(f"{command[0]}: {done.stdout}{done.stderr}")

    def _configure(self, name: str,
                   expiration: int = LONG_LIFE) -> pathlib.Path:
        """Write a configuration, and return its path."""
        keys = {"key_repository": self.directory / "keys"}
        parser = configparser.RawConfigParser()
        parser.read_dict({
            "DEFAULT": {"use_stderr": True},
            "database": {"connection":
                         f"sqlite:///{self.directory}/keystone.sqlite"},
            "token": {"provider": "fernet", "expiration": expiration},
            "fernet_tokens": keys, "fernet_receipts": keys,
            "credential": keys, "cache": {"enabled": False},
            # As weak as can be: no time goes into it.
            "identity": {"password_hash_rounds": 4},
        })
        path = self.directory / f"{name}.conf"
        with open(path, "w") as file:
            parser.write(file)
        return path


@functools.cache
def shared() -> Keystone:
    """Return the Keystone of this test process, started at its first use."""
    keystone = Keystone()
    keystone.setUp()
    atexit.register(keystone.cleanUp)
    return keystone
