"""The plug-ins that an option enables, made once and kept as it says.

The options are mutable: what is enabled changes with the configuration of a
running scheduler. At start a missing or broken plug-in stops the daemon;
later the scheduler goes on with what it had, and says so once.
"""

import threading
from collections.abc import Callable, Mapping
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging

from tachyon import exception
from tachyon import plugins

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
    and a function that stands for all."""

    ALL = frozenset(("all_filters", "all_weighers"))
    # What nova does not have is not meant by these.
    BEYOND = frozenset(("FragmentationWeigher",))

    def _wanted(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(name.rpartition(".")[2]
                                   for name in super()._wanted()))

    def _make(self, names: tuple[str, ...]) -> dict[str, Any]:
        each = dict.fromkeys(
            name for given in names for name in (
                self._all() if given in self.ALL else [given]))
        return super()._make(tuple(each))

    def _all(self) -> list[str]:
        return [name for name in plugins.known(self._namespace)
                if name not in self.BEYOND]


def nova_filters(conf: cfg.ConfigOpts) -> EnabledPlugins:
    """Return the filters of requests of nova's.

    :raises PluginError:
    """
    return NovaPlugins(conf, plugins.NOVA_FILTERS, "enabled_filters",
                       "filter_scheduler")


def nova_weighers(conf: cfg.ConfigOpts) -> EnabledPlugins:
    """Return the weighers of requests of nova's.

    :raises PluginError:
    """
    return NovaPlugins(conf, plugins.NOVA_WEIGHERS, "weight_classes",
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
