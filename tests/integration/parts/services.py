"""Neo4j and RabbitMQ, kept up for a developer until Ctrl-C.

``python -m tests.integration.parts.services`` starts them, says where they
are, and offers them to the tests that run meanwhile. With a Cypher statement
as its argument it asks the Neo4j that is up, and prints a JSON list a row.
"""

import argparse
import contextlib
import json
import signal
import sys
import textwrap
import time
from collections.abc import Iterator

from neo4j import exceptions as neo4j_exceptions
from neo4j import graph

from tests.integration.parts import kept
from tests.integration.parts import neo4j
from tests.integration.parts import rabbitmq

CONFIGURATION = kept.FILE.with_suffix(".conf")
LOOK = 1.0                              # seconds between two looks


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("statement", nargs="?",
                        help="Cypher for the Neo4j that is up")
    statement = parser.parse_args(argv).statement
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        return keep_up() if statement is None else ask(statement)
    except (kept.InUse, neo4j_exceptions.Neo4jError) as exc:
        print(exc, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


def ask(statement: str) -> int:
    """Print what the Neo4j that is up answers."""
    offered = kept.read().get("neo4j")
    if offered is None:
        print("Nothing is kept up: start `tox -e services` first.",
              file=sys.stderr)
        return 1
    with neo4j.Kept(**offered) as server:
        for row in server.run(statement):
            print(json.dumps(row, default=_shown))
    return 0


def keep_up() -> int:
    """Start both, and return 1 if one of them ends by itself.

    :raises InUse: others are kept up already.
    """
    if kept.read():
        raise kept.InUse()
    print("Starting RabbitMQ and Neo4j ...", flush=True)
    with rabbitmq.RabbitMQ(managed=True) as broker, neo4j.make() as server, \
            kept.offer({
                "neo4j": {"uri": server.uri, "password": server.password},
                "rabbitmq": {"port": str(broker.port),
                             "password": broker.password,
                             "management_url": broker.management_url}}), \
            configured(broker, server):
        print(described(broker, server), flush=True)
        running = [broker.node, *([server.process] if isinstance(
            server, neo4j.Neo4j) else [])]
        while all(process.running for process in running):
            time.sleep(LOOK)
        for process in running:
            if not process.running:
                print(f"{process.name} ended:\n{process.output[-4000:]}",
                      file=sys.stderr)
    return 1


@contextlib.contextmanager
def configured(broker: rabbitmq.RabbitMQ, server: neo4j.Server
               ) -> Iterator[None]:
    """Write a configuration of the daemons that leads to both."""
    CONFIGURATION.touch(mode=0o600)
    CONFIGURATION.write_text(textwrap.dedent(f"""\
        [DEFAULT]
        transport_url = {broker.new_url()}

        [database]
        driver = neo4j

        [neo4j_database]
        uri = {server.uri}
        username = {server.username}
        password = {server.password}
        """))
    try:
        yield
    finally:
        CONFIGURATION.unlink(missing_ok=True)


def described(broker: rabbitmq.RabbitMQ, server: neo4j.Server) -> str:
    return textwrap.dedent(f"""
        Neo4j       {server.uri}
                    user {server.username}, password {server.password}
        RabbitMQ    {rabbitmq.url_of(broker.port, broker.password, "host0")}
                    look at it: {broker.management_url}
                    user {rabbitmq.USER}, password {broker.password}

        Tests that run now use these, and leave what the last of them made.
        Look at the graph with any client of Bolt (cypher-shell, Neo4j
        Desktop), or with
            tox -e services -- "MATCH (p:ResourceProvider) RETURN p.name"
        Daemons of your own:
            tachyon-manage --config-file {CONFIGURATION} db sync
            tachyon-api --config-file {CONFIGURATION}
        A test empties the store: stop them before you run one.

        Ctrl-C stops both.
        """)


def _shown(value: object) -> object:
    """Return a node as its labels and properties, and what else JSON has no
    form for as text."""
    if isinstance(value, graph.Node):
        return {"labels": sorted(value.labels), **value}
    return str(value)


if __name__ == "__main__":
    sys.exit(main())
