"""What a request of nova's asks of placement besides its resources.

nova's request pre-filters: functions that look at a request, the options and
the aggregates there are, and add traits and aggregates to what is asked.
"""

from tachyon.scheduler.prefilters.base import Needs
from tachyon.scheduler.prefilters.run import run

__all__ = ["Needs", "run"]
