"""What consumers have: the parts of statements that lock it and change it.

``used`` of an inventory is kept the sum of what is allocated from it.
"""

from tachyon.db.neo4j import rows

# For a statement that is a transaction by itself. It locks the consumers of
# ``$asked.held``, each with the generation that it must have, None for any;
# then their providers, and ``$asked.providers``. It goes on, with all of these
# as ``touched``, if each of them is there.
LOCKED = """
    CALL () {
        UNWIND $asked.held AS row
        MATCH (c:Consumer {uuid: row[0]}) SET c.locked = true
        WITH c, row WHERE coalesce(c.generation = row[1], true)
        RETURN collect(c) AS consumers }
    WITH consumers WHERE size(consumers) = size($asked.held)
    CALL (consumers) {
        UNWIND consumers AS c
        MATCH (c)-[:CONSUMES]->(i:Inventory)
        RETURN collect(DISTINCT i.provider_uuid) AS had }
    CALL (had) {
        UNWIND had + $asked.providers AS uuid
        WITH DISTINCT uuid ORDER BY uuid
        MATCH (p:ResourceProvider {uuid: uuid}) SET p.locked = true
        RETURN collect(p) AS touched, collect(p.uuid) AS locked }
    WITH touched, locked
    WHERE all(uuid IN $asked.providers WHERE uuid IN locked)"""
_ALLOCATE = """
        WITH c, row
        UNWIND row[4] AS part
        MATCH (i:Inventory {provider_uuid: part[0], resource_class: part[1]})
        CREATE (c)-[:CONSUMES {used: part[2]}]->(i)
        SET i.used = i.used + part[2]"""


def create(new: str) -> str:
    """Return the part that makes the consumers of these rows."""
    return f"""
    CALL () {{
        UNWIND {new} AS row
        CREATE (c:Consumer {{
            uuid: row[0], generation: 1, type: row[1], project_id: row[2],
            user_id: row[3], created_at: {rows.NOW},
            updated_at: {rows.NOW}}})
        {_ALLOCATE} }}"""


def keep(kept: str) -> str:
    """Return the part that gives consumers, who have nothing any more, what
    these rows say."""
    return f"""
    CALL () {{
        UNWIND {kept} AS row
        MATCH (c:Consumer {{uuid: row[0]}})
        SET c.generation = c.generation + 1,
            c.type = coalesce(row[1], c.type), c.project_id = row[2],
            c.user_id = row[3], c.updated_at = {rows.NOW}
        {_ALLOCATE} }}"""


def release(released: str) -> str:
    """Return the part that takes all from the consumers with these uuids."""
    return f"""
    CALL () {{
        UNWIND {released} AS uuid
        MATCH (:Consumer {{uuid: uuid}})-[r:CONSUMES]->(i:Inventory)
        SET i.used = i.used - r.used
        DELETE r }}"""


def drop(dropped: str) -> str:
    """Return the part that deletes consumers, who have nothing any more."""
    return f"""
    CALL () {{
        UNWIND {dropped} AS uuid
        MATCH (c:Consumer {{uuid: uuid}}) DELETE c }}"""
