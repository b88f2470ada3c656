"""Allocations: what consumers have, and what projects use."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import Any

from tachyon import exception
from tachyon.db import base
from tachyon.db import models
from tachyon.db.common import stored
from tachyon.db.neo4j import claiming
from tachyon.db.neo4j import connection
from tachyon.db.neo4j import jobs
from tachyon.db.neo4j import providers
from tachyon.db.neo4j import releases
from tachyon.db.neo4j import reshape

# What ``consumers`` makes records of.
COLUMNS = """
    c.uuid, c.generation, c.type, c.project_id, c.user_id, c.created_at,
    c.updated_at, p.uuid, p.generation, i.resource_class, r.used"""
_GET = f"""
    MATCH (c:Consumer {{uuid: $uuid}}) SET c.locked = true
    WITH c
    MATCH (c)-[r:CONSUMES]->(i:Inventory)
          <-[:HAS_INVENTORY]-(p:ResourceProvider)
    RETURN {COLUMNS} ORDER BY p.created_at, p.uuid, i.resource_class"""
# In one order, so that two of these do not wait for each other.
_GET_MANY = f"""
    UNWIND $uuids AS uuid
    MATCH (c:Consumer {{uuid: uuid}}) SET c.locked = true
    WITH c
    MATCH (c)-[r:CONSUMES]->(i:Inventory)
          <-[:HAS_INVENTORY]-(p:ResourceProvider)
    RETURN {COLUMNS} ORDER BY c.uuid, p.created_at, p.uuid, i.resource_class"""
_OF_PROVIDER = f"""
    {providers.LOCK}
    RETURN {providers.COLUMNS}, COLLECT {{
        MATCH (p)-[:HAS_INVENTORY]->(i:Inventory)<-[r:CONSUMES]-(c:Consumer)
        RETURN [{COLUMNS}] ORDER BY c.uuid, i.resource_class }}"""
# Of consumers ``c``, by type.
_SUMS = """
    WITH c.type AS type, collect(c) AS consumers
    RETURN type, size(consumers), COLLECT {
        UNWIND consumers AS c
        MATCH (c)-[r:CONSUMES]->(i:Inventory)
        WITH i.resource_class AS class, sum(r.used) AS used
        RETURN [class, used] ORDER BY class }
    ORDER BY type"""


class AllocationsController(base.AllocationsController):
    """Allocations in Neo4j."""

    def __init__(self, store: connection.Store):
        self._store = store
        self._claiming = claiming.Claiming(store)

    def get(self, consumer_uuid: str) -> models.Consumer:
        found = consumers(self._store.read(_GET, uuid=consumer_uuid))
        if not found:
            raise exception.ConsumerNotFound(uuid=consumer_uuid)
        return found[0]

    def get_many(self, consumer_uuids: Collection[str]
                 ) -> Sequence[models.Consumer]:
        wanted = sorted(set(consumer_uuids))
        return consumers(self._store.read(_GET_MANY, uuids=wanted)
                         if wanted else ())

    def list_by_provider(
            self, provider_uuid: str
            ) -> tuple[models.Provider, Sequence[models.Consumer]]:
        found = self._store.read(_OF_PROVIDER, uuid=provider_uuid)
        return (providers.only(provider_uuid, found),
                consumers(found[0][-1]))

    def replace(self, claims: Sequence[models.Claim],
                decisions: Sequence[models.Decision] = (),
                companions: models.Companions | None = None) -> None:
        if claims:
            self._claiming.do(jobs.Job(claims, decisions=decisions,
                                       companions=companions))

    def reshape(self, reshapes: Sequence[models.Reshape],
                claims: Sequence[models.Claim]) -> None:
        self._store.write(reshape.apply, reshapes, claims)

    def delete(self, consumer_uuid: str) -> None:
        if not releases.release(self._store, consumer_uuid):
            raise exception.ConsumerNotFound(uuid=consumer_uuid)

    def usages(self, project_id: str, user_id: str | None = None,
               consumer_type: str | None = None) -> Sequence[models.Usage]:
        found = "MATCH (c:Consumer {project_id: $project_id}) "
        conditions = [
            condition for condition, value in (
                ("c.user_id = $user_id", user_id),
                ("c.type = $type", consumer_type)) if value is not None]
        if conditions:
            found += f"WHERE {' AND '.join(conditions)} "
        params = {"project_id": project_id, "user_id": user_id,
                  "type": consumer_type}
        return [
            models.Usage(consumer_type=name, consumer_count=count,
                         resources=dict(amounts))
            for name, count, amounts in self._store.read(
                f"{found} {_SUMS}", **params)]


def consumers(found: Sequence[Any]) -> list[models.Consumer]:
    """Return the consumers that rows of ``COLUMNS`` speak of, in order."""
    heads: dict[str, Sequence[Any]] = {}
    allocations: dict[str, dict[str, models.Allocation]] = defaultdict(dict)
    resources: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for row in found:
        uuid, (provider_uuid, generation, class_name, used) = row[0], row[7:]
        heads[uuid] = row
        amounts = resources[uuid, provider_uuid]
        amounts[class_name] = used
        allocations[uuid][provider_uuid] = models.Allocation(
            provider_uuid=provider_uuid, provider_generation=generation,
            resources=amounts)
    return [
        models.Consumer(
            uuid=uuid, generation=row[1], type=row[2], project_id=row[3],
            user_id=row[4], created_at=stored.to_time(row[5]),
            updated_at=stored.to_time(row[6]), allocations=allocations[uuid])
        for uuid, row in heads.items()]
