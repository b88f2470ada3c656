"""A dump: one file that holds a database's nodes and relationships.

gzip, of JSON lines. The first says what it is, the last how much there was
before it, with a checksum::

    {"dump": "tachyon-neo4j", "schema": 2, "made_at": "...", "store": {...}}
    {"node": "Flavor", "rows": [{"name": "m1.tiny", ...}, ...]}
    {"relation": "CONSUMES", "rows": [[[consumer], [inventory], {...}], ...]}
    {"end": {"Flavor": 5, ...}, "sha256": "..."}

A relationship names both its nodes by their keys. Rows come in batches, as a
restore writes them.
"""

import contextlib
import gzip
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, BinaryIO

from tachyon import exception
from tachyon.db.common import files

FORMAT = "tachyon-neo4j"
BATCH = 1000                            # rows a line


class Writer:
    """Writes a dump to an open file."""

    def __init__(self, file: BinaryIO, head: Mapping[str, Any]):
        # Level 1: others wait for what is being dumped.
        self._file = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1,
                                   filename="", mtime=0)
        self._hash = hashlib.sha256()
        self.counts: Counter[str] = Counter()
        self._write({"dump": FORMAT, **head})

    def add(self, kind: str, name: str, rows: Iterable[Any]) -> None:
        """Write all rows of a ``node`` or a ``relation``."""
        batch = []
        self.counts[name] += 0
        for row in rows:
            batch.append(row)
            if len(batch) == BATCH:
                self._write_batch(kind, name, batch)
                batch = []
        if batch:
            self._write_batch(kind, name, batch)

    def close(self) -> None:
        """End it. A dump without an end is none."""
        self._write({"end": self.counts, "sha256": self._hash.hexdigest()})
        self._file.close()

    def _write_batch(self, kind: str, name: str, rows: list[Any]) -> None:
        self._write({kind: name, "rows": rows})
        self.counts[name] += len(rows)

    def _write(self, value: Any) -> None:
        line = json.dumps(value, separators=(",", ":")).encode() + b"\n"
        self._hash.update(line)
        self._file.write(line)


class Dump:
    """A dump that was looked through: it is whole."""

    def __init__(self, path: str):
        """:raises BackupFailed: it can't be read, or is not sound."""
        self._path = path
        with _readable(self._path):
            self.head, self.counts = self._check()

    def batches(self) -> Iterator[tuple[str, str, list[Any]]]:
        """Return kind, name and rows of each batch, in order."""
        with _readable(self._path), gzip.open(self._path) as file:
            for line in file:
                value = json.loads(line)
                for kind in ("node", "relation"):
                    if kind in value:
                        yield kind, value[kind], value["rows"]

    def refuse(self, reason: str) -> exception.BackupFailed:
        return exception.BackupFailed(path=self._path, reason=reason)

    # ------------------------------------------------------------- internals
    def _check(self) -> tuple[Mapping[str, Any], Mapping[str, int]]:
        digest, counts = hashlib.sha256(), Counter[str]()
        with gzip.open(self._path) as file:
            head = json.loads(line := file.readline())
            if not isinstance(head, dict) or head.get("dump") != FORMAT:
                raise self.refuse("no dump of a Neo4j store")
            for following in file:
                digest.update(line)
                line = following
                value = json.loads(line)
                if "end" in value:
                    break
                name = value.get("node") or value["relation"]
                counts[name] += len(value["rows"])
            else:
                raise self.refuse("its end is missing")
            if file.read(1):
                raise self.refuse("it goes on after its end")
        if value["sha256"] != digest.hexdigest():
            raise self.refuse("its checksum is another")
        if +counts != +Counter(value["end"]):
            raise self.refuse("it does not hold what it says")
        return head, value["end"]


@contextlib.contextmanager
def _readable(path: str) -> Iterator[None]:
    """Say in one line what is wrong with a dump."""
    try:
        with files.trouble(path):
            yield
    except (EOFError, LookupError, TypeError, ValueError, AttributeError,
            zlib.error) as exc:
        raise exception.BackupFailed(
            path=path, reason=f"not a dump, or a broken one: {exc}") from exc
