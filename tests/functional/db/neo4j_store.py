"""The Neo4j store of a test process: one server, emptied before each test.

``db sync`` takes a second or so, most of it for names and indexes that stay
the same. So it is done once; from then on what a test left is removed, and
what a store begins with is put back.
"""

import dataclasses

from oslo_config import cfg

from tachyon import conf as tachyon_conf
from tachyon.db import base as db
from tachyon.db.neo4j import driver as neo4j_driver
from tests.integration.parts import neo4j

# Seconds: only what is broken waits so long, not what is slow.
PATIENCE = 100.0

# Nodes that no test changes carry a label of their own meanwhile.
_MARK = "MATCH (n:Trait|ResourceClass) SET n:Founding RETURN count(n)"
_OTHERS = "MATCH (n) WHERE NOT n:Founding RETURN labels(n), properties(n)"
_REMOVE = ("MATCH (n) WHERE NOT n:Founding "
           "CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS")
_PUT_BACK = """
    UNWIND $others AS row
    CREATE (n:$(row[0])) SET n = row[1]
    WITH count(*) AS _
    MATCH (s:Store) SET s.epoch = randomUUID()
    RETURN COUNT { (:Founding) }"""


@dataclasses.dataclass
class _Founding:
    """What there is in a new store."""

    marked: int
    others: list[list[object]]


_founding: _Founding | None = None


def empty() -> neo4j.Neo4j:
    """Return this process's server, with a store as ``db sync`` leaves it."""
    global _founding
    server = neo4j.shared()
    if _founding is not None:
        server.run(_REMOVE)
        (marked,), = server.run(_PUT_BACK, others=_founding.others)
        if marked == _founding.marked:
            return server
    server.clear()                      # a test took more than its own
    driver = open_neo4j(server.uri, server.password)
    driver.sync()
    driver.close()
    (marked,), = server.run(_MARK)
    _founding = _Founding(marked, server.run(_OTHERS))
    return server


def open_neo4j(uri: str, password: str, *, deadline: float = PATIENCE,
               **options: object) -> db.DataDriverBase:
    """Open a server's database with ``[neo4j_database]`` options."""
    conf = cfg.ConfigOpts()
    # Not their own groups: all copies of one share their overrides.
    conf.register_opts(tachyon_conf.base.OPTS)
    for name, module in (("database", tachyon_conf.database),
                         ("neo4j_database", tachyon_conf.neo4j_database)):
        conf.register_opts(module.OPTS, group=cfg.OptGroup(name))
    conf([], project="tachyon", default_config_files=[],
         default_config_dirs=[])
    for group, values in options_of(uri, password, deadline).items():
        for name, value in values.items():
            conf.set_override(name, value, group=group)
    for name, value in options.items():
        conf.set_override(name, value, group="neo4j_database")
    return neo4j_driver.Neo4jDriver(conf)


def options_of(uri: str, password: str, deadline: float = PATIENCE
               ) -> dict[str, dict[str, object]]:
    """Return the options, by group, that lead to a server's database."""
    return {
        "database": {"driver": "neo4j", "deadline": deadline},
        "neo4j_database": {
            "uri": uri, "password": password,
            "connection_acquisition_timeout": deadline,
            "max_transaction_retry_time": deadline}}
