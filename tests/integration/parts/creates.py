"""Creates asked for by many clients at once, while a test does its worst."""

import collections
import concurrent.futures
import itertools

import fixtures
import requests

from tests.integration.parts import client

# Who asks at the same time.
CLIENTS = 32
# Stands for a status where the connection was lost before an answer.
NO_ANSWER = 0

_numbers = itertools.count(1)


class Creates(fixtures.Fixture):
    """So many creates, under way from ``setUp`` on; each is asked for once.
    """

    def __init__(self, url: str, number: int):
        super().__init__()
        self._url = url
        self._number = number

    def _setUp(self) -> None:
        pool = concurrent.futures.ThreadPoolExecutor(CLIENTS)
        self.addCleanup(pool.shutdown)
        self._answers = [pool.submit(self._ask, f"vm-{next(_numbers)}")
                         for _ in range(self._number)]

    def _ask(self, name: str) -> tuple[int, str | None]:
        try:
            answer = client.Client(self._url).ask(
                "POST", "/api/v1/instances",
                {"name": name, "flavor": "m1.tiny", "image": "debian-12"})
        except requests.ConnectionError:
            return NO_ANSWER, None
        accepted = answer.status_code == 202
        return answer.status_code, answer.json()["id"] if accepted else None

    @property
    def statuses(self) -> dict[int, int]:
        """Return how often each status was the answer; waits for all."""
        return dict(collections.Counter(
            answer.result()[0] for answer in self._answers))

    @property
    def ids(self) -> list[str]:
        """Return what was answered with 202; waits for all answers."""
        return [id for _, id in (answer.result() for answer in self._answers)
                if id is not None]
