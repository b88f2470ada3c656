"""Two sources, told apart.

Of the first one only a fingerprint of each field is kept, so that clouds of
any size fit into memory.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tachyon.db import models
from tachyon.transfer import base

Fields = Mapping[str, Any]
_CUSTOM = "CUSTOM_"
_AMOUNTS = ("total", "reserved", "min_unit", "max_unit", "step_size",
            "allocation_ratio")


def run(wanted: base.Source, found: base.Source, progress: base.Progress, *,
        generations: bool = True) -> Iterator[str]:
    """Yield all that differs, a line each.

    :param generations: whether those of providers and consumers are compared.
    """
    yield from _compare_names("resource class", wanted.resource_classes(),
                              found.resource_classes())
    yield from _compare_names("trait", wanted.traits(), found.traits())
    size = wanted.size()
    for kind, total, left, right, fields in (
            ("provider", size.providers, wanted.providers(),
             found.providers(), _provider),
            ("consumer", size.consumers, wanted.consumers(),
             found.consumers(), _consumer)):
        yield from _compare(
            kind, (record for batch in left for record in batch),
            (record for batch in right for record in batch),
            fields, generations,
            lambda done, kind=kind, total=total:    # type: ignore[misc]
            progress(f"{kind}s compared", done, total))


def _compare_names(kind: str, wanted: frozenset[str],
                   found: frozenset[str]) -> Iterator[str]:
    for name in sorted(wanted - found):
        yield f"{kind} {name}: missing"
    # A later os-traits or os-resource-classes knows more standard ones.
    for name in sorted(found - wanted):
        if name.startswith(_CUSTOM):
            yield f"{kind} {name}: not in the source"


def _compare(kind: str, wanted: Iterable[Any], found: Iterable[Any],
             fields: Callable[[Any], Fields], generations: bool,
             progress: Callable[[int], None]) -> Iterator[str]:
    marks = {record.uuid: _marks(fields(record)) for record in wanted}
    for done, record in enumerate(found, start=1):
        values = fields(record)
        mark = marks.pop(record.uuid, None)
        if mark is None:
            yield f"{kind} {record.uuid}: not in the source"
        elif mark != (other := _marks(values)):
            differing = [name for name, one, two
                         in zip(values, mark, other, strict=True)
                         if one != two
                         and (generations or name != "generation")]
            if differing:
                yield f"{kind} {record.uuid}: differs in {_list(differing)}"
        if done % 1000 == 0:
            progress(done)
    for uuid in sorted(marks):
        yield f"{kind} {uuid}: missing"


def _marks(fields: Fields) -> tuple[bytes, ...]:
    return tuple(
        hashlib.blake2b(json.dumps(value, sort_keys=True).encode(),
                        digest_size=8).digest()
        for value in fields.values())


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _provider(record: models.Provider) -> Fields:
    return {
        "name": record.name,
        "generation": record.generation,
        "parent": record.parent_uuid,
        "inventories": {
            name: [getattr(one, field) for field in _AMOUNTS]
            for name, one in record.inventories.items()},
        "traits": sorted(record.traits),
        "aggregates": sorted(record.aggregates),
    }


def _consumer(record: models.Consumer) -> Fields:
    return {
        "generation": record.generation,
        "type": record.type,
        "project": record.project_id,
        "user": record.user_id,
        "allocations": {
            uuid: dict(allocation.resources)
            for uuid, allocation in record.allocations.items()},
    }
