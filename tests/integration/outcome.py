"""What holds in the end, whatever was killed meanwhile."""

from collections.abc import Iterable
from typing import Any

import testtools

from tests.integration.parts import client
from tests.integration.parts import journals
from tests.integration.parts import wait


def check(case: testtools.TestCase, http: client.Client,
          found: journals.Journals, acknowledged: Iterable[str], *,
          deadline: float = 180.0) -> dict[str, dict[str, Any]]:
    """Wait for the end of all creates that there are, and return the
    instances by id.

    Each of those that were acknowledged is there, and nobody's is twice. Each
    is STOPPED, has one allocation, on its host, and one copy, which runs
    there; or it is in ERROR, says why, and has nothing. No host is overfull.
    """
    bodies = http.wait_for_all("STOPPED", "ERROR", deadline=deadline)
    case.assertEqual(set(), set(acknowledged) - set(bodies))
    names = [body["name"] for body in bodies.values()]
    case.assertEqual(len(names), len(set(names)), sorted(names))
    landed = {id: body["host"] for id, body in bodies.items()
              if body["status"] == "STOPPED"}
    case.assertEqual([], [
        body for id, body in bodies.items()
        if id not in landed and not (body["fault"] and body["host"] is None)])
    ledger = http.ledger()
    case.assertEqual([], ledger.errors())
    case.assertEqual(
        sorted((host, id) for id, host in landed.items()),
        sorted((host, consumer) for host, consumers
               in ledger.consumers.items() for consumer in consumers))
    wait.until(lambda: found.copies() == sorted(landed.items()),
               "what runs is what the store says", interval=0.25)
    return bodies
