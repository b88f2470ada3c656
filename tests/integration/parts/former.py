"""Tachyon's commands as of the former version of the schema.

``python -m tests.integration.parts.former tachyon-scheduler ...`` runs the
present code without the last step of each driver's migrations: it knows the
version before, and what the store says about who can live with it.
``argv`` gives that line to a test::

    daemon.argv[:1] = former.argv(daemon.binary)
"""

import sys
from importlib import metadata
from unittest import mock

from tachyon.db.neo4j import schema as neo4j
from tachyon.db.sqlite import schema as sqlite

# Migrations as of now: ``become`` takes the last step away from these.
_STEPS = {module: module.MIGRATIONS for module in (neo4j, sqlite)}


def argv(binary: str) -> list[str]:
    """Return what starts a command of the former version."""
    return [sys.executable, "-m", __name__, binary]


def patches() -> list[mock._patch]:
    """Return patches that make this process one of the former version."""
    return [mock.patch.multiple(module, MIGRATIONS=steps[:-1],
                                VERSION=len(steps) - 1)
            for module, steps in _STEPS.items()]


def main() -> int:
    for patch in patches():
        patch.start()
    binary = sys.argv[1]
    sys.argv = sys.argv[1:]
    entry, = metadata.entry_points(group="console_scripts", name=binary)
    return entry.load()()


if __name__ == "__main__":
    sys.exit(main())
