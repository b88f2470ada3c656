"""What a developer keeps up between runs of the tests, and says where.

``python -m tests.integration.parts.services`` offers its servers in a file;
test processes take them from there. A server that is emptied before each test
serves one test process at a time: others start their own.
"""

import contextlib
import json
import os
import pathlib
from collections.abc import Iterator, Mapping

import fasteners

FILE = pathlib.Path(
    os.environ.get("TACHYON_TEST_SERVICES")
    or pathlib.Path(__file__).parents[3] / ".cache" / "services.json")

Offers = Mapping[str, Mapping[str, str]]

# Locks of this process: what it takes is its own until it ends. They keep
# other processes out, and not this one.
_taken: dict[str, fasteners.InterProcessLock] = {}


class InUse(RuntimeError):
    """Somebody keeps services up already."""

    def __init__(self, file: pathlib.Path = FILE):
        super().__init__(f"Services are kept up already: see {file}.")


@contextlib.contextmanager
def offer(offers: Offers, file: pathlib.Path = FILE) -> Iterator[None]:
    """Offer servers, by name, as long as this lasts.

    :raises InUse: somebody else does.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    lock = _lock(file, "offer")
    if not lock.acquire(blocking=False):
        raise InUse(file)
    try:
        # There are passwords in it.
        with open(new := file.with_suffix(".new"), "w", opener=_for_me_alone
                  ) as written:
            json.dump(offers, written, indent=2)
        new.rename(file)
        yield
    finally:
        file.unlink(missing_ok=True)
        lock.release()


def read(file: pathlib.Path = FILE) -> Offers:
    """Return what is offered now: nothing, if whoever did is gone."""
    try:
        offers = json.loads(file.read_text())
    except FileNotFoundError:
        return {}
    lock = _lock(file, "offer")
    if lock.acquire(blocking=False):
        lock.release()
        return {}
    return offers


def take(name: str, file: pathlib.Path = FILE) -> Mapping[str, str] | None:
    """Return an offer that is this process's alone from now on; None: there
    is none, or another process has it."""
    found = read(file).get(name)
    if found is None:
        return None
    lock = _lock(file, name)
    if not lock.acquire(blocking=False):
        return None
    _taken[name] = lock
    return found


def _for_me_alone(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _lock(file: pathlib.Path, name: str) -> fasteners.InterProcessLock:
    return fasteners.InterProcessLock(file.with_suffix(f".{name}.lock"))
