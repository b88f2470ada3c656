"""The plug-ins that an option enables, made once and kept as it says.

The options are mutable: what is enabled changes with the configuration of a
running scheduler. At start a missing or broken plug-in stops the daemon;
later the scheduler goes on with what it had, and says so once.
"""

import functools
import threading
from collections.abc import Callable, Mapping
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from tachyon import exception
from tachyon import plugins
from tachyon.scheduler.third_party import filters
from tachyon.scheduler.third_party import library
from tachyon.scheduler.third_party import weighers

LOG = logging.getLogger(__name__)


class EnabledPlugins:
    """Plug-ins of a namespace by name, in the order of an option."""

    def __init__(self, conf: cfg.ConfigOpts, namespace: str, option: str,
                 group: str = "scheduler"):
        """:raises PluginError:"""
        self._conf = conf
        self._namespace = namespace
        self._group = group
        self._option = option
        self._lock = threading.Lock()
        self._names = self._wanted()
        self._made = self._make(self._names)

    def current(self) -> Mapping[str, Any]:
        """Return the plug-ins that are enabled now."""
        wanted = self._wanted()
        if wanted != self._names:
            with self._lock:
                if wanted != self._names:
                    self._replace(wanted)
        return self._made

    def _replace(self, wanted: tuple[str, ...]) -> None:
        try:
            self._made = self._make(wanted)
        except exception.PluginError as e:
            LOG.error("[%s] %s was changed, but %s Going on with: %s.",
                      self._group, self._option, e, ", ".join(self._made))
        self._names = wanted

    def _wanted(self) -> tuple[str, ...]:
        return tuple(self._conf[self._group][self._option])

    def _make(self, names: tuple[str, ...]) -> dict[str, Any]:
        classes = plugins.load_all(self._namespace, names)
        return {name: make(self._namespace, name, cls, self._conf)
                for name, cls in classes.items()}


class NovaPlugins(EnabledPlugins):
    """The same by options of nova's, which may have modules before names,
    a function that stands for all, and third-party classes."""

    ALL = frozenset(("all_filters", "all_weighers"))
    # What nova does not have is not meant by these.
    BEYOND = frozenset(("FragmentationWeigher",))

    def _make(self, names: tuple[str, ...]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for given in names:
            for name, cls in self._find(given).items():
                if name not in made:
                    made[name] = make(self._namespace, name, cls, self._conf)
        return made

    def _find(self, given: str) -> Mapping[str, Callable[..., Any]]:
        """Return the classes that an item of the option stands for."""
        name = given.rpartition(".")[2]
        names = [name] if name not in self.ALL else [
            each for each in plugins.known(self._namespace)
            if each not in self.BEYOND]
        return plugins.load_all(self._namespace, names)


class NovaFilters(NovaPlugins):
    """Filters: third-party ones are made available by another option."""

    def _make(self, names: tuple[str, ...]) -> dict[str, Any]:
        self._available = {
            name: functools.partial(filters.ThirdPartyFilter, cls=cls)
            for path in self._conf.filter_scheduler.available_filters
            if library.is_foreign(path)
            for name, cls in library.find(self._conf, path,
                                          library.FILTER).items()}
        return super()._make(names)

    def _find(self, given: str) -> Mapping[str, Callable[..., Any]]:
        name = given.rpartition(".")[2]
        if name in self._available:
            return {name: self._available[name]}
        return super()._find(given)


class NovaWeighers(NovaPlugins):
    """Weighers: third-party ones are named by their paths."""

    def _find(self, given: str) -> Mapping[str, Callable[..., Any]]:
        if not library.is_foreign(given):
            return super()._find(given)
        return {name: functools.partial(weighers.ThirdPartyWeigher, cls=cls)
                for name, cls in library.find(self._conf, given,
                                              library.WEIGHER).items()}


def nova_filters(conf: cfg.ConfigOpts) -> EnabledPlugins:
    """Return the filters of requests of nova's.

    :raises PluginError:
    """
    return NovaFilters(conf, plugins.NOVA_FILTERS, "enabled_filters",
                       "filter_scheduler")


def nova_weighers(conf: cfg.ConfigOpts) -> EnabledPlugins:
    """Return the weighers of requests of nova's.

    :raises PluginError:
    """
    return NovaWeighers(conf, plugins.NOVA_WEIGHERS, "weight_classes",
                        "filter_scheduler")


def make(namespace: str, name: str, cls: Callable[..., Any],
         *args: Any) -> Any:
    """Return an object of a plug-in's class, its name as last argument.

    :raises PluginError: the class can't be made.
    """
    try:
        return cls(*args, name)
    except exception.PluginError:
        raise
    except Exception as e:
        # Whatever somebody else's constructor raises.
        raise exception.PluginError(
            name=name, namespace=namespace,
            reason=f"{type(e).__name__}: {e}") from e
