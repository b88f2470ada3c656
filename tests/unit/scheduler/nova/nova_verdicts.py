"""What nova's own filters and weighers say; a program, since nova's options
and Tachyon's can't be in one process.

It reads {hosts, aggregates, requests, options} from standard input, and
writes {filters: {name: [[bool, ...], ...]}, weights: [[float, ...], ...]},
for each request a list over the hosts.
"""

import datetime
import json
import sys
import types
from unittest import mock

import nova.conf
from nova import context
from nova import objects
from nova.scheduler import filters
from nova.scheduler import host_manager
from nova.scheduler import weights
from oslo_utils import timeutils

CONF = nova.conf.CONF


def host_state(host, aggregates):
    state = host_manager.HostState(host["host"], host["node"],
                                   host["cell_uuid"])
    for name in ("uuid", "free_ram_mb", "free_disk_mb", "vcpus_total",
                 "vcpus_used", "cpu_allocation_ratio", "num_instances",
                 "num_io_ops", "failed_builds", "host_ip",
                 "hypervisor_type", "hypervisor_version",
                 "hypervisor_hostname", "cpu_info", "supported_instances",
                 "stats"):
        setattr(state, name, host[name])
    state.metrics = objects.MonitorMetricList.from_json(
        json.dumps(host["metrics"]))
    state.pci_stats = types.SimpleNamespace(pools=host["pci"])
    state.instances = {
        uuid: objects.Instance(uuid=uuid, image_ref="", system_metadata={
            f"image_{name}": value
            for name, value in host["images"][uuid].items()})
        for uuid in host["instances"]}
    state.aggregates = [
        objects.Aggregate(id=each["id"], name=each["name"],
                          metadata=each["metadata"])
        for each in aggregates if host["host"] in each["hosts"]]
    state.service = host_manager.ReadOnlyDict({
        "host": host["host"], "binary": "nova-compute",
        "disabled": host["disabled"], "disabled_reason": None,
        "last_seen_up": timeutils.utcnow() - datetime.timedelta(
            seconds=host["age"])})
    return state


def request_spec(request):
    group = request["group"]
    image = request["image"]
    spec = objects.RequestSpec(
        instance_uuid=request["instance_uuid"],
        project_id=request["project_id"],
        flavor=objects.Flavor(**request["flavor"]),
        image=image and objects.ImageMeta(
            id=image["id"],
            properties=objects.ImageMetaProps(**image["properties"])),
        scheduler_hints=request["hints"],
        instance_group=group and objects.InstanceGroup(
            policy=group["policy"], policies=[group["policy"]],
            members=group["members"],
            hosts=group["hosts"], _rules={
                name: str(value) for name, value in group["rules"].items()}),
        requested_destination=request["cell"] and objects.Destination(
            cell=objects.CellMapping(uuid=request["cell"]),
            allow_cross_cell_move=request["cross_cell"]))
    return spec


def main():
    asked = json.load(sys.stdin)
    CONF([], default_config_files=[])
    for group, options in asked["options"].items():
        for name, value in options.items():
            CONF.set_override(name, value, group)
    objects.register_all()
    states = [host_state(each, asked["aggregates"])
              for each in asked["hosts"]]
    specs = [request_spec(each) for each in asked["requests"]]
    classes = {cls.__name__: cls for cls in filters.all_filters()}
    plugins = {name: classes[name]() for name in asked["filters"]}
    handler = weights.HostWeightHandler()
    weighers = [cls() for cls in handler.get_all_classes()
                if cls.__name__ in asked["weighers"]]
    totals = []
    for spec in specs:
        # Instances have their metadata: there is no database.
        with mock.patch.object(objects.CellMapping, "get_by_uuid"), \
                mock.patch.object(context, "target_cell"), \
                mock.patch.object(objects.InstanceList, "fill_metadata"):
            weighed = handler.get_weighed_objects(weighers, states, spec)
        by_host = {each.obj.host: each.weight for each in weighed}
        totals.append([by_host[state.host] for state in states])
    json.dump({
        "known": {"filters": sorted(classes),
                  "weighers": sorted(cls.__name__ for cls
                                     in handler.get_all_classes())},
        "filters": {
            name: [[bool(plugin._filter_one(state, spec))
                    for state in states] for spec in specs]
            for name, plugin in plugins.items()},
        "weights": totals}, sys.stdout)


if __name__ == "__main__":
    main()
