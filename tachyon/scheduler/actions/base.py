"""What an action is: one step of a scheduling decision.

The pipeline validates all of its actions against the input before it runs
any, then executes them in order over one SchedulingData. An action that is
no good for a try raises, or ends the decision with ``data.end``; whatever
the actions before it took is then given back by their ``revert``, last first.
"""

import abc
import dataclasses
from collections.abc import Sequence

from oslo_config import cfg

from tachyon import exception
from tachyon.db import base as db_base
from tachyon.scheduler import data as scheduler_data


@dataclasses.dataclass(frozen=True, slots=True)
class Tools:
    """What every action is given."""

    conf: cfg.ConfigOpts
    driver: db_base.DataDriverBase


class Action(abc.ABC):
    """Base of plug-ins in ``tachyon.actions``.

    Made once, used by many threads: what belongs to a decision is kept in
    its SchedulingData, not here.

    ``reads_view`` actions find a snapshot in ``data.snapshot``. It is lent:
    they must not call the store, the bus, or anything else that waits.
    ``takes`` actions take something that ``revert`` gives back; a dry run
    leaves them out.
    """

    reads_view = False
    takes = False

    def __init__(self, tools: Tools, name: str):
        self.conf = tools.conf
        self.driver = tools.driver
        self.name = name                     # as the configuration has it

    @abc.abstractmethod
    def validate(self, data: scheduler_data.SchedulingData) -> None:
        """Check the input, before any action ran.

        :raises SchedulingDataInvalid:
        """

    @abc.abstractmethod
    def execute(self, data: scheduler_data.SchedulingData) -> None:
        """Do this action's part of the decision."""

    def revert(self, data: scheduler_data.SchedulingData) -> None:  # noqa: B027
        """Give back what ``execute`` took, if anything."""

    def refuse(self, reason: str) -> exception.SchedulingDataInvalid:
        """Return the error that says why the input is no good."""
        return exception.SchedulingDataInvalid(action=self.name,
                                               reason=reason)


class JointAction(Action):
    """Base of actions that do the same for several requests at once better
    than for each alone."""

    @abc.abstractmethod
    def execute_all(self, batch: Sequence[scheduler_data.SchedulingData]
                    ) -> None:
        """Do this action's part for requests that are decided together: for
        all of them, or for none and raise. ``revert`` is for each."""
