"""A private PostgreSQL server: Debian's, started by a test.

It listens on 127.0.0.1 only, on a free port, with a data directory and a
password of its own. Root may not run it: then the user that Debian made for
it does. There is one database in it, ``placement``, empty.
"""

import os
import pathlib
import secrets
import shutil
import subprocess
from collections.abc import Sequence

import fixtures
import psycopg2

from tests.integration.parts import ports
from tests.integration.parts import processes
from tests.integration.parts import wait

VERSIONS = pathlib.Path("/usr/lib/postgresql")
OWNER = "postgres"
USER = DATABASE = "placement"
# Nobody needs what a test wrote to outlive a power failure.
SETTINGS = {"listen_addresses": "127.0.0.1", "unix_socket_directories": "",
            "fsync": "off", "shared_buffers": "16MB"}


class PostgreSQL(fixtures.Fixture):
    """A running server; ``url`` is SQLAlchemy's for its database."""

    def _setUp(self) -> None:
        binaries = max(VERSIONS.glob("*/bin/postgres"), default=None)
        if binaries is None:
            raise RuntimeError(
                "postgresql is not installed: the integration tests need it "
                "(on Debian: apt-get install postgresql).")
        directory = self.useFixture(processes.Directory()).path
        self._password = secrets.token_hex(16)
        password = directory / "password"
        password.write_text(self._password)
        data = directory / "data"
        data.mkdir()
        if os.getuid() == 0:
            directory.chmod(0o711)
            for path in (data, password):
                shutil.chown(path, OWNER, OWNER)
        subprocess.run(
            self._as_owner([binaries.with_name("initdb"), f"--pgdata={data}",
                            f"--username={USER}", f"--pwfile={password}",
                            "--auth=scram-sha-256", "--encoding=UTF8",
                            "--locale=C", "--no-sync"]),
            check=True, timeout=120, capture_output=True, cwd=directory)
        self._port = ports.find()
        self.url = (f"postgresql+psycopg2://{USER}:{self._password}"
                    f"@127.0.0.1:{self._port}/{DATABASE}")
        settings = [f"--{name}={value}" for name, value in SETTINGS.items()]
        self.process = self.useFixture(processes.Process(
            "postgresql",
            self._as_owner([binaries, "-D", data, f"--port={self._port}",
                            *settings]), directory / "postgresql.log"))
        self.processes = [self.process]
        wait.until(self._make_database, "PostgreSQL answers", deadline=90,
                   interval=0.25)

    def _as_owner(self, argv: Sequence[object]) -> list[str]:
        drop = (["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}",
                 "--clear-groups"] if os.getuid() == 0 else [])
        return [*drop, *map(str, argv)]

    def _make_database(self) -> bool:
        assert self.process.running, self.process.output
        try:
            connection = psycopg2.connect(
                host="127.0.0.1", port=self._port, user=USER,
                password=self._password, dbname="postgres")
        except psycopg2.OperationalError:
            return False
        try:
            connection.autocommit = True
            connection.cursor().execute(f"CREATE DATABASE {DATABASE}")
        finally:
            connection.close()
        return True
