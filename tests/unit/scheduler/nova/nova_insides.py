"""What nova's own filters say of NUMA cells and PCI devices, and what it takes
of a host; a program, since nova's options and Tachyon's can't be in one
process.

nova keeps which pairs of cells it has found to fit by their numbers, which
change meanwhile, and so takes one pair for another now and then. What it lets
in for that alone counts as out.

It reads {hosts, requests, candidates} from standard input, the latter by
request and host, and writes {verdicts, left}. Of each request and host, the
former are by filter the numbers of the candidates that it keeps, or null if
the host is out; the latter {cells, pools} after the first candidate that both
keep, or null.
"""

import copy
import json
import sys

import nova.conf
from nova import exception
from nova import objects
from nova.pci import stats
from nova.scheduler import host_manager
from nova.scheduler.filters import numa_topology_filter
from nova.scheduler.filters import pci_passthrough_filter
from nova.virt import hardware

FILTERS = {
    "NUMATopologyFilter": numa_topology_filter.NUMATopologyFilter,
    "PciPassthroughFilter": pci_passthrough_filter.PciPassthroughFilter}


def made(primitive):
    return primitive and objects.base.NovaObject.obj_from_primitive(primitive)


def host_state(host):
    state = host_manager.HostState(host["host"], host["node"],
                                   host["cell_uuid"])
    for name in ("uuid", "cpu_allocation_ratio", "ram_allocation_ratio"):
        setattr(state, name, host[name])
    state.free_ram_mb = state.free_disk_mb = 0
    state.numa_topology = made(host["numa"])
    state.pci_stats = stats.PciDeviceStats(
        state.numa_topology, stats=made(host["pci"]))
    state.limits = {}
    return state


def request_spec(request):
    spec = objects.RequestSpec(
        flavor=objects.Flavor(
            vcpus=1, memory_mb=1, root_gb=0, ephemeral_gb=0, swap=0,
            extra_specs=request["extra_specs"]),
        image=objects.ImageMeta(
            properties=objects.ImageMetaProps(**request["properties"])),
        instance_uuid="00000000-0000-4000-8000-000000000001",
        requested_resources=[],
        numa_topology=made(request["numa_topology"]),
        pci_requests=objects.InstancePCIRequests(requests=[
            made(each) for each in request["pci_requests"]]))
    if request["network_metadata"]:
        spec.network_metadata = made(request["network_metadata"])
    return spec


def kept(cls, state, spec, candidates):
    """Return the candidates that a filter keeps. Each is asked about alone:
    a filter that has looked at one may take the next for the last."""
    found = []
    for number, mappings in enumerate(candidates):
        state.allocation_candidates = [{"mappings": mappings}]
        if cls().host_passes(state, spec) and (
                cls is not FILTERS["NUMATopologyFilter"]
                or is_sound(state, spec, mappings)):
            found.append(number)
    return found or None


def is_sound(state, spec, mappings):
    """Return whether each cell fits where nova puts it, looked at alone."""
    if not spec.numa_topology:
        return True
    limits = state.limits["numa_topology"]
    wanted = spec.numa_topology.obj_clone()
    fitted = hardware.numa_fit_instance_to_host(
        state.numa_topology, wanted.obj_clone(), mappings, limits,
        spec.pci_requests.requests, state.pci_stats)
    cells = {cell.id: cell for cell in state.numa_topology.cells}
    isolated = int(wanted.emulator_threads_isolated)
    for own, found in zip(wanted.cells, fitted.cells, strict=True):
        own.pagesize = found.pagesize
        if hardware._numa_fit_instance_cell(
                cells[found.id], own, limits, isolated) is None:
            return False
        isolated = 0
    return True


def left(state, spec, mappings):
    """Return what a server leaves, None where nova can't take it: of a cell
    that reports no pages, or that it has not looked at. Its filter has left
    limits in the state."""
    state, spec = copy.deepcopy(state), spec.obj_clone()
    spec.requested_resources = [
        objects.RequestGroup(requester_id=suffix, provider_uuids=uuids)
        for suffix, uuids in mappings.items()]
    try:
        state._locked_consume_from_request(spec)
    except (IndexError, exception.CPUPinningInvalid,
            exception.CPUPinningUnknown):
        return None
    cells = state.numa_topology.cells if state.numa_topology else []
    return {
        "cells": [[
            cell.id, cell.cpu_usage, cell.memory_usage,
            [len(core) for core in cell.free_siblings],
            [[page.size_kb, page.used] for page in cell.mempages]]
            for cell in cells],
        "pools": [[pool["address"], pool["count"]]
                  for pool in state.pci_stats.pools]}


def ask(states, specs, candidates):
    verdicts = {name: [] for name in FILTERS}
    rests = []
    for spec, by_host in zip(specs, candidates, strict=True):
        found = {name: [kept(cls, state, spec, mappings)
                        for state, mappings in zip(states, by_host,
                                                   strict=True)]
                 for name, cls in FILTERS.items()}
        for name, those in found.items():
            verdicts[name].append(those)
        rests.append([])
        for number, state in enumerate(states):
            good = [those[number] or () for those in found.values()]
            both = sorted(set(good[0]).intersection(*good))
            rests[-1].append(left(
                state, spec, by_host[number][both[0]]) if both else None)
            state.limits = {}
    return {"verdicts": verdicts, "left": rests}


if __name__ == "__main__":
    asked = json.load(sys.stdin)
    nova.conf.CONF([], default_config_files=[])
    objects.register_all()
    json.dump(ask([host_state(each) for each in asked["hosts"]],
                  [request_spec(each) for each in asked["requests"]],
                  asked["candidates"]), sys.stdout)
