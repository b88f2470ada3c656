"""Names in requests: a class or a trait that nobody knows is an error.

The engine itself takes unknown names for names that nobody has; over the
Placement API they are the caller's mistake.
"""

from collections.abc import Iterable

from tachyon import exception
from tachyon.placement import query
from tachyon.placement import snapshot as snapshot_module


def check(snapshot: snapshot_module.Snapshot,
          groups: Iterable[query.RequestGroup],
          traits: frozenset[str] = frozenset()) -> None:
    """Return if all names in these groups, and these traits, are known.

    :raises ResourceClassNotFound:
    :raises TraitNotFound: with all that are unknown.
    """
    classes: set[str] = set()
    wanted = set(traits)
    for group in groups:
        classes.update(group.resources)
        wanted.update(group.required, group.forbidden, *group.required_any)
    for name in sorted(classes):
        if name not in snapshot.catalogue.resource_classes:
            raise exception.ResourceClassNotFound(resource_class=name)
    unknown = wanted.difference(snapshot.catalogue.traits)
    if unknown:
        raise exception.TraitNotFound(names=", ".join(sorted(unknown)))
