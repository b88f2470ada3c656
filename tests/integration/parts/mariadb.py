"""A private MariaDB server: Debian's, started by a test.

It listens on 127.0.0.1 only, on a free port, with a data directory and a
password of its own. There is one database in it, ``placement``, empty, unless
others are wanted.
"""

import os
import pathlib
import secrets
import subprocess
from collections.abc import Sequence

import fixtures
import pymysql

from tests.integration.parts import ports
from tests.integration.parts import processes
from tests.integration.parts import wait

SERVER = pathlib.Path("/usr/sbin/mariadbd")
SYSTEM = pathlib.Path("/usr/share/mysql")
# What makes the tables that the server itself needs, in this order.
SCRIPTS = ("mysql_system_tables.sql", "mysql_performance_tables.sql",
           "mysql_system_tables_data.sql")
USER = DATABASE = "placement"
# Nobody needs what a test wrote to outlive a power failure.
OPTIONS = ("--no-defaults", "--bind-address=127.0.0.1", "--skip-name-resolve",
           "--innodb-flush-log-at-trx-commit=0",
           "--innodb-buffer-pool-size=32M")


class MariaDB(fixtures.Fixture):
    """A running server; ``url`` is SQLAlchemy's for its first database.

    ``more`` are options that go before those of tests.
    """

    def __init__(self, more: Sequence[str] = (),
                 databases: Sequence[str] = (DATABASE,),
                 charset: str = "utf8mb4"):
        super().__init__()
        self._charset = charset
        self._more = tuple(more)
        self._databases = tuple(databases)

    def _setUp(self) -> None:
        if not SERVER.exists():
            raise RuntimeError(
                "mariadb-server-core is not installed: the integration tests "
                "need it (on Debian: apt-get install mariadb-server-core).")
        directory = self.useFixture(processes.Directory()).path
        # Of an option that is given twice the server takes the last.
        options = [*OPTIONS, *self._more,
                   f"--datadir={directory / 'data'}"]
        if os.getuid() == 0:
            options.append("--user=root")
        (directory / "data").mkdir()
        subprocess.run(
            [SERVER, *options, "--bootstrap"], check=True, timeout=120,
            capture_output=True, input=b"".join(
                [b"CREATE DATABASE mysql;\nUSE mysql;\n"]
                + [(SYSTEM / name).read_bytes() for name in SCRIPTS]))
        self._password = secrets.token_hex(16)
        begin = directory / "begin.sql"
        begin.write_text(
            f"CREATE USER {USER}@'%' IDENTIFIED BY '{self._password}';\n"
            + "".join(f"CREATE DATABASE {name} CHARACTER SET "
                      f"{self._charset};\n"
                      f"GRANT ALL ON {name}.* TO {USER}@'%';\n"
                      for name in self._databases)
            + "DROP USER IF EXISTS root@localhost;\n")
        self._port = ports.find()
        self.url = self.url_of(self._databases[0])
        self.process = self.useFixture(processes.Process(
            "mariadb",
            [str(SERVER), *options, f"--port={self._port}",
             f"--socket={directory / 'socket'}",
             f"--pid-file={directory / 'pid'}", f"--init-file={begin}"],
            directory / "mariadb.log"))
        self.processes = [self.process]
        wait.until(self._answers, "MariaDB answers", deadline=90,
                   interval=0.25)

    def url_of(self, name: str) -> str:
        """Return SQLAlchemy's URL of a database."""
        return (f"mysql+pymysql://{USER}:{self._password}@127.0.0.1:"
                f"{self._port}/{name}?charset=utf8mb4")

    def _answers(self) -> bool:
        assert self.process.running, self.process.output
        try:
            pymysql.connect(
                host="127.0.0.1", port=self._port, user=USER,
                password=self._password,
                database=self._databases[0]).close()
        except pymysql.OperationalError:
            return False
        return True
