"""Plug-ins: everything that is loaded by a name from the configuration.

One loader, by stevedore, for every namespace. Daemons load what their
configuration names before they serve anything, so that a missing or broken
plug-in stops them at start; ``tachyon-manage plugins list`` shows all.
"""

import dataclasses
import importlib
import importlib.metadata
import inspect
from collections.abc import Iterable, Sequence
from typing import Any

from stevedore import extension
from stevedore import named

from tachyon import exception

DB_DRIVERS = "tachyon.db.drivers"
COMPUTE_DRIVERS = "tachyon.compute.drivers"
ACTIONS = "tachyon.actions"
DATA_DRIVERS = "tachyon.data_drivers"
FILTERS = "tachyon.scheduler.filters"
WEIGHERS = "tachyon.scheduler.weighers"
HOST_SOURCES = "tachyon.host_sources"
# Those of requests of nova's, by nova's names.
NOVA_FILTERS = "tachyon.nova.filters"
NOVA_WEIGHERS = "tachyon.nova.weighers"

# Namespace: the base class of its plug-ins. They are named, not imported:
# this module lies below all of them.
BASES = {
    DB_DRIVERS: "tachyon.db.base:DataDriverBase",
    COMPUTE_DRIVERS: "tachyon.compute.drivers.base:DomainDriver",
    ACTIONS: "tachyon.scheduler.actions.base:Action",
    DATA_DRIVERS: "tachyon.scheduler.data_drivers.base:DataDriver",
    FILTERS: "tachyon.scheduler.filters.base:Filter",
    WEIGHERS: "tachyon.scheduler.weighers.base:Weigher",
    HOST_SOURCES: "tachyon.scheduler.host_sources.base:HostSource",
    NOVA_FILTERS: "tachyon.scheduler.filters.base:Filter",
    NOVA_WEIGHERS: "tachyon.scheduler.weighers.base:Weigher",
}


@dataclasses.dataclass(frozen=True, slots=True)
class Plugin:
    """An entry point that is there. ``error`` says why it can't be loaded,
    and is None if it can."""

    namespace: str
    name: str
    target: str                         # module:class
    error: str | None = None


def load(namespace: str, name: str) -> type[Any]:
    """Return the class of a plug-in.

    :raises PluginError: it is missing, there are several of that name, its
        module can't be imported, or it is no class of the namespace's kind.
    """
    found = _manager(namespace, [name])[name]
    return _check(namespace, found.entry_point, found.plugin)


def load_all(namespace: str, names: Sequence[str]) -> dict[str, type[Any]]:
    """Return the classes of several plug-ins by name, in the order given.

    :raises PluginError: as ``load``, or a name is given twice.
    """
    for name in names:
        if names.count(name) > 1:
            raise exception.PluginError(name=name, namespace=namespace,
                                        reason="it is named twice")
    return {name: load(namespace, name) for name in names}


def list_all() -> list[Plugin]:
    """Return every plug-in of every namespace, broken ones with the reason.
    """
    plugins = []
    for namespace in BASES:
        for point in sorted(_manager(namespace, []).list_entry_points(),
                            key=lambda point: (point.name, point.value)):
            error = None
            try:
                load(namespace, point.name)
            except exception.PluginError as e:
                error = str(e.kwargs["reason"])
            plugins.append(Plugin(namespace, point.name, point.value, error))
    return plugins


def known(namespace: str) -> list[str]:
    """Return the names of all plug-ins of a namespace, in order."""
    return sorted({point.name for point
                   in _manager(namespace, []).list_entry_points()})


def _manager(namespace: str,
             names: Sequence[str]) -> named.NamedExtensionManager[Any]:
    """Return a manager that has loaded the named plug-ins, all of them."""
    def missing(absent: Iterable[str]) -> None:
        raise exception.PluginError(
            name=", ".join(sorted(absent)), namespace=namespace,
            reason="no such entry point; there are: "
                   + (", ".join(known(namespace)) or "none"))

    try:
        return named.NamedExtensionManager(
            namespace, names, on_load_failure_callback=_broken,
            on_missing_entrypoints_callback=missing,
            conflict_resolver=_ambiguous)
    except (AssertionError, SystemExit) as e:
        # stevedore lets these out of a module that it imports.
        raise exception.PluginError(
            name=", ".join(names), namespace=namespace,
            reason=f"{type(e).__name__}: {e}") from e


def _broken(manager: extension.ExtensionManager[Any],
            point: importlib.metadata.EntryPoint,
            error: BaseException) -> None:
    raise exception.PluginError(
        name=point.name, namespace=manager.namespace,
        reason=f"{point.value}: {type(error).__name__}: {error}") from error


def _ambiguous(namespace: str, name: str,
               found: Sequence[extension.Extension[Any]]
               ) -> extension.Extension[Any]:
    targets = sorted({each.entry_point.value for each in found})
    if len(targets) == 1:
        # One package, found twice on the path.
        return found[0]
    raise exception.PluginError(
        name=name, namespace=namespace,
        reason="several of that name: " + ", ".join(targets))


def _check(namespace: str, point: importlib.metadata.EntryPoint,
           loaded: Any) -> type[Any]:
    if not (inspect.isclass(loaded) and issubclass(loaded, _base(namespace))):
        raise exception.PluginError(
            name=point.name, namespace=namespace,
            reason=f"{point.value} is no {BASES[namespace]}")
    if inspect.isabstract(loaded):
        missing = ", ".join(
            name for name, member in inspect.getmembers(loaded)
            if getattr(member, "__isabstractmethod__", False))
        raise exception.PluginError(
            name=point.name, namespace=namespace,
            reason=f"{point.value} lacks {missing}")
    return loaded


def _base(namespace: str) -> type[Any]:
    module, _, name = BASES[namespace].partition(":")
    base: type[Any] = getattr(importlib.import_module(module), name)
    return base
