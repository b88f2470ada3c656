"""Many of everything, in a Neo4j store, beside what a test is about."""

from tests.integration.parts import neo4j

_NOW = "timestamp() * 1000"
_PROVIDERS = f"""
    UNWIND range(1, $count) AS number
    CREATE (p:ResourceProvider {{
        uuid: randomUUID(), generation: 3, changed: 0, created_at: {_NOW},
        updated_at: {_NOW}}})
    SET p.name = p.uuid, p.root_uuid = p.uuid
    WITH p, number
    MATCH (t:Trait {{name: 'HW_CPU_X86_AVX'}})
    CREATE (p)-[:HAS_TRAIT]->(t),
        (p)-[:MEMBER_OF]->(:Aggregate {{uuid: randomUUID()}}),
        (p)-[:HAS_INVENTORY]->(i:Inventory {{
            resource_class: 'VCPU', total: 8, reserved: 0, min_unit: 1,
            max_unit: 8, step_size: 1, allocation_ratio: 1.0, used: 1}}),
        (:Consumer {{
            uuid: randomUUID(), generation: 1, type: 'INSTANCE',
            project_id: 'crowd-' + number % 20, user_id: 'crowd',
            created_at: {_NOW}, updated_at: {_NOW}}}
        )-[:CONSUMES {{used: 1}}]->(i)
    SET i.provider_uuid = p.uuid"""
# Every other message is claimed.
_INSTANCES = f"""
    UNWIND range(1, $count) AS number
    CREATE (i:Instance {{
        id: randomUUID(), name: 'vm-' + number % 20, image: 'cirros',
        project_id: 'crowd-' + number % 20, user_id: 'crowd',
        flavor: 'm1.tiny', status: 'BUILDING', spec: '{{}}',
        request_id: 'req-' + randomUUID(), generation: 0, attempt: 0,
        task: 'create', host: 'host-' + number % 20, tried: [],
        created_at: {_NOW}, updated_at: {_NOW}}})
    CREATE (i)-[:AWAITS]->(m:Message {{
        id: randomUUID(), action: 'create', context: '{{}}', attempt: 0,
        deliveries: 0, created_at: {_NOW} + number,
        free_at: {_NOW} + number % 2 * 3600 * 1000000}})
    SET m.instance_id = i.id, m.request_id = i.request_id"""
_OTHERS = f"""
    UNWIND range(1, $count) AS number
    CREATE (:Decision {{
        request_id: 'req-' + randomUUID(), project_id: 'crowd-' + number % 20,
        consumer_uuid: randomUUID(), verdict: 'scheduled', document: '{{}}',
        created_at: {_NOW}}})
    CREATE (:Tombstone {{
        uuid: randomUUID(), changed: 0, gone_at: {_NOW}}})
    CREATE (:Write {{id: 'z' + randomUUID()}})"""


def come(server: neo4j.Neo4j, count: int) -> None:
    """Add so many providers, inventories, consumers, instances, messages,
    decisions, tombstones and writes, and let the server know what it has."""
    for statement in (_PROVIDERS, _INSTANCES, _OTHERS):
        server.run(statement, count=count)
    server.run("CALL db.prepareForReplanning(60)")
