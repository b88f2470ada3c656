"""A transaction, and the seal at its end.

The seal raises the store's number, and stamps with it what a view must hear
of. It leaves the id of the write behind as a node of its own, so that a write
whose commit got no answer can be found out about (see ``connection``).
"""

import collections
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tachyon.db.neo4j import planning
from tachyon.db.neo4j import rows

STORE = "tachyon"                       # name of the one :Store node

# What the store says of itself, to be checked.
STATE = "s {.version, .compatible, .restoring}"

_WRITE_ID = "CREATE (:Write {id: $write_id})"
LOOK = f"MATCH (s:Store {{name: $store}}) RETURN {STATE}"
_LOOK_LAST = f"""
    WITH count(*) AS _
    MATCH (s:Store {{name: $store}})
    RETURN {STATE}"""
# A seal is put together of what there is to stamp.
_NEXT_NUMBER = """
    SET s.locked = true
    WITH s SET s.number = s.number + 1
    WITH s"""
_NUMBER = f"""
    WITH count(*) AS _
    MATCH (s:Store {{name: $store}}) {_NEXT_NUMBER}"""
_STAMPS = """
    CALL (s) { UNWIND $stamps AS stamp SET s[stamp] = s.number }"""
_TOUCHED = """
    CALL (s) {
        UNWIND $touched AS uuid
        MATCH (p:ResourceProvider {uuid: uuid}) SET p.changed = s.number }"""
_GONE = f"""
    CALL (s) {{
        UNWIND $gone AS uuid
        CREATE (:Tombstone {{
            uuid: uuid, changed: s.number, gone_at: {rows.NOW}}}) }}"""


def _raise(raised: str) -> str:
    return f"""
    CALL (s) {{
        UNWIND {raised} AS row
        MATCH (p:ResourceProvider {{uuid: row[0]}})
        SET p.changed = s.number, p.generation = p.generation + row[1],
            p.updated_at = {rows.NOW} }}"""


_RAISED = _raise("$raised")
_LOCK_NUMBER = "MATCH (s:Store {name: $store}) SET s.locked = true"

# For a statement that is a transaction by itself: it goes on from here if
# this code works on the store as it is, ...
FIT_STORE = """
    MATCH (s:Store {name: $store}) USING INDEX SEEK s:Store(name)
    WHERE s.restoring IS NULL AND s.version >= $version
      AND coalesce(s.compatible, s.version) <= $version"""
# ... and ends here, with the providers that ``$asked.raised`` names, and how
# often the generation of each is raised; or with those ``touched`` as well.
LAST_SEAL = f"{_WRITE_ID} WITH s {_NEXT_NUMBER} {_raise('$asked.raised')}"
LAST_SEAL_OF_TOUCHED = f"""
    {_WRITE_ID}
    SET s.locked = true
    WITH s, touched SET s.number = s.number + 1
    WITH s, touched
    CALL (s, touched) {{ UNWIND touched AS p SET p.changed = s.number }}
    {_raise('$asked.raised')}"""
# Or it takes the number's lock, looks and writes, and ends with this, for the
# one provider ``p`` that it changed.
LOCK_NUMBER = "SET s.locked = true"
SEAL_PROVIDER = f"""
    {_WRITE_ID}
    SET s.number = s.number + 1
    WITH p, s SET p.changed = s.number
    WITH p"""


class Transaction:
    """One transaction under way."""

    __slots__ = ("_gone", "_last", "_last_params", "_planning", "_raised",
                 "_raw", "_stamps", "_store", "_touched", "_writes")

    def __init__(self, raw: Any, store: str = STORE,
                 planned: planning.Planning | None = None):
        """``raw`` is the library's transaction, or runs like it."""
        self._raw = raw
        self._store = store
        self._planning = planned or planning.Planning()
        self._writes = False
        self._touched: set[str] = set()
        self._raised: collections.Counter[str] = collections.Counter()
        self._gone: list[str] = []
        self._stamps: set[str] = set()
        self._last = ""
        self._last_params: Mapping[str, Any] = {}

    # ------------------------------------------------------------ statements
    def all(self, query: str, **params: Any) -> list[list[Any]]:
        """Run a statement that reads or locks; return its rows."""
        return self._run(query, params)

    def one(self, query: str, **params: Any) -> list[Any] | None:
        """Run a statement that reads or locks; return its first row."""
        found = self._run(query, params)
        return found[0] if found else None

    def each(self, query: str, **params: Any) -> Iterator[list[Any]]:
        """Run a statement that reads; return its rows as they come."""
        return (record.values() for record in self._raw.run(query, params))

    def write(self, query: str, **params: Any) -> list[list[Any]]:
        """Run a statement that changes something; return its rows."""
        self._writes = True
        return self._run(query, params)

    def write_last(self, query: str, **params: Any) -> None:
        """Have a statement run with the seal, to save the round trip. It
        returns nothing, and there can be one."""
        assert not self._last
        self._writes = True
        self._last, self._last_params = query, params

    def lock_number(self) -> None:
        """Take the last lock: nothing that a view must hear of is committed
        from here on, but by this transaction."""
        self._run(_LOCK_NUMBER, {"store": self._store})

    # ------------------------------------------------ what a view must hear of
    def touch(self, uuids: Iterable[str]) -> None:
        """Note that these providers changed."""
        self._touched.update(uuids)

    def touch_and_raise(self, uuids: Iterable[str]) -> None:
        """Note that these providers changed, and raise their generation by
        one each time that one is named."""
        self._raised.update(uuids)

    def bury(self, uuid: str) -> None:
        """Note that a provider is gone."""
        self._gone.append(uuid)
        self._stamps.add("gone_changed")

    def stamp(self, catalogue: str) -> None:
        """Note that something in a catalogue changed: ``traits``, ..."""
        self._stamps.add(f"{catalogue}_changed")

    # -------------------------------------------------------------- internals
    @property
    def writes(self) -> bool:
        return self._writes

    def state(self) -> Mapping[str, Any]:
        """Return what the store says of itself."""
        return first(self._run(LOOK, {"store": self._store}))

    @property
    def raw(self) -> Any:
        """Return the library's own."""
        return self._raw

    def seal(self, write_id: str) -> Mapping[str, Any]:
        """End it; return what the store says of itself."""
        params: dict[str, Any] = {
            **self._last_params, "write_id": write_id, "store": self._store}
        parts = [
            (_STAMPS, "stamps", sorted(self._stamps)),
            (_TOUCHED, "touched", sorted(self._touched - self._raised.keys())),
            (_RAISED, "raised", [[uuid, times] for uuid, times
                                 in sorted(self._raised.items())]),
            (_GONE, "gone", self._gone)]
        params |= {name: values for _part, name, values in parts if values}
        stamps = "".join(part for part, _name, values in parts if values)
        end = f"{_NUMBER}{stamps} RETURN {STATE}" if stamps else _LOOK_LAST
        return first(self._run(f"{self._last} {_WRITE_ID} {end}", params))

    def _run(self, query: str, params: dict[str, Any]) -> list[list[Any]]:
        with self._planning.of(query):
            return self._raw.run(query, params).values()


def first(found: list[list[Any]]) -> Mapping[str, Any]:
    """Return the one value that was found, or nothing."""
    return found[0][0] if found else {}
