"""The search again, by brute force over records, to compare with.

Written from Placement's rules, with no thought of speed, and sharing nothing
with the engine but the records and the query. ``random_store`` and
``random_query`` make small worlds in which everything happens.
"""

import collections
import itertools
import random

from tachyon.db import models
from tachyon.placement import query as query_module
from tests.unit.placement import fakes

SHARES = "MISC_SHARES_VIA_AGGREGATE"
CLASSES = ("VCPU", "DISK_GB", "NET")
TRAITS = ("T1", "T2", "T3")
AGGREGATES = ("agg1", "agg2")
KINDS = ("required", "required_any", "forbidden", "member_of",
         "forbidden_aggregates", "in_tree")


def answers(store, query):
    """Return the set of (root name, allocations, mappings) by names."""
    providers = {p.uuid: p for p in store.providers.values()}
    found = set()
    for root in providers.values():
        if root.parent_uuid is None and root_fits(root, query):
            for combination in combinations(providers, root, query):
                found.add((root.name, *describe(combination)))
    return found


def root_fits(root, query):
    return (query.root_required <= root.traits
            and not query.root_forbidden & root.traits)


def combinations(providers, root, query):
    tree = [p for p in providers.values() if p.root_uuid == root.uuid]
    reach = frozenset().union(*(p.aggregates for p in tree))
    guests = [p for p in providers.values() if p.root_uuid != root.uuid
              and SHARES in p.traits and p.aggregates & reach]
    options = [whole(providers, group, tree + guests) if group.suffix
               else spread(providers, group, root, tree, guests)
               for group in query.groups]
    for combination in itertools.product(*options):
        if together(providers, query, combination):
            yield combination


def whole(providers, group, everyone):
    if not group.resources and not group.all_required + group.member_of:
        return []
    return [(group, [(p, dict(group.resources))]) for p in everyone
            if in_aggregates(group, p)
            and not group.forbidden_aggregates & p.aggregates
            and all(one_of & p.traits for one_of in group.all_required)
            and not group.forbidden & p.traits
            and in_tree(providers, group, p)
            and all(fits(p, *item) for item in group.resources.items())]


def spread(providers, group, root, tree, guests):
    if group.forbidden_aggregates & root.aggregates:
        return []
    able = [p for p in tree if in_aggregates(group, p)
            or in_aggregates(group, root)]
    if not group.in_tree:
        able += [p for p in guests if in_aggregates(group, p)]
    able = [p for p in able if not group.forbidden & p.traits
            and not group.forbidden_aggregates & p.aggregates
            and in_tree(providers, group, p)]
    rows = []
    for givers in itertools.product(able, repeat=len(group.resources)):
        traits = frozenset().union(*(p.traits for p in givers))
        items = list(zip(givers, group.resources.items(), strict=True))
        if all(one_of & traits for one_of in group.all_required) and all(
                fits(p, *item) for p, item in items):
            rows.append((group, [(p, dict([item])) for p, item in items]))
    return rows


def in_aggregates(group, provider):
    return all(one_of & provider.aggregates for one_of in group.member_of)


def in_tree(providers, group, provider):
    if not group.in_tree:
        return True
    named = providers.get(group.in_tree)
    if named is None:
        return False
    return not group.resources or named.root_uuid == provider.root_uuid


def fits(provider, resource_class, amount):
    inventory = provider.inventories.get(resource_class)
    return (inventory is not None
            and inventory.used + amount <= inventory.capacity
            and inventory.min_unit <= amount <= inventory.max_unit
            and amount % inventory.step_size == 0)


def together(providers, query, combination):
    wholes = [gifts[0][0].uuid for group, gifts in combination
              if group.suffix]
    if query.group_policy == "isolate" and len(set(wholes)) < len(wholes):
        return False
    for suffixes in query.same_subtree:
        members = {gifts[0][0].uuid for group, gifts in combination
                   if group.suffix in suffixes}
        if not any(all(top in lineage(providers, m) for m in members)
                   for top in members):
            return False
    return all(
        amount <= p.inventories[name].max_unit and
        amount + p.inventories[name].used <= p.inventories[name].capacity
        for p, name, amount in amounts(combination))


def lineage(providers, uuid):
    above = []
    while uuid is not None:
        above.append(uuid)
        uuid = providers[uuid].parent_uuid
    return above


def amounts(combination):
    sums = collections.Counter()
    by_name = {}
    for _, gifts in combination:
        for provider, resources in gifts:
            by_name[provider.name] = provider
            for name, amount in resources.items():
                sums[provider.name, name] += amount
    return [(by_name[who], name, amount)
            for (who, name), amount in sums.items()]


def describe(combination):
    return (frozenset((p.name, name, amount)
                      for p, name, amount in amounts(combination)),
            frozenset((group.suffix, frozenset(p.name for p, _ in gifts))
                      for group, gifts in combination))


# ------------------------------------------------------------- random worlds
def some(rng, names, chance):
    return frozenset(name for name in names if rng.random() < chance)


def random_inventory(rng, totals):
    total = rng.choice(totals)
    return models.Inventory(
        total=total, reserved=rng.choice((0, 0, 0, 1)),
        min_unit=rng.choice((1, 1, 1, 1, 2)),
        step_size=rng.choice((1, 1, 1, 1, 2)),
        max_unit=rng.choice((total, total, total, 2)),
        allocation_ratio=rng.choice((1.0, 1.0, 1.5)),
        used=rng.choice((0, 0, 0, 1)))


def random_store(rng: random.Random,
                 totals=(2, 4, 8, 16)) -> fakes.FakeStore:
    store = fakes.FakeStore()
    nested = rng.random() < 0.7
    sharing = rng.random() < 0.6
    for number in range(rng.randint(2, 8)):
        parent = None
        if nested and store.providers and rng.random() < 0.6:
            parent = rng.choice(list(store.providers))
        traits = some(rng, TRAITS, 0.4)
        if sharing and rng.random() < 0.3:
            traits |= {SHARES}
        store.add(f"p{number}", parent, traits=traits,
                  aggregates=some(rng, AGGREGATES, 0.5),
                  inventory={name: random_inventory(rng, totals)
                             for name in CLASSES if rng.random() < 0.75})
    return store


def random_group(rng, store, suffix, kinds, resourceless=False):
    names = [] if resourceless else rng.sample(CLASSES, rng.randint(1, 2))
    aggregates = [fakes.uuid(name) for name in AGGREGATES + ("empty",)]
    making = {
        "required": lambda: some(rng, TRAITS, 0.4),
        "required_any": lambda: tuple(
            frozenset(rng.sample(TRAITS, 2))
            for _ in range(rng.randint(1, 2))),
        "forbidden": lambda: some(rng, TRAITS, 0.4),
        "member_of": lambda: tuple(
            frozenset(rng.sample(aggregates, rng.randint(1, 2)))
            for _ in range(rng.randint(1, 2))),
        "forbidden_aggregates": lambda: some(rng, aggregates, 0.4),
        "in_tree": lambda: fakes.uuid(
            rng.choice([*store.providers, "nobody"])),
    }
    made = {kind: making[kind]() for kind in kinds if rng.random() < 0.5}
    made["forbidden"] = (made.get("forbidden", frozenset())
                         - made.get("required", frozenset()))
    return query_module.RequestGroup(
        suffix, {name: rng.choice((1, 1, 2, 3)) for name in names}, **made)


def random_query(rng: random.Random, store) -> query_module.Query:
    suffixes = ["", "_A", "_B", "_C"][:rng.choice((1, 1, 1, 2, 2, 3, 4))]
    if rng.random() < 0.2:
        suffixes = suffixes[1:] or ["_A"]
    kinds = rng.sample(KINDS, rng.choice((0, 1, 1, 2, 3)))
    groups = [random_group(rng, store, suffix, kinds) for suffix in suffixes]
    subtrees = []
    named = [suffix for suffix in suffixes if suffix]
    if named and rng.random() < 0.35:
        if rng.random() < 0.5:
            groups.append(random_group(rng, store, "_R", kinds, True))
            named.append("_R")
        subtrees.append(frozenset(named))
        while rng.random() < 0.4:
            subtrees.append(frozenset(
                rng.sample(named, rng.randint(1, len(named)))))
    policies = ("none", "isolate") if len(named) > 1 else (
        "none", "isolate", None)
    return query_module.Query(
        tuple(groups), group_policy=rng.choice(policies),
        same_subtree=tuple(subtrees), limit=rng.choice((None, 1, 2, 5)),
        root_required=some(rng, TRAITS, rng.choice((0, 0, 0.2))),
        root_forbidden=some(rng, TRAITS, rng.choice((0, 0, 0.1))))
