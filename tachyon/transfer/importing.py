"""From a source into the store."""

import dataclasses

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
    size = source.size()
    _cursor, pages = driver.snapshot()
    known = {record.uuid for page in pages for record in page}
    result.known = done = len(known)
    for providers in filter(None, source.providers(known)):
        result.providers += driver.bulk.add_providers(providers)
        done += len(providers)
        progress("providers", done, size.providers)
    known = {record.uuid for page in driver.bulk.consumers()
             for record in page}
    done = len(known)
    result.known += done
    for consumers in filter(None, source.consumers(known)):
        result.consumers += driver.bulk.add_consumers(consumers)
        done += len(consumers)
        progress("consumers", done, size.consumers)
    return result


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
