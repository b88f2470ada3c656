"""A scheduler in a process of its own that dies at a given point."""

import json
import os
import sys

from tachyon import backend

backend.choose()

from tachyon import conf  # noqa: E402
from tachyon.db import load  # noqa: E402
from tachyon.placement import manager as placement_manager  # noqa: E402
from tachyon.placement import view  # noqa: E402
from tachyon.scheduler import manager  # noqa: E402
from tachyon.scheduler.actions import base as actions_base  # noqa: E402
from tests.functional.scheduler import heard  # noqa: E402

STATUS = 86
POINTS = ("candidates", "filter", "weigh", "claim", "landed", "cast")


class Crash(actions_base.Action):
    """Dies as a process does that is killed: nothing is given back."""

    def __init__(self, tools: actions_base.Tools, name: str,
                 reads_view: bool) -> None:
        super().__init__(tools, name)
        self.reads_view = reads_view

    def validate(self, data: object) -> None:
        pass

    def execute(self, data: object) -> None:
        os._exit(STATUS)


class LastCast:
    """The cast is the last thing that this process does."""

    def execute(self, ctx: object, service_host: str, action: object,
                *, again: bool) -> None:
        os._exit(STATUS)


def main(state_path: str, options: str, point: str, message_id: str) -> None:
    """Handle a message, and die before an action of that name.

    ``options`` are those of the store, by group, as JSON.
    """
    conf.CONF([], project="tachyon", default_config_files=[],
              default_config_dirs=[])
    conf.CONF.set_override("state_path", state_path)
    for group, values in json.loads(options).items():
        for name, value in values.items():
            conf.CONF.set_override(name, value, group=group)
    # Short, so that the successor need not wait for long.
    conf.CONF.set_override("claim_ttl", 0.5, group="scheduler")
    driver = load.get_driver(conf.CONF)
    seen = view.View(driver)
    scheduler = manager.SchedulerManager(
        conf.CONF, driver, seen,
        placement_manager.PlacementManager(conf.CONF, driver, seen),
        LastCast())
    tools = actions_base.Tools(conf.CONF, driver)
    actions = {}
    for name, action in scheduler._pipeline._actions.items():
        if name == point:
            actions["crash"] = Crash(tools, "crash", action.reads_view)
        actions[name] = action
    if point == "landed":
        actions["crash"] = Crash(tools, "crash", False)
    scheduler._pipeline._actions = actions
    heard.settle(scheduler)
    scheduler._deliveries.noted.add(message_id)
    scheduler._deliveries.take()


if __name__ == "__main__":
    main(*sys.argv[1:])
