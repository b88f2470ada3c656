"""The body of an answer to ``GET /allocation_candidates``.

It may tell of many thousand candidates and providers, most of which look
alike, or as they did in the last answer. So it is put together of texts: one
of each provider, which the view keeps until the provider changes, and one of
each pattern of candidates, with gaps for the providers.
"""

import functools
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from tachyon.api import microversion
from tachyon.api.placement import traits
from tachyon.db import models
from tachyon.placement import combine
from tachyon.placement.managers import candidates

# Since when allocations are told by provider, summaries of all classes and
# with their place in the tree, and which provider serves which group.
_BY_PROVIDER = (1, 12)
_WITH_TRAITS = (1, 17)
_ALL_CLASSES = (1, 27)
_WITH_TREES = (1, 29)
_WITH_MAPPINGS = (1, 34)

# Stands in a template where a provider's uuid goes.
_GAP = '"%s"'
# Under which the view keeps the text of a provider.
_NOTE = "summary"
# Enormous ratios can make a capacity that no JSON integer of 64 bits holds.
_MAX_INT64 = 2 ** 63 - 1


def make(found: candidates.Candidates, version: microversion.Version,
         asked: frozenset[str]) -> bytes:
    """Return the body, as JSON.

    :param asked: the resource classes that the query names.
    """
    requests = ",".join(_requests(found, version))
    summaries = ",".join(_summaries(found, version, asked))
    return (f'{{"allocation_requests":[{requests}],'
            f'"provider_summaries":{{{summaries}}}}}').encode()


# ------------------------------------------------------------------- requests
def _requests(found: candidates.Candidates,
              version: microversion.Version) -> list[str]:
    uuids = found.snapshot.uuids
    templates: dict[combine.Pattern, Callable[[list[str]], str]] = {}
    texts = []
    for candidate in found.requests:
        fill = templates.get(candidate.pattern)
        if fill is None:
            fill = templates[candidate.pattern] = _template(
                candidate.pattern, version)
        texts.append(fill([uuids[row] for row in candidate.rows]))
    return texts


def _template(pattern: combine.Pattern, version: microversion.Version
              ) -> Callable[[list[str]], str]:
    """Return what makes the text of a candidate of its providers' uuids."""
    giving = [place for place, resources in enumerate(pattern.resources)
              if resources]
    resources = [_literal(pattern.resources[place]) for place in giving]
    if version >= _BY_PROVIDER:
        allocations = ",".join(
            f'{_GAP}:{{"resources":{each}}}' for each in resources)
        text = f'{{"allocations":{{{allocations}}}'
    else:
        allocations = ",".join(
            f'{{"resource_provider":{{"uuid":{_GAP}}},"resources":{each}}}'
            for each in resources)
        text = f'{{"allocations":[{allocations}]'
    if version >= _WITH_MAPPINGS:
        mappings = ",".join(
            f"{_suffix(suffix)}:[{','.join(_GAP for _ in places)}]"
            for suffix, places in pattern.mappings.items())
        text += f',"mappings":{{{mappings}}}'
        giving += [place for places in pattern.mappings.values()
                   for place in places]
    text += "}"
    return lambda uuids: text % tuple([uuids[place] for place in giving])


@functools.lru_cache(maxsize=1024)
def _suffix(suffix: str) -> str:
    return _literal(suffix)


def _literal(value: Any) -> str:
    """Return JSON for a template."""
    return orjson.dumps(value).decode().replace("%", "%%")


# ------------------------------------------------------------------ providers
def _summaries(found: candidates.Candidates, version: microversion.Version,
               asked: frozenset[str]) -> list[str]:
    snapshot = found.snapshot
    if version >= _WITH_TREES:
        return [snapshot.noted(_NOTE, row, _whole_summary)
                for row in found.providers]
    return [_text(provider, _summary(provider, version, asked))
            for provider in map(snapshot.provider, found.providers)]


def _whole_summary(provider: models.Provider) -> str:
    """Return the text that does not depend on what was asked."""
    return _text(provider, _summary(
        provider, microversion.MAX_VERSION, frozenset()))


def _text(provider: models.Provider, summary: Mapping[str, Any]) -> str:
    return f'"{provider.uuid}":{orjson.dumps(summary).decode()}'


def _summary(provider: models.Provider, version: microversion.Version,
             asked: frozenset[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"resources": {
        resource_class: {"capacity": min(inventory.capacity, _MAX_INT64),
                         "used": inventory.used}
        for resource_class, inventory in provider.inventories.items()
        if version >= _ALL_CLASSES or resource_class in asked}}
    if version >= _WITH_TRAITS:
        body["traits"] = traits.order(provider.traits)
    if version >= _WITH_TREES:
        body["parent_provider_uuid"] = provider.parent_uuid
        body["root_provider_uuid"] = provider.root_uuid
    return body
