"""How the parts are put together: the store, the view, managers, the bus.

``application`` is tachyon-api for any WSGI server::

    uwsgi --http :8778 --module tachyon.deploy:application ...

It reads the files that ``OS_TACHYON_CONFIG_FILES`` names (separated by
``;``) and those in ``OS_TACHYON_CONFIG_DIR``, or else searches where
OpenStack's daemons do, and makes all it needs at the first request, after
the server's fork.
"""

from tachyon import backend

backend.choose()

# Nothing that imports oslo.messaging may come before the backend's choice.
import contextlib
import logging
import os
import threading
from collections.abc import Iterable
from importlib import metadata
from wsgiref import types

from oslo_config import cfg
from oslo_log import log as oslo_log

from tachyon import conf as tachyon_conf
from tachyon import defaults
from tachyon import service
from tachyon.api import app
from tachyon.api import service as api_service
from tachyon.db import load
from tachyon.db import models
from tachyon.instances import flavors
from tachyon.instances import manager as instances_manager
from tachyon.instances import requests
from tachyon.instances import services
from tachyon.placement import manager as placement_manager
from tachyon.placement import view as placement_view
from tachyon.rpc import compute as compute_rpc
from tachyon.rpc import scheduler as scheduler_rpc
from tachyon.rpc import transport
from tachyon.scheduler import manager as scheduler_manager

LOG = logging.getLogger(__name__)

PROJECT = "tachyon"
VERSION = metadata.version(PROJECT)


def set_defaults(conf: cfg.ConfigOpts) -> None:
    """Register the libraries' options, with the defaults that suit us."""
    oslo_log.register_options(conf)
    defaults.set_defaults()
    transport.register_opts(conf)


def set_up_logging(conf: cfg.ConfigOpts) -> None:
    """Log to where the configuration says, or else to stderr."""
    if not (conf.log_file or conf.log_dir or conf.use_syslog
            or conf.use_journal):
        # Without a place of its own, oslo.log takes stdout.
        conf.set_default("use_stderr", True)
    oslo_log.setup(conf, PROJECT)


class Api:
    """All that one process needs to answer HTTP."""

    def __init__(self, conf: cfg.ConfigOpts):
        self._conf = conf
        with contextlib.ExitStack() as undo:
            self._driver = load.get_driver(conf)
            undo.callback(self._driver.close)
            self._driver.warm_up()
            view = placement_view.View(self._driver)
            scheduler_api = scheduler_rpc.SchedulerAPI(conf)
            self.app = app.create_app(conf, app.Managers(
                placement=placement_manager.PlacementManager(
                    conf, self._driver, view),
                instances=instances_manager.InstanceManager(
                    conf, self._driver, scheduler_api),
                flavors=flavors.FlavorManager(conf, self._driver),
                services=services.ServicesManager(conf, self._driver),
                requests=requests.RequestsManager(
                    conf, self._driver, scheduler_api),
                driver=self._driver))
            undo.pop_all()

    def report(self) -> None:
        self._driver.services.report([models.Heartbeat(
            self._conf.service_host, api_service.BINARY)])

    def close(self) -> None:
        self._driver.close()


def make_scheduler_manager(conf: cfg.ConfigOpts
                           ) -> scheduler_manager.SchedulerManager:
    """Return a scheduler's manager with a store and a view of its own.

    :raises PluginError: one that the configuration names can't be loaded.
    """
    with contextlib.ExitStack() as undo:
        driver = load.get_driver(conf)
        undo.callback(driver.close)
        driver.warm_up()
        view = placement_view.View(driver)
        placement = placement_manager.PlacementManager(conf, driver, view)
        manager = scheduler_manager.SchedulerManager(
            conf, driver, view, placement, compute_rpc.ComputeAPI(conf))
        undo.pop_all()
        return manager


class Application:
    """The WSGI application, made at the first request of each process."""

    def __init__(self, conf: cfg.ConfigOpts):
        self._conf = conf
        self._lock = threading.Lock()
        self._configured = False
        self._made: tuple[int, Api] | None = None
        self._periodics: service.Periodics | None = None

    def __call__(self, environ: types.WSGIEnvironment,
                 start_response: types.StartResponse) -> Iterable[bytes]:
        return self._get().app(environ, start_response)

    def close(self) -> None:
        """End the heartbeats and close the store; a later request would
        begin anew."""
        with self._lock:
            if self._made is None or self._made[0] != os.getpid():
                return
            if self._periodics is not None:
                self._periodics.stop()
            self._made[1].close()
            self._made = self._periodics = None

    def _get(self) -> Api:
        made = self._made
        if made is None or made[0] != os.getpid():
            with self._lock:
                made = self._made
                if made is None or made[0] != os.getpid():
                    made = self._made = os.getpid(), self._make()
        return made[1]

    def _make(self) -> Api:
        if not self._configured:
            _configure(self._conf)
            self._configured = True
        api = Api(self._conf)
        self._periodics = service.Periodics([
            (api.report, self._conf.report_interval)])
        self._periodics.start()
        return api


def _configure(conf: cfg.ConfigOpts) -> None:
    """Read the configuration that the environment points to."""
    set_defaults(conf)
    files = os.environ.get("OS_TACHYON_CONFIG_FILES", "").split(";")
    directory = os.environ.get("OS_TACHYON_CONFIG_DIR", "")
    conf([], project=PROJECT, version=VERSION,
         default_config_files=[name for name in files if name] or None,
         default_config_dirs=[directory] if directory else None)
    set_up_logging(conf)


application = Application(tachyon_conf.CONF)
