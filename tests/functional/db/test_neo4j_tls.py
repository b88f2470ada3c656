"""How the server is reached: each scheme, with and without TLS."""

import atexit
import functools
import os
import pathlib

import trustme
from oslo_utils.fixture import uuidsentinel as uuids

from tachyon import exception
from tests.functional.db import contract_changes
from tests.functional.db import contract_driver
from tests.functional.db import neo4j_store
from tests.functional.db import test_neo4j
from tests.integration.parts import neo4j
from tests.integration.parts import processes

CONFIGURATION = """
dbms.ssl.policy.bolt.enabled=true
dbms.ssl.policy.bolt.base_directory={directory}
dbms.ssl.policy.bolt.client_auth=NONE
server.bolt.tls_level=OPTIONAL
server.default_advertised_address=127.0.0.1
"""
HASTY, PATIENT = 2.0, 30.0              # seconds of deadline


class Authority:
    """A CA of a test, and the directory with its files."""

    def __init__(self, directory: pathlib.Path):
        self._ca = trustme.CA()
        self.directory = directory
        self.file = directory / "ca.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def certify(self, *names: str) -> None:
        """Make a server's key and certificate."""
        certificate = self._ca.issue_cert(*names)
        certificate.private_key_pem.write_to_path(
            self.directory / "private.key")
        with open(self.directory / "public.crt", "wb") as file:
            for part in certificate.cert_chain_pems:
                file.write(part.bytes())


@functools.cache
def shared() -> tuple[neo4j.Neo4j, Authority]:
    """Return a server of this test process that has TLS on, and its CA."""
    directory = processes.Directory()
    directory.setUp()
    authority = Authority(directory.path)
    authority.certify("127.0.0.1")
    server = neo4j.Neo4j()
    server.configuration += CONFIGURATION.format(directory=directory.path)
    server.setUp()
    atexit.register(directory.cleanUp)
    atexit.register(server.cleanUp)
    return server, authority


class RoutedCase(test_neo4j.Neo4jCase):
    """The store is reached by way of a routing table."""

    def make_opener(self):
        opener = super().make_opener()
        uri = self.server.uri.replace("bolt:", "neo4j:")
        return functools.partial(opener.func, uri, self.server.password)


class TestRouted(contract_driver.DriverContract, RoutedCase):
    pass


class TestRoutedChanges(contract_changes.ChangesContract, RoutedCase):
    pass


class TestTLS(test_neo4j.Neo4jCase):

    def make_opener(self):
        self.server, self.authority = shared()
        self.server.clear()
        return self.open_by("bolt")

    def open_by(self, scheme, ca_file=None):
        options = {"ca_file": str(ca_file)} if ca_file else {}
        return functools.partial(
            neo4j_store.open_neo4j, password=self.server.password,
            uri=self.server.uri.replace("bolt:", f"{scheme}:"),
            deadline=PATIENT, **options)

    def other_authority(self):
        directory = pathlib.Path(self.state_path) / "other"
        directory.mkdir()
        return Authority(directory)

    def test_with_the_right_ca(self):
        for scheme in ("bolt+s", "neo4j+s"):
            with self.subTest(scheme):
                self.check(self.open_by(scheme, self.authority.file))

    def test_that_trusts_anybody(self):
        for scheme in ("bolt+ssc", "neo4j+ssc"):
            with self.subTest(scheme):
                self.check(self.open_by(scheme))

    def check(self, opener):
        """See that a driver works."""
        self.server.clear()
        driver = opener()
        self.addCleanup(driver.close)
        driver.sync()
        self.driver = driver
        made = self.make_provider("host", VCPU=8)
        self.take(uuids.vm)
        self.assertEqual(1, self.used(uuids.host))
        _cursor, pages = driver.snapshot()
        self.assertEqual([made.uuid], [one.uuid for page in pages
                                       for one in page])
        self.assertEqual("5.26.0", driver.health()["version"])

    def test_with_another_ca(self):
        other = self.other_authority()
        for name, scheme, ca_file in (
                ("another", "bolt+s", other.file),
                ("another, routed", "neo4j+s", other.file),
                ("the system's", "bolt+s", None),
                ("the system's, routed", "neo4j+s", None)):
            with self.subTest(name):
                error = self.assertRaises(
                    exception.DriverUnavailable,
                    self.open_by(scheme, ca_file), deadline=HASTY)
                self.assertIn("certificate verify failed", str(error))
                self.assertNotIn("\n", str(error))

    def test_with_another_name(self):
        """The certificate is for 127.0.0.1, and nothing else."""
        opener = self.open_by("bolt+s", self.authority.file)
        error = self.assertRaises(
            exception.DriverUnavailable, opener,
            uri=f"bolt+s://localhost:{self.server.port}")
        self.assertIn("'localhost'", str(error))

    def test_a_ca_file_that_is_none(self):
        path = os.path.join(self.state_path, "ca.pem")
        for name, text in (("missing", None), ("text", "hello")):
            with self.subTest(name):
                if text is not None:
                    with open(path, "w") as file:
                        file.write(text)
                error = self.assertRaises(exception.DriverUnavailable,
                                          self.open_by("bolt+s", path))
                self.assertIn("[neo4j_database] ca_file", str(error))
