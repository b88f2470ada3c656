"""A driver that fails on demand, around one that works.

It tells what managers and daemons do when the store goes away::

    driver = faulty.FaultyDriver(make_driver(self))
    driver.fail("instances.land")           # until .heal()
    driver.fail("instances.finish", times=1, after=True)

``after`` lets the call do its work and loses only the answer.
"""

from typing import Any

from tachyon import exception
from tachyon.db import base as db

CONTROLLERS = tuple(
    name for name, member in vars(db.DataDriverBase).items()
    if isinstance(member, property) and name != "capabilities")


class FaultyDriver:
    """Stands in for a ``DataDriverBase``."""

    def __init__(self, driver: db.DataDriverBase):
        self._driver = driver
        self._faults: dict[str, _Fault] = {}
        self.calls: list[str] = []

    def fail(self, *names: str, times: int | None = None,
             after: bool = False) -> None:
        """Let calls fail: ``controller.method`` or ``method`` of the driver;
        all of them if none is named. ``times``: so often, or until healed."""
        for name in names or ("*",):
            self._faults[name] = _Fault(times, after)

    def heal(self) -> None:
        """Fail no more."""
        self._faults.clear()

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._driver, name)
        if name in CONTROLLERS:
            return _FaultyController(self, name, found)
        if name in ("conf", "capabilities", "close"):
            return found
        return self._wrap(name, found)

    def _wrap(self, name: str, method: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls.append(name)
            fault = self._faults.get(name) or self._faults.get("*")
            if fault is None or not fault.strikes():
                return method(*args, **kwargs)
            if fault.after:
                method(*args, **kwargs)
            raise exception.DriverUnavailable(reason="a test wants it so")
        return call


class _FaultyController:

    def __init__(self, owner: FaultyDriver, name: str, controller: Any):
        self._owner = owner
        self._name = name
        self._controller = controller

    def __getattr__(self, name: str) -> Any:
        return self._owner._wrap(f"{self._name}.{name}",
                                 getattr(self._controller, name))


class _Fault:

    def __init__(self, times: int | None, after: bool):
        self.times = times
        self.after = after

    def strikes(self) -> bool:
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0
