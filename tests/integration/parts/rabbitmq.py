"""A RabbitMQ node for tests: one serves a whole test process.

It is the one that a developer keeps up, or else a private one, of Debian's
rabbitmq-server. That listens on 127.0.0.1 only, on free ports, with a port
mapper (epmd), a data directory, a user and a password of its own, so that it
meets neither the machine's broker nor those of other test processes. Each
user takes a virtual host, which is empty and its alone.
"""

import atexit
import base64
import functools
import hashlib
import itertools
import json
import os
import pathlib
import secrets
import shutil

import amqp
import fixtures
import requests

from tests.integration.parts import kept
from tests.integration.parts import ports
from tests.integration.parts import processes
from tests.integration.parts import wait

# The wrapper in the PATH insists on the packaged user and directories.
HOME = pathlib.Path("/usr/lib/rabbitmq/bin")
USER = "tachyon"
VIRTUAL_HOSTS = 16


class RabbitMQ(fixtures.Fixture):
    """A private node, whose ``node`` a test may kill. ``new_url`` gives the
    transport_url of a fresh host. With ``managed`` it has a
    ``management_url``: people may look at it there."""

    def __init__(self, managed: bool = False):
        super().__init__()
        self.managed = managed

    def _setUp(self) -> None:
        self.server = HOME / "rabbitmq-server"
        if not self.server.exists():
            raise RuntimeError(
                "rabbitmq-server is not installed: the integration tests "
                "need it (on Debian: apt-get install rabbitmq-server).")
        self.directory = self.useFixture(processes.Directory()).path
        self.port = ports.find()
        self.management_port = ports.find()
        self.management_url = f"http://127.0.0.1:{self.management_port}"
        self.password = secrets.token_hex(16)
        self._hosts = itertools.count()
        environment = self._write_configuration()
        self.mapper = self.useFixture(processes.Process(
            "epmd", [shutil.which("epmd") or "epmd"],
            self.directory / "epmd.log", env=environment))
        self.node = self.useFixture(processes.Process(
            "rabbitmq", [str(self.server)], self.directory / "node.log",
            env=environment))
        self.wait_until_ready()

    def wait_until_ready(self) -> None:
        wait.until(self._answers, "RabbitMQ answers", deadline=90,
                   interval=0.25)

    def new_url(self) -> str:
        """Return the URL of a virtual host that nobody has used yet."""
        number = next(self._hosts)
        if number >= VIRTUAL_HOSTS:
            raise RuntimeError("Out of virtual hosts.")
        return url_of(self.port, self.password, f"host{number}")

    def _answers(self) -> bool:
        if not self.node.running:
            raise RuntimeError(f"RabbitMQ ended:\n{self.node.output}")
        try:
            with amqp.Connection(
                    f"127.0.0.1:{self.port}", userid=USER,
                    password=self.password, virtual_host="host0",
                    connect_timeout=5, read_timeout=5, write_timeout=5):
                return True
        except (OSError, amqp.AMQPError):
            return False

    # -------------------------------------------------------- configuration
    def _write_configuration(self) -> dict[str, str]:
        """Write all files of the node, and return its environment."""
        directory = self.directory
        definitions = directory / "definitions.json"
        definitions.write_text(json.dumps(self._definitions()))
        configuration = directory / "rabbitmq.conf"
        configuration.write_text("\n".join((
            f"listeners.tcp.1 = 127.0.0.1:{self.port}",
            f"load_definitions = {definitions}",
            "log.console = true",
            "log.file = false",
            "disk_free_limit.absolute = 1MB",
            "heartbeat = 30",
            *((f"management.tcp.port = {self.management_port}",
               "management.tcp.ip = 127.0.0.1") if self.managed else ()),
        )) + "\n")
        plugins = directory / "enabled_plugins"
        plugins.write_text("[rabbitmq_management].\n" if self.managed
                           else "[].\n")
        settings = directory / "rabbitmq-env.conf"
        settings.write_text("")
        return {
            "HOME": str(directory),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(ports.find()),
            "RABBITMQ_CONF_ENV_FILE": str(settings),
            "RABBITMQ_CONFIG_FILE": str(configuration),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(directory / "advanced"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_NODENAME": f"tachyon-{os.getpid()}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(ports.find()),
            "RABBITMQ_MNESIA_BASE": str(directory / "data"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_ALLOW_INPUT": "true",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "-noinput -kernel inet_dist_use_interface {127,0,0,1}",
        }

    def _definitions(self) -> dict[str, list[dict[str, str]]]:
        salt = secrets.token_bytes(4)
        digest = hashlib.sha256(salt + self.password.encode()).digest()
        hosts = [f"host{number}" for number in range(VIRTUAL_HOSTS)]
        return {
            "users": [{
                "name": USER, "tags": "administrator",
                "password_hash": base64.b64encode(salt + digest).decode(),
                "hashing_algorithm": "rabbit_password_hashing_sha256"}],
            "vhosts": [{"name": host} for host in hosts],
            "permissions": [
                {"user": USER, "vhost": host, "configure": ".*",
                 "write": ".*", "read": ".*"} for host in hosts],
        }


class Kept(fixtures.Fixture):
    """The node that a developer keeps up."""

    def __init__(self, port: str, password: str, management_url: str):
        super().__init__()
        self.port, self.password = port, password
        self._hosts = f"{management_url}/api/vhosts"

    def _setUp(self) -> None:
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.auth = (USER, self.password)
        self.addCleanup(self._session.close)

    def new_url(self) -> str:
        """Return the URL of a virtual host, made now, that goes in the
        end."""
        host = f"test-{secrets.token_hex(8)}"
        self._ask("PUT", host)
        self.addCleanup(self._ask, "DELETE", host)
        return url_of(self.port, self.password, host)

    def _ask(self, method: str, host: str) -> None:
        self._session.request(method, f"{self._hosts}/{host}",
                              timeout=30).raise_for_status()


def url_of(port: int | str, password: str, host: str) -> str:
    return f"rabbit://{USER}:{password}@127.0.0.1:{port}/{host}"


@functools.cache
def shared() -> RabbitMQ | Kept:
    """Return the node of this test process, begun at its first use."""
    offered = kept.read().get("rabbitmq")
    if offered is None:
        return private()
    node = Kept(**offered)
    node.setUp()
    atexit.register(node.cleanUp)
    return node


@functools.cache
def private() -> RabbitMQ:
    """Return a node of this test process that is nobody else's."""
    node = RabbitMQ()
    node.setUp()
    atexit.register(node.cleanUp)
    return node
