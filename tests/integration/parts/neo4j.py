"""A Neo4j server for tests: one serves a whole test process.

It is the one that a developer keeps up, unless another test process has that;
or else a private one, started by the test: of jars from Maven Central
(``tools/neo4j/pom.xml``), which are fetched once, into the tree's ``.cache``,
or in a container, if ``TACHYON_TEST_NEO4J`` says so. A private one listens on
a free port, with a home directory and a password of its own. ``clear``
empties a server, since Community edition has but one database.
"""

import atexit
import contextlib
import functools
import logging
import os
import pathlib
import secrets
import shutil
import subprocess
from collections.abc import Iterator, Sequence

import fasteners
import fixtures
import neo4j
import neo4j.exceptions

from tests.integration.parts import kept
from tests.integration.parts import ports
from tests.integration.parts import processes
from tests.integration.parts import wait

# Its debug log has a line a record, which tests would keep.
logging.getLogger("neo4j").setLevel(logging.INFO)

# What a private server is made of: "jars", or "container".
CHOICE = "TACHYON_TEST_NEO4J"
IMAGE = "neo4j:5.26-community"
RECIPE = processes.ROOT / "tools" / "neo4j"
CACHE = processes.ROOT / ".cache" / "neo4j"
JVM_OPTIONS = ("--add-opens=java.base/java.nio=ALL-UNNAMED",
               "--add-opens=java.base/java.lang=ALL-UNNAMED",
               "-XX:+UseSerialGC", "-Xmx512m",
               # A server lives for minutes: to compile what it does for speed
               # takes twice the CPU time that all tests of a class take.
               "-XX:TieredStopAtLevel=1")
START_DEADLINE = 180.0                  # seconds; 8 to 15 on an idle machine

# It listens for Bolt and nothing else, and does not call home. A store that
# is emptied for each test has other statistics all the time: to plan anew for
# that is a quarter of what a server does.
CONFIGURATION = """
server.bolt.enabled=true
server.bolt.listen_address=127.0.0.1:{port}
server.default_listen_address=127.0.0.1
dbms.security.auth_enabled=true
dbms.usage_report.enabled=false
server.memory.pagecache.size=64m
db.tx_log.preallocate=false
dbms.cypher.min_replan_interval=10m
"""


class Server(fixtures.Fixture):
    """A running server: ``uri``, ``username`` and ``password``."""

    username = "neo4j"
    uri: str
    password: str

    def wait_until_ready(self) -> None:
        wait.until(self._answers, "Neo4j answers", deadline=START_DEADLINE,
                   interval=0.1)

    def clear(self) -> None:
        """Remove all nodes; constraints and indexes stay."""
        self.run("MATCH (n) CALL (n) { DETACH DELETE n } "
                 "IN TRANSACTIONS OF 5000 ROWS")

    def session(self) -> neo4j.Session:
        return self._driver.session(database="neo4j")

    def run(self, query: str, **params: object) -> list[list[object]]:
        """Run a statement, and return its rows."""
        with self.session() as session:
            return session.run(query, params).values()

    # ------------------------------------------------------------- internals
    def _open(self) -> None:
        self._driver = self._connect(self.password)
        self.addCleanup(self._driver.close)
        self.wait_until_ready()

    def _answers(self) -> bool:
        with self._tried():
            self.run("RETURN 1")
            return True
        return False

    @contextlib.contextmanager
    def _tried(self) -> Iterator[None]:
        with contextlib.suppress(OSError, neo4j.exceptions.DriverError,
                                 neo4j.exceptions.Neo4jError):
            yield

    def _connect(self, password: str) -> neo4j.Driver:
        return neo4j.GraphDatabase.driver(
            self.uri, auth=(self.username, password), connection_timeout=5,
            # The server may have been stopped and started meanwhile.
            liveness_check_timeout=0, notifications_min_severity="OFF")


class Neo4j(Server):
    """A private server of jars, whose ``process`` a test may kill."""

    jvm_options: Sequence[str] = JVM_OPTIONS
    configuration = CONFIGURATION

    def _setUp(self) -> None:
        jars, classes = fetch()
        self.directory = self.useFixture(processes.Directory()).path
        self.port = ports.find()
        self.uri = f"bolt://127.0.0.1:{self.port}"
        self.password = secrets.token_hex(16)
        (self.directory / "conf").mkdir()
        (self.directory / "conf" / "neo4j.conf").write_text(
            self.configuration.format(port=self.port))
        self.process = self.useFixture(processes.Process(
            "neo4j", ["java", *self.jvm_options, "-cp", f"{jars}/*:{classes}",
                      "Neo4jServer", str(self.directory)],
            self.directory / "output.log"))
        wait.until(self._set_password, "Neo4j answers",
                   deadline=START_DEADLINE, interval=0.25)
        self._open()

    def _set_password(self) -> bool:
        """Log in as a new server wants it, and change the password."""
        with self._tried(), self._connect("neo4j") as driver, \
                driver.session(database="system") as session:
            session.run("ALTER CURRENT USER SET PASSWORD FROM 'neo4j' TO "
                        "$password", password=self.password).consume()
            return True
        return False

    @contextlib.contextmanager
    def _tried(self) -> Iterator[None]:
        if not self.process.running:
            raise RuntimeError(f"Neo4j ended:\n{self.process.output}")
        with super()._tried():
            yield


class Container(Server):
    """A private server in a container, for machines with Docker."""

    def _setUp(self) -> None:
        # It is not among the requirements: who wants it installs it.
        from testcontainers import neo4j as testcontainers

        self.password = secrets.token_hex(16)
        container = testcontainers.Neo4jContainer(
            IMAGE, username=self.username, password=self.password)
        self.addCleanup(container.stop)
        container.start()
        self.uri = container.get_connection_url()
        self._open()


class Kept(Server):
    """The server that a developer keeps up."""

    def __init__(self, uri: str, password: str):
        super().__init__()
        self.uri, self.password = uri, password
        self.port = int(uri.rpartition(":")[2])

    def _setUp(self) -> None:
        self._open()


def make() -> Server:
    """Return a private server, not yet started, of the kind wanted."""
    kinds = {"jars": Neo4j, "container": Container}
    choice = os.environ.get(CHOICE) or "jars"
    if choice not in kinds:
        raise RuntimeError(f"{CHOICE} is {choice!r}, and may be one of "
                           f"{sorted(kinds)}.")
    return kinds[choice]()


def fetch() -> tuple[pathlib.Path, pathlib.Path]:
    """Fetch the jars and compile the main class, if that is not done yet;
    return the directories of both."""
    for command in ("java", "javac", "mvn"):
        if shutil.which(command) is None:
            raise RuntimeError(
                f"{command} is not installed: tests with Neo4j need it (on "
                "Debian: apt-get install default-jdk-headless maven).")
    jars, classes = CACHE / "lib", CACHE / "classes"
    CACHE.mkdir(parents=True, exist_ok=True)
    done = CACHE / "pom.xml"            # what the jars were fetched by
    recipe = (RECIPE / "pom.xml").read_bytes()
    with fasteners.InterProcessLock(CACHE / "lock"):
        if not done.exists() or done.read_bytes() != recipe:
            shutil.rmtree(jars, ignore_errors=True)
            _call("mvn", "-q", "-B", "-f", str(RECIPE / "pom.xml"),
                  "dependency:copy-dependencies", "-DincludeScope=runtime",
                  f"-DoutputDirectory={jars}")
            _call("javac", "-cp", f"{jars}/*", "-d", str(classes),
                  str(RECIPE / "Neo4jServer.java"))
            done.write_bytes(recipe)
    return jars, classes


def _call(*argv: str) -> None:
    found = subprocess.run(argv, stdin=subprocess.DEVNULL, text=True,
                           capture_output=True)
    if found.returncode:
        raise RuntimeError(f"{argv[0]} failed:\n{found.stdout}{found.stderr}")


@functools.cache
def shared() -> Server:
    """Return the server of this test process, begun at its first use."""
    found = kept.take("neo4j")
    server = make() if found is None else Kept(found["uri"],
                                               found["password"])
    server.setUp()
    atexit.register(server.cleanUp)
    return server
