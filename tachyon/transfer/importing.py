"""From a source into the store."""

import dataclasses
from collections.abc import Collection

from tachyon.db import base as db_base
from tachyon.transfer import base


@dataclasses.dataclass(slots=True)
class Result:
    """What an import added, and what had been there before."""

    names: int = 0                      # resource classes and traits
    providers: int = 0
    consumers: int = 0
    known: int = 0                      # providers and consumers


def run(source: base.Source, driver: db_base.DataDriverBase,
        progress: base.Progress) -> Result:
    """Add to the store all of a source that it does not have.

    What is there, by its uuid, stays as it is: so who was interrupted
    begins again, and nothing that is in use is overwritten. ``comparing``
    tells whether both are the same in the end.

    :raises TachyonException: what can't be read, or written.
    """
    result = Result(names=_add_names(source, driver))
    _cursor, pages = driver.snapshot()
    known = {record.uuid for page in pages for record in page}
    result.known += len(known)
    _add_providers(source, driver, progress, result, known)
    known = {record.uuid for page in driver.bulk.consumers()
             for record in page}
    result.known += len(known)
    _add_consumers(source, driver, progress, result, known)
    return result


def run_blindly(source: base.Source, driver: db_base.DataDriverBase,
                progress: base.Progress) -> Result:
    """Do as ``run``, and keep nothing in mind of what is there: for sources
    that cost next to nothing to read.

    :raises TachyonException: what can't be written.
    """
    result = Result(names=_add_names(source, driver))
    _add_providers(source, driver, progress, result)
    _add_consumers(source, driver, progress, result)
    return result


def _add_providers(source: base.Source, driver: db_base.DataDriverBase,
                   progress: base.Progress, result: Result,
                   known: Collection[str] = frozenset()) -> None:
    done, total = len(known), source.size().providers
    for providers in filter(None, source.providers(known)):
        added = driver.bulk.add_providers(providers)
        result.providers += added
        result.known += len(providers) - added
        done += len(providers)
        progress("providers", done, total)


def _add_consumers(source: base.Source, driver: db_base.DataDriverBase,
                   progress: base.Progress, result: Result,
                   known: Collection[str] = frozenset()) -> None:
    done, total = len(known), source.size().consumers
    for consumers in filter(None, source.consumers(known)):
        added = driver.bulk.add_consumers(consumers)
        result.consumers += added
        result.known += len(consumers) - added
        done += len(consumers)
        progress("consumers", done, total)


def _add_names(source: base.Source, driver: db_base.DataDriverBase) -> int:
    added = 0
    for names, controller in (
            (source.resource_classes(), driver.resource_classes),
            (source.traits(), driver.traits)):
        known = {entry.name for entry in controller.list()}
        for name in sorted(names - known):
            controller.create(name)
            added += 1
    return added
