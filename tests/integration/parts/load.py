"""What people do to a cloud while an operator works on it."""

import collections
import random
import threading
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import requests
import urllib3.exceptions

from tests.integration.parts import client as http
from tests.integration.parts import wait

LANDED_WITHIN = 120.0
PAUSE = 0.05                            # seconds of a thread between two steps
CANDIDATES = "/allocation_candidates?resources=VCPU:1,MEMORY_MB:64&limit=5"


class BalancedClient(http.Client):
    """A client that reaches several servers, as through a load balancer.

    Who refuses a connection is passed over. What was sent is never sent
    again: a request that gets no answer is an error, whatever it was.
    """

    def __init__(self, urls: Sequence[str]):
        super().__init__(urls[0])
        self._urls = collections.deque(urls)

    def ask(self, *args: Any, **kwargs: Any) -> requests.Response:
        for last in range(1 - len(self._urls), 1):
            try:
                return super().ask(*args, **kwargs)
            except requests.ConnectionError as exc:
                if not last or not _was_refused(exc):
                    raise
                self._urls.rotate(-1)
                self.url = self._urls[0]
        raise AssertionError("unreachable: the last one raises")


def _was_refused(error: requests.ConnectionError) -> bool:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return isinstance(reason, urllib3.exceptions.NewConnectionError)


class Load:
    """Threads that create instances and make claims, until ``stop``.

    ``ids`` are the instances that were answered 202, ``claims`` counts the
    claims that were made and given back, and ``surprises`` has everything
    that did not go as it should.
    """

    def __init__(self, urls: Sequence[str], creators: int = 3,
                 claimers: int = 3):
        self.ids: list[str] = []
        self.claims = 0
        self.surprises: list[str] = []
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._go_on,
                             args=(step, BalancedClient(urls)), daemon=True)
            for step, number in ((self._create, creators),
                                 (self._claim, claimers))
            for _ in range(number)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End when all that was begun has come to its end."""
        self._stopping.set()
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()

    def wait_for_more(self, number: int) -> None:
        """Return when so many more creates and claims have succeeded, or
        something went wrong."""
        creates, claims = len(self.ids) + number, self.claims + number
        wait.until(lambda: self.surprises or (
            len(self.ids) >= creates and self.claims >= claims),
            f"{number} more creates and claims", deadline=LANDED_WITHIN)

    def _go_on(self, step: Callable[[http.Client], None],
               client: http.Client) -> None:
        while not self._stopping.wait(PAUSE):
            try:
                step(client)
            except Exception as exc:
                with self._lock:
                    self.surprises.append(f"{type(exc).__name__}: {exc}")

    def _create(self, client: http.Client) -> None:
        """Create an instance, and see it land."""
        id = client.create()["id"]
        with self._lock:
            self.ids.append(id)
        client.wait_for(id, "STOPPED", deadline=LANDED_WITHIN)

    def _claim(self, client: http.Client) -> None:
        """Claim what Placement offers, look at it, and give it back."""
        found = client.get(CANDIDATES)["allocation_requests"]
        consumer = f"/allocations/{uuid.uuid4()}"
        wanted = random.choice(found)["allocations"]
        answer = client.ask("PUT", consumer, {
            "allocations": wanted, "consumer_generation": None,
            "consumer_type": "LOAD", "project_id": "demo",
            "user_id": "alice"})
        if answer.status_code == 409:
            wanted = {}
        elif answer.status_code != 204:
            raise http.Refused(f"PUT {consumer}: {answer.status_code}: "
                               f"{answer.text}")
        made = {provider: {"resources": body["resources"]} for provider, body
                in client.get(consumer)["allocations"].items()}
        if made != wanted:
            raise AssertionError(f"{consumer} is {made}, not {wanted}")
        if wanted:
            client.tell("DELETE", consumer, status=204)
            with self._lock:
                self.claims += 1
