"""What allocation candidates cost: ``python -m tests.benchmark.candidates``.

Each figure is the median of many warm queries: bring the view up to date,
search, make the candidates. The ratio is to the same query in the smallest
cloud. "After a claim" is limit=10 again, with one claim written to the store
before each query, and not counted itself.
"""

import argparse
import gc
import itertools
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

from oslo_config import cfg

from tachyon import conf
from tachyon.db import load
from tachyon.db import models
from tachyon.placement import query as query_module
from tachyon.placement import search
from tachyon.placement import view as view_module
from tachyon.transfer import generated
from tachyon.transfer import importing
from tests.benchmark import memory

_BUDGET_SECONDS = 2.0
_RESOURCES = {"VCPU": 1, "MEMORY_MB": 512, "DISK_GB": 10}


def queries(shape: str) -> dict[str, query_module.Query]:
    group = query_module.RequestGroup
    found = {
        "limit=10": query_module.Query((group("", _RESOURCES),), limit=10),
        "limit=1000": query_module.Query((group("", _RESOURCES),),
                                         limit=1000),
        "1 % trait, limit=10": query_module.Query(
            (group("", _RESOURCES, required=frozenset((generated.RARE,))),)
            if shape != "numa" else (group("", _RESOURCES),),
            root_required=(frozenset((generated.RARE,)) if shape == "numa"
                           else frozenset()), limit=10),
        "1 zone, no AVX512F, limit=10": query_module.Query((group(
            "", _RESOURCES, member_of=(frozenset((
                generated.zone(shape, 3),)),),
            forbidden=frozenset((generated.TENTH,))),), limit=10),
    }
    if shape == "numa":
        cell = {"VCPU": 2, "MEMORY_MB": 1024}
        found["2 NUMA nodes and PCI, isolate, limit=10"] = query_module.Query(
            (group("_NUMA0", cell), group("_NUMA1", cell),
             group("_PCI", {generated.PCI: 1})), group_policy="isolate",
            same_subtree=(frozenset(("_NUMA0", "_PCI")),), limit=10)
    return found


def measure(action: Callable[[], None],
            before: Callable[[], None] = lambda: None) -> float:
    """Return the median cost in milliseconds."""
    action()
    times: list[float] = []
    end = time.monotonic() + _BUDGET_SECONDS
    while len(times) < 10 or (time.monotonic() < end and len(times) < 1000):
        before()
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times) * 1000


def run(driver: Any, shape: str) -> dict[str, float]:
    """Return the cost of each query over a store."""
    start = time.perf_counter()
    view = view_module.View(driver)
    with view.read() as snapshot:
        rows = snapshot.n
    print(f"  view of {rows} providers: {time.perf_counter() - start:.1f} s, "
          f"process {_megabytes():.0f} MB", file=sys.stderr)
    gc.collect()
    costs = {}
    for name, query in queries(shape).items():
        def action(query: query_module.Query = query) -> None:
            with view.read() as snapshot:
                list(search.find(snapshot, query).candidates())
        costs[name] = measure(action)
    plain = queries(shape)["limit=10"]

    def explained() -> None:
        with view.read() as snapshot:
            found = search.find(snapshot, plain)
            _ = found.stages, found.nearest(3)
    costs["funnel and nearest misses"] = measure(explained)

    def once() -> None:
        with view.read() as snapshot:
            list(search.find(snapshot, plain).candidates())

    # One consumer that grows and shrinks: the host must not fill up.
    sizes = itertools.cycle((1, 2))
    generations = itertools.chain((None,), itertools.count(1))
    costs["after a claim, limit=10"] = measure(
        once, lambda: claim(driver, shape, next(sizes), next(generations)))
    return costs


def claim(driver: Any, shape: str, amount: int,
          generation: int | None = None) -> None:
    """Let the one consumer have so many processors."""
    driver.allocations.replace([models.Claim(
        consumer_uuid=generated.uuid("consumer"),
        consumer_generation=generation, project_id="bench", user_id="bench",
        allocations={_claimable(shape): {"VCPU": amount}})])


def _claimable(shape: str) -> str:
    """Return the uuid of a provider to claim processors of."""
    return generated.uuid(shape, 0, *(("numa0",) if shape == "numa" else ()))


def _megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _open(path: str, store: str, hosts: int, shape: str) -> Any:
    if store == "memory":
        return memory.MemoryStore(hosts, shape)
    options = cfg.ConfigOpts()
    for module in (conf.base, conf.database):
        module.register_opts(options)
    options([], project="tachyon", default_config_files=[])
    options.set_override("state_path", path)
    driver = load.get_driver(options)
    driver.sync()
    start = time.perf_counter()
    importing.run_blindly(generated.GeneratedCloud(hosts, shape), driver,
                          lambda *_told: None)
    print(f"  loaded in {time.perf_counter() - start:.0f} s",
          file=sys.stderr)
    return driver


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shape", choices=generated.SHAPES, default="flat")
    parser.add_argument("--hosts", type=int, nargs="+",
                        default=[1000, 10_000])
    parser.add_argument("--large", action="store_true",
                        help="add 100,000 hosts")
    parser.add_argument(
        "--store", choices=("sqlite", "memory"), default="sqlite",
        help="sqlite: written to a temporary file first; memory: no store at "
             "all")
    options = parser.parse_args()
    sizes = options.hosts + ([100_000] if options.large else [])
    results = []
    for hosts in sizes:
        print(f"{hosts} hosts, {options.shape}:", file=sys.stderr)
        with tempfile.TemporaryDirectory() as path:
            driver = _open(path, options.store, hosts, options.shape)
            results.append(run(driver, options.shape))
    print(f"{options.shape}, {options.store}: milliseconds a query "
          f"(ratio to {sizes[0]} hosts)")
    print(f"{'':42}" + "".join(f"{hosts:>18,}" for hosts in sizes))
    for name, first in results[0].items():
        cells = "".join(f"{cost[name]:11.2f} ({cost[name] / first:4.1f})"
                        for cost in results)
        print(f"{name:42}{cells}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
