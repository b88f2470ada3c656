"""NUMA cells and PCI devices: what fits, and what is left, is what nova says.
"""

import collections
import json
import random
import subprocess
import sys
import types

import numpy as np

from tachyon import plugins
from tachyon.placement import query
from tachyon.scheduler.nova import demand
from tachyon.scheduler.nova import wire
from tachyon.scheduler.nova.numa import guest
from tachyon.scheduler.nova.numa import networks
from tachyon.scheduler.nova.pci import requests
from tests import base
from tests.integration.parts import processes
from tests.unit.scheduler import fakes
from tests.unit.scheduler.nova import cloud
from tests.unit.scheduler.nova import insides

FILTERS = ("NUMATopologyFilter", "PciPassthroughFilter")
HOSTS, REQUESTS = 30, 60


def read(primitive, name, cls):
    return primitive and cls.read(wire.read(primitive, name))


def make_data(request):
    """Return what filters read of a request."""
    spec = types.SimpleNamespace(
        flavor=types.SimpleNamespace(extra_specs=request["extra_specs"]),
        image=None, is_rebuild=False,
        numa_topology=read(request["numa_topology"], "InstanceNUMATopology",
                           guest.GuestTopology),
        network_metadata=read(request["network_metadata"],
                              "NetworkMetadata", networks.Networks),
        pci_requests=tuple(
            read(each, "InstancePCIRequest", requests.DeviceRequest)
            for each in request["pci_requests"]))
    groups = [query.RequestGroup(resources={"VCPU": 1})] + [
        query.RequestGroup(suffix=suffix, resources={"CUSTOM_GPU": 1})
        for suffix in insides.groups(request)]
    return fakes.make_data(nova=spec, query=query.Query(
        groups=tuple(groups)))


def complete(host):
    """Return a host with what such a test does not care for."""
    return {**cloud.make_hosts(random.Random(1), 1)[0], "instances": [],
            "images": {}, "hypervisor_hostname": host["node"], **host}


def shown(node):
    """Return what is left of a node, in the words of the program."""
    return {
        "cells": [[
            cell.id, cell.shared_used, cell.memory_used,
            [(core & cell.free).bit_count() for core in cell.cores],
            [[page.size_kb, int(page.used)] for page in cell.pages]]
            for cell in node.numa.cells],
        "pools": [[pool.properties["address"], pool.count]
                  for pool in node.pci.pools]}


class TestAgainstNova(base.TestCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rng = random.Random(34)
        cls.hosts = [insides.make_host(rng, number)
                     for number in range(HOSTS)]
        cls.requests = [insides.make_request(rng, number)
                        for number in range(REQUESTS)]
        cls.candidates = [[insides.make_candidates(rng, host, request)
                           for host in cls.hosts] for request in cls.requests]
        done = subprocess.run(
            [sys.executable, "-m", "tests.unit.scheduler.nova.nova_insides"],
            input=json.dumps({"hosts": cls.hosts, "requests": cls.requests,
                              "candidates": cls.candidates}),
            capture_output=True, text=True, cwd=processes.ROOT)
        assert done.returncode == 0, done.stderr[-2000:]
        cls.nova = json.loads(done.stdout)

    def test_filters(self):
        seen = {}
        with self.looking() as hosts:
            for name in FILTERS:
                plugin = plugins.load(plugins.NOVA_FILTERS, name)(
                    self.conf, name)
                for number, request in enumerate(self.requests):
                    data = make_data(request)
                    mask = plugin.mask(hosts, data)
                    for host, passes in zip(hosts, mask, strict=True):
                        kept = [each for each, mappings in enumerate(
                            self.candidates[number][host.index])
                            if passes and plugin.admits(host, data, mappings)]
                        self.assertEqual(
                            self.nova["verdicts"][name][number][host.index],
                            kept or None,
                            (name, self.hosts[host.index], request))
                        seen.setdefault(name, collections.Counter())[
                            bool(kept)] += 1
        for name, counted in seen.items():
            self.assertGreater(min(counted[True], counted[False]),
                               HOSTS * REQUESTS // 10, name)

    def looking(self):
        return cloud.looking(self.conf, [complete(host)
                                         for host in self.hosts])

    def test_what_is_left(self):
        for number, request in enumerate(self.requests):
            wanted = demand.Demand.of(make_data(request).nova, pack=False)
            for index, host in enumerate(self.hosts):
                expected = self.nova["left"][number][index]
                if expected is None:
                    continue
                found = {}
                for name in FILTERS:
                    found[name] = self.nova["verdicts"][name][number][index]
                first = min(set.intersection(*map(set, found.values())))
                left = wanted.left(
                    cloud.node(complete(host)),
                    self.candidates[number][index][first])
                self.assertEqual(expected, shown(left), (host, request))

    def test_mask_why_and_count_agree(self):
        with self.looking() as hosts:
            for name in FILTERS:
                plugin = plugins.load(plugins.NOVA_FILTERS, name)(
                    self.conf, name)
                for request in self.requests[:20]:
                    data = make_data(request)
                    mask = plugin.mask(hosts, data)
                    why = [plugin.why(host, data) for host in hosts]
                    self.assertEqual([each is None for each in why],
                                     mask.tolist())
                    refused = hosts.keep(~mask)
                    self.assertEqual(
                        list(range(len(refused))),
                        sorted(np.concatenate(
                            [indices for _, indices in plugin.count(
                                refused, data)] or [[]]).tolist()))
