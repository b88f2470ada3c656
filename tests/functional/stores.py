"""Which store a functional test runs on: on each there is, one after another.

A test case derived from ``OnEveryDriver`` runs on SQLite. Its twin,
``<name>OnNeo4j``, has the same tests on Neo4j, and stands beside it in its
module, so that each can be run by its name.
"""

import sys
from typing import Any

from tests import base
from tests.functional.db import neo4j_store


class OnEveryDriver(base.TestCase):
    """The configuration leads to an empty store of ``db_driver``.

    ``store_options`` are those, by group, that lead another process there,
    besides ``state_path``.
    """

    db_driver = "sqlite"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "db_driver" in vars(cls):
            return                      # is a twin, or has chosen
        name = f"{cls.__name__}OnNeo4j"
        setattr(sys.modules[cls.__module__], name, type(cls)(
            name, (cls,), {"__module__": cls.__module__,
                           "__doc__": cls.__doc__, "db_driver": "neo4j"}))

    def setUp(self) -> None:
        super().setUp()
        self.store_options: dict[str, dict[str, Any]] = {}
        if self.db_driver == "neo4j":
            server = neo4j_store.empty()
            self.store_options = neo4j_store.options_of(
                server.uri, server.password)
        for group, options in self.store_options.items():
            self.config(group=group, **options)
