"""The tables of nova's databases that are read, and how they are reached.

The schema is that of nova 34; columns that are not read are not named. Nova
itself is not imported: its options and Tachyon's can't be in one process.
"""

import datetime
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from tachyon import exception


def make_table(name: str, *columns: str) -> sa.TableClause:
    """Return a table with some of its columns."""
    return sa.table(name, *(
        sa.column(column, sa.DateTime()
                  if column.endswith(("_at", "_up")) else None)
        for column in columns))


# Of the API database.
CELLS = make_table("cell_mappings", "id", "uuid", "database_connection",
                   "disabled")
SERVERS = make_table("instance_mappings", "instance_uuid", "cell_id",
                     "updated_at")
HOSTS = make_table("host_mappings", "host", "cell_id", "created_at")
AGGREGATES = make_table("aggregates", "id", "uuid", "name", "updated_at")
AGGREGATE_HOSTS = make_table(
    "aggregate_hosts", "id", "aggregate_id", "host", "updated_at")
AGGREGATE_METADATA = make_table(
    "aggregate_metadata", "id", "aggregate_id", "key", "value", "updated_at")
# Of the database of a cell.
SERVICES = make_table(
    "services", "id", "host", "binary", "disabled", "disabled_reason",
    "last_seen_up", "created_at", "forced_down", "version", "deleted")
NODES = make_table(
    "compute_nodes", "id", "uuid", "host", "hypervisor_hostname", "deleted",
    "updated_at", "memory_mb", "local_gb", "vcpus", "vcpus_used",
    "local_gb_used", "free_ram_mb", "free_disk_gb", "disk_available_least",
    "hypervisor_type", "hypervisor_version", "host_ip", "cpu_info",
    "supported_instances", "stats", "metrics", "pci_stats",
    "numa_topology",
    "cpu_allocation_ratio", "ram_allocation_ratio", "disk_allocation_ratio",
    "mapped")
INSTANCES = make_table("instances", "uuid", "host", "deleted",
                       "vm_state", "task_state", "updated_at")
SYSTEM_METADATA = make_table("instance_system_metadata", "instance_uuid",
                             "key", "value", "deleted")


# By library, what it calls the seconds after which it gives a server up, and
# how many of these a second is.
_TIMEOUTS: Mapping[str, Mapping[str, int]] = {
    "pymysql": {"connect_timeout": 1, "read_timeout": 1, "write_timeout": 1},
    "psycopg2": {"connect_timeout": 1, "tcp_user_timeout": 1000},
}


def connect(url: str, timeout: float,
            template: str | None = None) -> sa.Engine:
    """Return an engine for a URL of nova's; it connects when it is used.

    :param timeout: seconds after which a silent server is given up, unless
        the URL says something else.
    :param template: the URL that fills in {username}, {hostname}...
    :raises HostSourceUnavailable: it is no URL, or its library is not
        there. The text does not show the URL: there is a password in it.
    """
    try:
        if template and "{" in url:
            parts = sa.make_url(template)
            url = url.format(
                scheme=parts.drivername, username=parts.username,
                password=parts.password, hostname=parts.host,
                port=parts.port, path=parts.database or "",
                query="&".join(f"{name}={value}" for name, value
                               in parts.query.items()))
        parsed = sa.make_url(url)
        timeouts = _TIMEOUTS.get(parsed.get_driver_name(), {})
        return sa.create_engine(
            parsed.update_query_dict({
                name: str(max(1, round(timeout * factor)))
                for name, factor in timeouts.items()
                if name not in parsed.query}),
            pool_pre_ping=True, pool_recycle=3600)
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, KeyError,
            IndexError, ValueError) as e:
        raise exception.HostSourceUnavailable(
            reason="a URL of a database of nova's can't be used: "
                   f"{type(e).__name__}") from None
    except ImportError as e:
        raise exception.HostSourceUnavailable(
            reason=f"{e}: install what SQLAlchemy needs for nova's "
                   "database") from e


def seconds(time: Any) -> float:
    """Return a time of nova's, naive and of UTC, in seconds of the epoch; 0
    for none."""
    if time is None:
        return 0.0
    return float(time.replace(tzinfo=datetime.UTC).timestamp())


def time(seconds: float) -> datetime.datetime:
    """Return seconds of the epoch as a time of nova's."""
    return datetime.datetime.fromtimestamp(
        seconds, datetime.UTC).replace(tzinfo=None)
