"""New hosts: nova gives a server only a host whose cell its API database
knows.

This is all that is ever written into nova's databases.
"""

import sqlalchemy as sa
from oslo_utils import timeutils

from tachyon.scheduler.host_sources.nova import tables


def map_hosts(api: sa.Engine, cell: sa.Engine, uuid: str) -> list[str]:
    """Map those hosts of a cell that are not; return their names.

    Others may do so at the same time: each host is mapped, and returned,
    once.

    :param uuid: that of the cell.
    :raises SQLAlchemyError: a database does not answer, or may not be
        written to. The next call makes up for it.
    """
    nodes, mappings = tables.NODES.c, tables.HOSTS.c
    with cell.connect() as connection:
        new = {id: host for id, host in connection.execute(
            sa.select(nodes.id, nodes.host).where(
                nodes.deleted == 0, nodes.host.is_not(None),
                sa.func.coalesce(nodes.mapped, 0) == 0))}
    if not new:
        return []
    with api.connect() as connection:
        cell_id = connection.execute(sa.select(tables.CELLS.c.id).where(
            tables.CELLS.c.uuid == uuid)).scalar_one()
        known = set(connection.execute(sa.select(mappings.host).where(
            mappings.host.in_(set(new.values())))).scalars())
    made = [host for host in sorted(set(new.values()) - known)
            if _map_host(api, host, cell_id)]
    with cell.begin() as connection:
        connection.execute(sa.update(tables.NODES).where(
            nodes.id.in_(new)).values(mapped=1))
    return made


def _map_host(api: sa.Engine, host: str, cell_id: int) -> bool:
    """Return whether nobody else was faster."""
    try:
        with api.begin() as connection:
            connection.execute(sa.insert(tables.HOSTS).values(
                host=host, cell_id=cell_id, created_at=timeutils.utcnow()))
    except sa.exc.IntegrityError:
        return False
    return True
