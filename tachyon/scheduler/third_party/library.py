"""nova's package, in the process of a scheduler that needs it.

Nova registers its options in ``cfg.CONF`` when it is imported, under names
that Tachyon has too. So while it and what is built on it are imported,
``cfg.CONF`` is another: nova's modules keep that one as their ``CONF``, and
read their own nova.conf. It is restored before anything else runs.
"""

import contextlib
import importlib
import inspect
import os
import threading
from collections.abc import Iterator
from typing import Any

from oslo_config import cfg
from oslo_log import log as logging
from oslo_utils import importutils

from tachyon import exception

LOG = logging.getLogger(__name__)

FILTER = "nova.scheduler.filters:BaseHostFilter"
WEIGHER = "nova.scheduler.weights:BaseHostWeigher"
# What is of these packages, Tachyon has forms of its own of.
_OWN = ("nova", "tachyon")
_lock = threading.Lock()
# nova's options. It takes them when it is imported, once.
OPTIONS = cfg.ConfigOpts()
_imported = False
# What was found, by path and base.
_found: dict[tuple[str, str], dict[str, type[Any]]] = {}


def is_foreign(path: str) -> bool:
    """Return whether a dotted path is of neither nova nor Tachyon."""
    return "." in path and path.partition(".")[0] not in _OWN


def find(conf: cfg.ConfigOpts, path: str, base: str) -> dict[str, type[Any]]:
    """Return by name the classes that a dotted path stands for: one, or, of
    a function, those that it returns. The first call imports nova.

    :param base: FILTER or WEIGHER, what they have to be.
    :raises PluginError: nova is not installed, or there is no such class.
    """
    with _lock:
        if (path, base) not in _found:
            try:
                _found[path, base] = _load(conf, path, base)
            except exception.PluginError:
                raise
            except (Exception, SystemExit) as e:
                # Whatever somebody else's module does when it is imported.
                raise _error(path, f"{type(e).__name__}: {e}") from e
        return _found[path, base]


def _load(conf: cfg.ConfigOpts, path: str,
          base: str) -> dict[str, type[Any]]:
    module, _, name = path.rpartition(".")
    with _nova_options(conf):
        found = getattr(importlib.import_module(module), name)
        kind = _named(base)
        classes = list(found() if inspect.isfunction(found) else [found])
    for each in classes:
        if not (inspect.isclass(each) and issubclass(each, kind)):
            raise _error(path, f"{each!r} is no {base}")
        if inspect.isabstract(each):
            raise _error(path, f"{each.__name__} is abstract")
    return {each.__name__: each for each in classes}


@contextlib.contextmanager
def _nova_options(conf: cfg.ConfigOpts) -> Iterator[None]:
    """Have ``cfg.CONF`` be nova's options, with nova imported. Lock held."""
    global _imported
    ours, cfg.CONF = cfg.CONF, OPTIONS
    try:
        if not _imported:
            _import_nova(conf)
            _imported = True
        yield
    finally:
        cfg.CONF = ours


def _import_nova(conf: cfg.ConfigOpts) -> None:
    # Tachyon has threads.
    os.environ.setdefault("OS_NOVA_DISABLE_EVENTLET_PATCHING", "true")
    try:
        importlib.import_module("nova.conf")
    except ImportError as e:
        raise _error("nova", "what they are written against can't be "
                             f"imported: {e}") from e
    try:
        OPTIONS([], project="nova",
                default_config_files=conf.nova.config_files or None)
    except cfg.Error as e:
        raise _error("nova", f"[nova] config_files: {e}") from e
    # nova's own services do this, and more that is not for this process: it
    # changes what the libraries of both have for defaults.
    profiler = importutils.try_import("osprofiler.opts")
    if profiler is not None:
        profiler.set_defaults(OPTIONS)
    # For plug-ins that ask nova's databases.
    for name in ("nova.db.main.api", "nova.db.api.api"):
        importlib.import_module(name).configure(OPTIONS)
    importlib.import_module("nova.objects").register_all()
    LOG.info("nova was imported for third-party filters and weighers.")


def _named(base: str) -> type[Any]:
    module, _, name = base.partition(":")
    found: type[Any] = getattr(importlib.import_module(module), name)
    return found


def _error(path: str, reason: str) -> exception.PluginError:
    return exception.PluginError(name=path, namespace="third-party plug-ins",
                                 reason=reason)
