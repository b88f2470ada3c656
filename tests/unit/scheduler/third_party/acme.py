"""Filters and weighers as an operator writes them: against nova alone."""

import nova.conf
from nova.scheduler import filters
from nova.scheduler import weights
from nova.scheduler.filters import numa_topology_filter
from oslo_config import cfg

CONF = nova.conf.CONF
CONF.register_opts([cfg.FloatOpt("calm_weight_multiplier", default=1.0)],
                   group="acme")


class RackFilter(filters.BaseHostFilter):
    """Hosts of the rack that a hint names, by aggregate metadata."""

    RUN_ON_REBUILD = False

    def host_passes(self, host_state, spec_obj):
        rack = spec_obj.get_scheduler_hint("rack")
        return rack is None or any(
            each.metadata.get("rack") == rack
            for each in host_state.aggregates)


class RoomFilter(filters.BaseHostFilter):
    """Hosts with memory for so many servers, at the beginning."""

    run_filter_once_per_request = True

    def filter_all(self, filter_obj_list, spec_obj):
        return [each for each in filter_obj_list
                if each.free_ram_mb >= 2 * spec_obj.memory_mb]


class EmptyFilter(filters.BaseHostFilter):
    """Hosts without instances; it leaves a limit and a mark."""

    def host_passes(self, host_state, spec_obj):
        host_state.limits["memory_mb"] = host_state.free_ram_mb
        host_state.seen_by_acme = True
        return not host_state.instances and not host_state.num_instances


class SecondGpuFilter(filters.BaseHostFilter, filters.CandidateFilterMixin):
    """The second of the providers that can give a device."""

    def host_passes(self, host_state, spec_obj):
        last = max(str(each["mappings"])
                   for each in host_state.allocation_candidates)
        return self.filter_candidates(
            host_state, lambda each: str(each["mappings"]) == last)


class StopFilter(filters.BaseHostFilter):

    def filter_all(self, filter_obj_list, spec_obj):
        return None


class BrokenFilter(filters.BaseHostFilter):

    def host_passes(self, host_state, spec_obj):
        raise KeyError("hush-rack")


class ComputeFilter(filters.BaseHostFilter):
    """One that has the name of one of nova's."""

    def host_passes(self, host_state, spec_obj):
        return host_state.host != "n1-service"


class CalmWeigher(weights.BaseHostWeigher):
    """Few instances are better, above three it is all the same."""

    minval = -3
    maxval = 0

    def weight_multiplier(self, host_state):
        return CONF.acme.calm_weight_multiplier

    def _weigh_object(self, host_state, weight_properties):
        return -host_state.num_instances


class SeenWeigher(weights.BaseHostWeigher):
    """What a filter has seen."""

    def _weigh_object(self, host_state, weight_properties):
        return int(host_state.seen_by_acme)


class NoWeigher(weights.BaseHostWeigher):

    def _weigh_object(self, host_state, weight_properties):
        return float("nan")


def all_filters():
    return [RackFilter, RoomFilter, EmptyFilter, SecondGpuFilter, StopFilter,
            BrokenFilter]


class NUMATopologyFilter(numa_topology_filter.NUMATopologyFilter):
    """nova's own, under a name of the operator's."""
