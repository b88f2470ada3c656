"""Many clients that want the same things of a server of two processes."""

import collections
import concurrent.futures
import random
import uuid

from tests.integration import base
from tests.integration import cloud
from tests.integration.parts import client
from tests.integration.parts import daemons

CLIENTS = 64
HOSTS = 20
CAPACITY = {"VCPU": 16, "MEMORY_MB": 8192, "DISK_GB": 100}
# What consumers ask for: no sum of a few fits a host by luck.
SIZES = (
    {"VCPU": 1, "MEMORY_MB": 256, "DISK_GB": 3},
    {"VCPU": 2, "MEMORY_MB": 1024, "DISK_GB": 7},
    {"VCPU": 3, "MEMORY_MB": 512, "DISK_GB": 11},
)


class ClaimTest(base.TestCase):
    """64 clients fill 20 hosts through PUT /allocations."""

    LIMIT = 240

    def start_api(self) -> daemons.Api:
        """Return a server of two processes, with an empty store."""
        return self.start(self.make_api())

    def make_api(self, store: daemons.Options | None = None) -> daemons.Api:
        return daemons.Api(self.make_directory(), daemons.merge(store or {}, {
            "api": {"workers": 2, "noauth2_default_token": "admin"}}))

    def test_64_clients_fill_20_hosts_to_the_unit(self):
        api = self.start_api()
        for number in range(HOSTS):
            api.client.make_host(f"host{number}", str(uuid.uuid4()),
                                 **CAPACITY)

        with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
            counts = sum(pool.map(lambda seed: _fill(api.url, seed),
                                  range(CLIENTS)), collections.Counter())

        self.assertEqual([], [status for status in counts if status >= 500])
        self.assertEqual(set(), set(counts) - {204, 409}, counts)
        ledger = api.client.ledger()
        self.assertEqual([], ledger.errors())
        claims = [consumer for consumers in ledger.consumers.values()
                  for consumer in consumers]
        self.assertEqual(counts[204], len(claims))
        self.assertEqual(len(claims), len(set(claims)))
        # Full: the smallest of them fits nowhere, and each host says why.
        for name, used in ledger.used.items():
            left = {resource_class: CAPACITY[resource_class] - amount
                    for resource_class, amount in used.items()}
            self.assertTrue(any(left[resource_class] < amount for
                                resource_class, amount in SIZES[0].items()),
                            f"{name} has room: {left}")


class Neo4jClaimTest(cloud.Neo4jStore, ClaimTest):
    """Where claims of the same hosts lock each other out."""

    def start_api(self) -> daemons.Api:
        api = self.make_api(self.make_store())
        api.sync_store()
        return self.start(api)


def _fill(url: str, seed: int) -> collections.Counter:
    """Claim until not even the smallest size fits; count the statuses."""
    chance = random.Random(seed)
    caller = client.Client(url)
    counts: collections.Counter = collections.Counter()
    sizes = list(SIZES)
    while sizes:
        size = chance.choice(sizes)
        wanted = ",".join(f"{name}:{amount}" for name, amount in size.items())
        found = caller.get(
            f"/allocation_candidates?resources={wanted}&limit={HOSTS}")
        if not found["allocation_requests"]:
            sizes.remove(size)
            continue
        request = chance.choice(found["allocation_requests"])
        answer = caller.ask("PUT", f"/allocations/{uuid.uuid4()}", {
            "allocations": request["allocations"],
            "project_id": str(uuid.UUID(int=seed)),
            "user_id": str(uuid.UUID(int=seed)),
            "consumer_generation": None,
            "consumer_type": "INSTANCE"})
        counts[answer.status_code] += 1
    return counts
