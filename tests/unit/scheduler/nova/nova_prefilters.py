"""What nova's own request pre-filters add; a program, since nova's options
and Tachyon's can't be in one process.

It reads {aggregates, requests: [{request, options, version}]} from standard
input, and writes for each request {root_required, root_forbidden, aggregates,
forbidden_aggregates}, or null if it is refused.
"""

import json
import sys
from unittest import mock

import nova.conf
from nova import context
from nova import exception
from nova import objects
from nova.scheduler import request_filter

CONF = nova.conf.CONF
# It asks Neutron about each port.
LEFT_OUT = ("remote_managed_ports_filter",)


def aggregates_with(aggregates, wanted):
    return [objects.Aggregate(uuid=each["uuid"], metadata={
        key: value for key, value in each["metadata"].items()
        if wanted(key, value)}) for each in aggregates
        if any(wanted(key, value)
               for key, value in each["metadata"].items())]


def run(aggregates, asked):
    request = asked["request"]
    spec = objects.RequestSpec(
        project_id=request["project_id"], is_bfv=request["is_bfv"],
        availability_zone=request["availability_zone"],
        flavor=objects.Flavor(
            name="small", vcpus=1, memory_mb=1, root_gb=0, ephemeral_gb=0,
            swap=0, **request["flavor"]),
        image=objects.ImageMeta(
            name="image", disk_format=request["image"]["disk_format"],
            properties=objects.ImageMetaProps(
                **request["image"]["properties"])),
        requested_destination=None, requested_resources=[],
        requested_networks=objects.NetworkRequestList(objects=[]),
        request_level_params=objects.RequestLevelParams())

    def by_metadata(ctxt, key=None, value=None):
        return aggregates_with(
            aggregates, lambda its, text: key in (None, its)
            and value in (None, text))

    def others(ctxt, ignored, prefix, value):
        return aggregates_with(
            aggregates, lambda its, text: its.startswith(prefix)
            and text == value and its not in ignored)

    for name, value in asked["options"].items():
        CONF.set_override(name, value, "scheduler")
    with mock.patch.object(objects.AggregateList, "get_by_metadata",
                           by_metadata), \
            mock.patch.object(objects.AggregateList,
                              "get_non_matching_by_metadata_keys", others), \
            mock.patch.object(objects.service,
                              "get_minimum_version_all_cells",
                              return_value=asked["version"]):
        try:
            for prefilter in request_filter.ALL_REQUEST_FILTERS:
                if prefilter.__name__ not in LEFT_OUT:
                    prefilter(context.get_admin_context(), spec)
        except (exception.RequestFilterFailed, exception.Invalid,
                exception.FlavorImageConflict):
            return None
        finally:
            for name in asked["options"]:
                CONF.clear_override(name, "scheduler")
    where = spec.requested_destination
    return {
        "root_required": sorted(spec.root_required),
        "root_forbidden": sorted(spec.root_forbidden),
        "aggregates": sorted(sorted(each.split(",")) for each in
                             (where and where.aggregates) or ()),
        "forbidden_aggregates": sorted(
            (where and where.forbidden_aggregates) or ())}


if __name__ == "__main__":
    CONF([], default_config_files=[])
    objects.register_all()
    work = json.load(sys.stdin)
    json.dump([run(work["aggregates"], each) for each in work["requests"]],
              sys.stdout)
