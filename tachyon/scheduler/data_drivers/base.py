"""What a data driver is: it turns what arrives into SchedulingData."""

import abc

from oslo_config import cfg

from tachyon import context as tachyon_context
from tachyon.scheduler import data as scheduler_data


class DataDriver(abc.ABC):
    """Base of plug-ins in ``tachyon.data_drivers``.

    One for each kind of request; made once, used by many threads.
    """

    def __init__(self, conf: cfg.ConfigOpts, name: str):
        self.conf = conf
        self.name = name

    @abc.abstractmethod
    def initialise(self, context: tachyon_context.RequestContext,
                   request: object) -> scheduler_data.SchedulingData:
        """Return the data that the actions of the pipeline work on.

        :raises SchedulingDataInvalid: the request makes no sense.
        """
