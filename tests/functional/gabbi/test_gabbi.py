"""Placement's own gabbi suite, unmodified, over every db driver.

The files are read from the installed package of Placement 16. Each is a
sequence of requests to a store of its own; ``.stestr.conf`` keeps a file in
one process.
"""

import pathlib
import unittest
from typing import Any

import placement
from gabbi import driver
from oslotest import log
from oslotest import output

from tests.functional.gabbi import fixtures

FILES = (pathlib.Path(placement.__file__).parent / "tests" / "functional"
         / "gabbits")
DRIVERS = {"sqlite": fixtures.TachyonFixture,
           "neo4j": fixtures.Neo4jFixture}


def load_tests(loader: unittest.TestLoader, tests: unittest.TestSuite,
               pattern: str | None) -> unittest.TestSuite:
    """Return a suite a driver and file (unittest's protocol)."""
    suite = unittest.TestSuite()
    for name, fixture in DRIVERS.items():
        suite.addTests(_build(loader, name, fixture))
    return suite


def _build(loader: unittest.TestLoader, name: str,
           fixture: type[fixtures.TachyonFixture]) -> Any:
    return driver.build_tests(
        str(FILES), loader, host=None,
        test_loader_name=f"{__name__}.{name}",
        intercept=lambda: fixtures.application,
        fixture_module=fixtures.over(fixture),
        inner_fixtures=[output.CaptureOutput, log.ConfigureLogging])
