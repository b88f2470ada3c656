"""Run tests of another project, unmodified, against a running server.

    suite_runner.py URL REPORT PACKAGE PATTERN

The tests are those in the modules of an installed package whose file names
match a pattern. REPORT gets a line of JSON for each test that ended: ``id``,
``status`` (testtools' word: success, failure, error, skip, …) and ``text``,
what it left to read.

Tests of Placement's clients start a Placement in their own process, by
Placement's ``PlacementFixture``, on an empty database. Here that fixture gives
them the server instead, emptied by its own API. Tests that reach it in another
way are none the wiser.

It imports nothing of this tree: what an import brings along (a backend of
oslo.service, options) is the tests' to choose.
"""

import json
import sys
import unittest
from typing import Any

import fixtures
import requests
import testtools

VERSION = {"OpenStack-API-Version": "placement 1.39"}


class Server:
    """A running Placement API that takes the development tokens."""

    def __init__(self, url: str):
        self.url = url
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers.update({"X-Auth-Token": "admin", **VERSION})

    def empty(self) -> None:
        """Delete all that anybody made, leaves of a tree before its root."""
        while providers := self._ask("/resource_providers"):
            parents = {each["parent_provider_uuid"] for each in providers}
            for uuid in {each["uuid"] for each in providers} - parents:
                path = f"/resource_providers/{uuid}"
                for consumer in self._ask(f"{path}/allocations"):
                    self._ask(f"/allocations/{consumer}", "DELETE")
                self._ask(path, "DELETE")
        for name in self._ask("/traits?name=startswith:CUSTOM_"):
            self._ask(f"/traits/{name}", "DELETE")
        for each in self._ask("/resource_classes"):
            if each["name"].startswith("CUSTOM_"):
                self._ask(f"/resource_classes/{each['name']}", "DELETE")

    def _ask(self, path: str, method: str = "GET") -> Any:
        """Return what the body's one interesting field holds."""
        answer = self._session.request(method, self.url + path, timeout=60)
        answer.raise_for_status()
        if method == "DELETE":
            return None
        field = path.partition("?")[0].rpartition("/")[2]
        return answer.json()[field]


def offer(server: Server) -> None:
    """Have Placement's fixtures give this server to whoever uses them."""
    # Not before the tests are loaded: theirs is what gets imported first.
    from placement.tests import fixtures as databases
    from placement.tests.functional.fixtures import placement

    original = placement.PlacementFixture.setUp

    def set_up(fixture: Any) -> None:
        fixture.use_intercept = False
        original(fixture)
        fixture.endpoint = server.url

    def set_up_database(fixture: Any) -> None:
        fixtures.Fixture.setUp(fixture)
        server.empty()

    placement.PlacementFixture.setUp = set_up
    # A part of the other one, unless tests keep it from one to the next.
    databases.Database.setUp = set_up_database


def main(url: str, report: str, package: str, pattern: str) -> None:
    suite = unittest.defaultTestLoader.discover(package, pattern)
    offer(Server(url))
    with open(report, "w") as lines:

        def note(test: Any, status: str, start_time: Any, stop_time: Any,
                 tags: Any, details: Any) -> None:
            text = "\n".join(f"{name}: {each.as_text()}"
                             for name, each in (details or {}).items())
            print(json.dumps({"id": test.id(), "status": status,
                              "text": text}), file=lines, flush=True)

        suite.run(testtools.TestByTestResult(note))


if __name__ == "__main__":
    main(*sys.argv[1:])
