"""Opens the store that the configuration names."""

from typing import Any

from oslo_config import cfg
from stevedore import driver as stevedore_driver
from stevedore import exception as stevedore_exception

from tachyon import exception
from tachyon.db import base

NAMESPACE = "tachyon.db.drivers"


def get_driver(conf: cfg.ConfigOpts) -> base.DataDriverBase:
    """Return the driver that ``[database] driver`` names, opened.

    Call it after the fork, once a process.

    :raises PluginError: it is missing, broken, or not a driver.
    :raises DriverUnavailable:
    """
    name = conf.database.driver
    factory = _load(name)
    if not (isinstance(factory, type)
            and issubclass(factory, base.DataDriverBase)):
        raise _error(name, "it is not a DataDriverBase")
    abstract = sorted(factory.__abstractmethods__)
    if abstract:
        raise _error(name, f"it lacks {', '.join(abstract)}")
    return factory(conf)


def _load(name: str) -> Any:
    try:
        manager: stevedore_driver.DriverManager[Any] = (
            stevedore_driver.DriverManager(
                NAMESPACE, name, on_load_failure_callback=_raise,
                warn_on_missing_entrypoint=False))
    except stevedore_exception.NoMatches as exc:
        raise _error(name, "no entry point of this name") from exc
    except Exception as exc:            # whatever its import raises
        raise _error(name, f"{type(exc).__name__}: {exc}") from exc
    return manager.driver


def _raise(manager: object, entry_point: object, exc: BaseException) -> None:
    raise exc


def _error(name: str, reason: str) -> exception.PluginError:
    return exception.PluginError(name=name, namespace=NAMESPACE,
                                 reason=reason)
