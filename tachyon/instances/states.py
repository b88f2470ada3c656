"""The states of an instance, and the actions that lead from one to another.

The table is exact: what is not in it is refused. ``BUILDING`` is an instance
that has not landed yet, ``ERROR`` one that a failed action left behind; both
can only be deleted. Nothing can be done with ``DELETED``.

Managers ask here before they store an action, the scheduler when one ended.
"""

import enum

from automaton import machines

from tachyon import exception
from tachyon.db import models


class Status(enum.StrEnum):
    BUILDING = "BUILDING"
    STOPPED = "STOPPED"
    RUNNING = "RUNNING"
    PAUSED = "PAUSED"
    ERROR = "ERROR"
    DELETED = "DELETED"


class Action(enum.StrEnum):
    CREATE = "create"
    START = "start"
    STOP = "stop"
    RESTART = "restart"
    PAUSE = "pause"
    RESUME = "resume"
    DELETE = "delete"


# What a caller can ask of an instance that is there.
ACTIONS = tuple(str(action) for action in Action if action != Action.CREATE)


def make_machine() -> machines.FiniteMachine:
    """Return the states and actions as an automaton, frozen.

    Its ``pformat()`` is the table for people to read.
    """
    machine = machines.FiniteMachine()
    for status in Status:
        machine.add_state(str(status), terminal=status is Status.DELETED)
    for status, action, target in (
            (Status.BUILDING, Action.CREATE, Status.STOPPED),
            (Status.BUILDING, Action.DELETE, Status.DELETED),
            (Status.STOPPED, Action.START, Status.RUNNING),
            (Status.STOPPED, Action.DELETE, Status.DELETED),
            (Status.RUNNING, Action.STOP, Status.STOPPED),
            (Status.RUNNING, Action.RESTART, Status.RUNNING),
            (Status.RUNNING, Action.PAUSE, Status.PAUSED),
            (Status.RUNNING, Action.DELETE, Status.DELETED),
            (Status.PAUSED, Action.RESUME, Status.RUNNING),
            (Status.PAUSED, Action.STOP, Status.STOPPED),
            (Status.PAUSED, Action.DELETE, Status.DELETED),
            (Status.ERROR, Action.DELETE, Status.DELETED)):
        machine.add_transition(str(status), str(target), str(action))
    machine.default_start_state = str(Status.BUILDING)
    machine.freeze()
    return machine


_TABLE = {(status, action): target
          for status, action, target in make_machine()}

_AFTER = {action: target for (_status, action), target in _TABLE.items()}


def allowed(status: str) -> tuple[str, ...]:
    """Return the actions that a caller can ask for in this state."""
    return tuple(action for action in ACTIONS if (status, action) in _TABLE)


def after(action: str) -> str:
    """Return the state in which an action that succeeds ends, from whichever
    state it was begun."""
    return _AFTER[action]


def check(instance: models.Instance, action: str) -> None:
    """Return if the action can be started on the instance now.

    A delete supersedes whatever is under way; everything else waits its turn.

    :raises InvalidTransition: the state does not allow the action.
    :raises InstanceBusy: another action is under way.
    """
    if instance.task is not None and action != Action.DELETE:
        raise exception.InstanceBusy(
            id=instance.id, status=instance.status, task=instance.task,
            allowed=(str(Action.DELETE),))
    actions = allowed(instance.status)
    if action not in actions:
        raise exception.InvalidTransition(
            id=instance.id, status=instance.status, action=action,
            allowed=actions)
