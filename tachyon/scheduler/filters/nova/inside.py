"""What the filters of NUMA cells and PCI devices have in common.

Each host has its own cells and devices, and to find out whether something
fits takes longer than a look at a column. So that is asked of a host once: the
answer is kept with the node, and goes with it when anything is taken of it.
"""

import functools
from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt

from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.host_sources import node as node_module
from tachyon.scheduler.nova.pci import requests

# Questions that are told from others; flavors are few.
QUESTIONS_MAX = 256
# Answers that are kept with a node.
ANSWERS_MAX = 64


@functools.lru_cache(maxsize=QUESTIONS_MAX)
def _token(question: Hashable) -> object:
    """Return what stands for a question: it is compared for every node."""
    return object()


def each(hosts: scheduler_data.HostSet, asked: npt.NDArray[np.bool_],
         question: Hashable, ask: Callable[[node_module.Node], bool]
         ) -> npt.NDArray[np.bool_]:
    """Return what ``ask`` says of each host that is to be asked, True of the
    others. Equal questions have equal answers."""
    token = _token(question)
    found = np.ones(len(hosts), np.bool_)
    for index in np.flatnonzero(asked).tolist():
        node = hosts.nodes.node(index) or node_module.UNKNOWN
        answer = node.known.get(token)
        if answer is None:
            if len(node.known) >= ANSWERS_MAX:
                node.known.clear()
            answer = node.known[token] = ask(node)
        found[index] = answer
    return found


def claims_devices(data: scheduler_data.SchedulingData) -> bool:
    """Return whether Placement is asked for PCI devices."""
    return requests.in_placement(
        data.nova.pci_requests,
        (group.suffix for group in data.query.groups))
