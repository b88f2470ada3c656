"""Test cases with daemons of three kinds apart, and what they are told."""

import contextlib
import sqlite3
from typing import Any

from tests.integration import base
from tests.integration import outcome
from tests.integration.parts import creates
from tests.integration.parts import daemons
from tests.integration.parts import journals
from tests.integration.parts import neo4j
from tests.integration.parts import rabbitmq
from tests.integration.parts import wait

# What each compute's driver does at the same time.
CONCURRENT = 8
CREATES = 200


class CloudCase(base.TestCase):
    """``cloud`` of daemons, on a store that subclasses can choose."""

    # What ``daemons.Cloud`` is made with.
    SIZE: dict[str, Any] = {}

    @classmethod
    def make_store(cls) -> daemons.Options | None:
        """Return the options of the store; None: one SQLite file."""
        return None

    @classmethod
    def make_broker(cls) -> rabbitmq.RabbitMQ | None:
        """Return the broker; None: the one that tests share."""
        return None

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.cloud = daemons.Cloud(
            cls.share_directory(), store=cls.make_store(),
            broker=cls.make_broker(), **cls.SIZE)
        cls.share(cls.cloud)
        cls.client = cls.cloud.client
        cls.journals = journals.Journals(
            [daemon.state_path for daemon in cls.cloud.computes])


class Neo4jStore:
    """Mixed into a test case: its store is in Neo4j."""

    _UNDECIDED = """
        MATCH (m:Message)<-[:AWAITS]-(i:Instance)
        WHERE m.claimed_by STARTS WITH $owner AND i.host IS NULL
        RETURN count(*)"""

    @classmethod
    def make_server(cls) -> neo4j.Server:
        server = neo4j.shared()
        server.clear()
        return server

    @classmethod
    def make_store(cls) -> daemons.Options:
        cls.neo4j = cls.make_server()
        return neo4j_options(cls.neo4j)

    def count_undecided(self, owner: str) -> int:
        return self.neo4j.run(self._UNDECIDED, owner=owner)[0][0]

    def is_written(self) -> bool:
        # The server ends a transaction whose client stalls.
        return True


class OwnNeo4jStore(Neo4jStore):
    """Its server is the class's own, which it may kill."""

    neo4j: neo4j.Neo4j

    @classmethod
    def make_server(cls) -> neo4j.Neo4j:
        server = neo4j.Neo4j()
        cls.share(server)
        cls.shared.append(server.process)
        return server


def neo4j_options(server: neo4j.Server) -> daemons.Options:
    """Return the options of who has his store there."""
    return {"database": {"driver": "neo4j"},
            "neo4j_database": {"uri": server.uri, "username": server.username,
                               "password": server.password}}


class CrashCase(CloudCase):
    """A daemon dies or stalls; the others carry its work to its end.

    What a test made stays for those after it, and is checked again.
    """

    LIMIT = 420
    SIZE = {"api_workers": 2, "schedulers": 2, "computes": 3,
            "options": {
                "DEFAULT": {"service_down_time": 12.0},
                # A fifth of the default: so on a busy machine a message may
                # well be told again while its compute is not down.
                "scheduler": {"claim_ttl": 6.0, "max_attempts": 6}},
            "compute_options": {
                "compute": {"max_concurrent_actions": CONCURRENT},
                "fake": {"hosts": 1, "delay": 0.3, "vcpus": 2000,
                         "memory_mb": 2_000_000, "disk_gb": 10_000}}}

    def setUp(self) -> None:
        super().setUp()
        self.addCleanup(self.mend)
        self.creates_before = self.journals.creates_by_id()

    def mend(self) -> None:
        """Leave a cloud in which everything is up."""
        for daemon in self.cloud.processes:
            daemon.wake()
            if not daemon.running:
                daemon.launch()
        self.cloud.wait_until_up()

    def count_undecided(self, owner: str) -> int:
        """Return how many creates a scheduler, whose claims begin with
        ``owner``, has claimed and found no host for yet."""
        return self._ask_sqlite(
            "SELECT count(*) FROM messages m JOIN instances i "
            "ON i.id = m.instance_id WHERE i.host IS NULL "
            "AND m.claimed_by LIKE ? || '%'", owner)

    def is_written(self) -> bool:
        """Return whether heartbeats, at least, get into the store: nobody
        who stands still has the lock of the file."""
        def last() -> int:
            return self._ask_sqlite("SELECT max(last_seen) FROM services")

        before = last()
        try:
            wait.until(lambda: last() != before, "a heartbeat", deadline=1.0)
        except wait.Overdue:
            return False
        return True

    def _ask_sqlite(self, query: str, *params: Any) -> int:
        path = self.cloud.api.options["database"]["sqlite_path"]
        with contextlib.closing(sqlite3.connect(path)) as store:
            return store.execute(query, params).fetchone()[0]

    def stall_deciding(self, scheduler: daemons.Daemon) -> None:
        """Stop a scheduler that has claimed requests, has not decided all of
        them, and does not keep the others from the store."""
        def stalled() -> bool:
            scheduler.stall()
            if (self.count_undecided(f"{scheduler.name}:")
                    and self.is_written()):
                return True
            scheduler.wake()
            return False

        wait.until(stalled, f"{scheduler.name} decides", deadline=90,
                   interval=0.01)

    def begin_creates(self, number: int = CREATES) -> creates.Creates:
        """Have so many creates asked for, from now on."""
        return self.useFixture(creates.Creates(self.cloud.api.url, number))

    def new_creates(self, *computes: daemons.Daemon) -> dict[str, int]:
        """Return how often each instance of this test was created, by all
        computes or by these."""
        found = journals.Journals([compute.state_path for compute in
                                   computes or self.cloud.computes])
        return {id: number for id, number in found.creates_by_id().items()
                if id not in self.creates_before}

    def wait_for_creates(self, number: int, *computes: daemons.Daemon
                         ) -> None:
        wait.until(lambda: len(self.new_creates(*computes)) >= number,
                   f"{number} creates", deadline=90, interval=0.02)

    def wait_until_down(self, *victims: daemons.Daemon) -> None:
        """Return when the API shows that these are silent."""
        names = {(victim.binary, victim.name) for victim in victims}
        wait.until(lambda: names <= {
            name for name, body in self.client.services().items()
            if body["state"] == "down"}, f"down: {sorted(names)}")

    def check_end(self, asked: creates.Creates) -> dict[str, dict[str, Any]]:
        """Return the instances of these creates, by id; all there are have
        ended well (see ``outcome``)."""
        bodies = outcome.check(self, self.client, self.journals, asked.ids)
        return {id: bodies[id] for id in asked.ids}

    def check_all_stopped(self, asked: creates.Creates
                          ) -> dict[str, dict[str, Any]]:
        """As ``check_end``; and none of them is in ERROR."""
        bodies = self.check_end(asked)
        self.assertEqual([], [body for body in bodies.values()
                              if body["status"] != "STOPPED"])
        return bodies

    def check_created_once(self, ids: list[str]) -> None:
        """Each of these, and nothing else, was created once."""
        self.assertEqual(dict.fromkeys(ids, 1), self.new_creates())
