"""What decisions took of nodes, and no compute has counted yet."""

import dataclasses
import time
from collections.abc import Callable, Mapping

from tachyon.scheduler.host_sources import facts as facts_module
from tachyon.scheduler.host_sources import node as node_module

# Seconds after which what a decision took is forgotten, even if no compute
# has said that it has the instance: it never came.
PENDING_MAX = 300.0


@dataclasses.dataclass(frozen=True, slots=True)
class _Taken:
    """What a decision took of a node, as it was known then."""

    share: facts_module.Consumption
    node: node_module.Node
    since: float
    came: bool                  # its instance was on no host before
    ended: bool = False         # what it was taken for


class Pending:
    """Whoever uses it holds a lock. Nodes are known by their uuid."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._taken: dict[str, dict[str, _Taken]] = {}

    def take(self, node: node_module.Node, share: facts_module.Consumption,
             came: bool) -> None:
        """Note an instance's share of a node. ``came`` is whether it was on
        no host before."""
        self._taken.setdefault(node.uuid, {})[share.instance_uuid] = _Taken(
            share, node, self._clock(), came)

    def give_back(self, uuid: str, instance: str) -> bool | None:
        """Forget an instance's share; return whether it was on no host
        before, None if it had no share."""
        taken = self._taken.get(uuid, {}).pop(instance, None)
        return None if taken is None else taken.came

    def end(self, instance: str) -> None:
        """Note that an instance is there by now, or does not come."""
        for taken in self._taken.values():
            if instance in taken:
                taken[instance] = dataclasses.replace(taken[instance],
                                                      ended=True)

    def left(self, node: node_module.Node) -> node_module.Node:
        """Return a node less what was taken of it."""
        for taken in self._taken.get(node.uuid, {}).values():
            node = taken.share.of(node)
        return node

    @property
    def instances(self) -> frozenset[str]:
        """Return the instances that are on their way to a host."""
        return frozenset(instance for taken in self._taken.values()
                         for instance in taken)

    def settle(self, nodes: Mapping[str, node_module.Node],
               by_host: Mapping[str, set[str]],
               instances: facts_module.Instances,
               at_rest: Mapping[str, float]) -> tuple[list[str], list[str]]:
        """Forget what the computes have counted by now, and what never came;
        return the nodes it was taken of, and the instances that did not
        come. ``by_host`` is where instances are reported to be, ``at_rest``
        since when by the clock nothing was under way with some of them."""
        now = self._clock()
        stale, lost = [], []
        for uuid, taken in list(self._taken.items()):
            node = nodes.get(uuid)
            for instance, each in list(taken.items()):
                host = instances.host_of(instance)
                there = (node is not None
                         and instance in by_host.get(node.host, ()))
                # It failed, and was built on another host.
                elsewhere = each.came and host not in (None, each.node.host)
                # It is gone, or stayed, or went back: what it was taken for
                # has ended, if that was seen later.
                ended = not there and (each.ended or each.since < at_rest.get(
                    instance, float("-inf")))
                expired = now - each.since > PENDING_MAX
                if ((there and node is not each.node) or elsewhere or ended
                        or expired):
                    del taken[instance]
                    stale.append(uuid)
                    if each.came and not there and not elsewhere:
                        lost.append(instance)
            if not taken:
                del self._taken[uuid]
        return stale, lost
