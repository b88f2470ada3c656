"""ImagePropertiesWeigher: hosts that have instances of similar images."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
from oslo_utils import strutils

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.host_sources import images
from tachyon.scheduler.weighers.nova import base
from tachyon.scheduler.weighers.nova import settings


class ImagePropertiesWeigher(base.NovaWeigher):
    """Counts the instances of a host that have the same property of an image,
    for each property of the request's.

    With ``image_props_weight_setting``, only for those that it names, times
    their factors. Properties that are lists do not count.
    """

    option = "image_props_weight_multiplier"

    def weigh(self, hosts: scheduler_data.HostSet,
              data: scheduler_data.SchedulingData
              ) -> npt.NDArray[np.float64]:
        facts = hosts.nodes.facts
        found = np.zeros(len(facts.table) + 1, np.float64)
        image = data.nova.image
        if self.multiplier and image is not None:
            for properties, counts in facts.images.counts.items():
                weight = self._weight(properties, image.properties)
                if not weight:
                    continue
                for host, count in counts.items():
                    found[list(facts.table.at_host(host))] += weight * count
        return found[hosts.nodes.indices]

    def _weight(self, properties: images.Properties,
                wanted: Mapping[str, object]) -> float:
        factors = dict(settings.factors(
            self.conf.filter_scheduler.image_props_weight_setting))
        return sum(factors.get(name, 0.0) if factors else 1.0
                   for name, text in properties
                   if name in wanted and _is(text, wanted[name]))


def _is(text: str, value: object) -> bool:
    """Return whether a text says a value, as nova's objects have it."""
    if isinstance(value, bool):
        return strutils.bool_from_string(text) is value
    if isinstance(value, int):
        return text.strip() == str(value)
    return text == value
