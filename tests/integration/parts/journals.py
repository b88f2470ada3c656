"""What the simulators really did, read from their journals on disk.

It shares no code with the driver that writes them, and may be read while that
writes, and after it died.
"""

import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from tests.integration.parts import wait


class Journals:
    """The journals of all computes of a cloud."""

    def __init__(self, state_paths: Sequence[pathlib.Path]):
        self.state_paths = state_paths

    def events(self) -> Iterator[dict[str, Any]]:
        """Yield every event, oldest first within each journal."""
        for state_path in self.state_paths:
            for file in sorted(state_path.glob("fake-*.journal")):
                content = file.read_bytes()
                whole = content[:content.rfind(b"\n") + 1]
                yield from map(json.loads, whole.splitlines())

    def creates(self, id: str) -> int:
        """Return how often a domain was made for this instance."""
        return sum(event["event"] == "create" and event["instance_id"] == id
                   for event in self.events())

    def creates_by_id(self) -> dict[str, int]:
        counts: dict[str, int] = {}
        for event in self.events():
            if event["event"] == "create":
                id = event["instance_id"]
                counts[id] = counts.get(id, 0) + 1
        return counts

    def all_creates(self) -> int:
        return sum(self.creates_by_id().values())

    def copies(self) -> list[tuple[str, str]]:
        """Return (instance id, host) of each domain that is there now."""
        found = []
        for state_path in self.state_paths:
            there: dict[str, str] = {}
            for event in Journals([state_path]).events():
                if event["event"] == "destroy":
                    there.pop(event["instance_id"], None)
                else:
                    there[event["instance_id"]] = event["host"]
            found += there.items()
        return sorted(found)

    def alive(self) -> list[str]:
        """Return the instance of each domain that is there now."""
        return [id for id, _ in self.copies()]

    def wait_until_gone(self, ids: Sequence[str],
                        deadline: float = 30.0) -> None:
        """Return when none of these instances has a domain."""
        wait.until(lambda: set(ids).isdisjoint(self.alive()),
                   f"no domain is left of {ids}", deadline=deadline)
