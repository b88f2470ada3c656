from oslo_config import cfg

GROUP = cfg.OptGroup("neo4j_database", title="Neo4j store")

OPTS = [
    cfg.StrOpt("uri", default="bolt://127.0.0.1:7687", help="""
Where Neo4j answers.

``bolt://`` is one server, ``neo4j://`` asks it for its cluster's leader.
``bolt+s://`` and ``neo4j+s://`` encrypt, and check the certificate;
``+ssc`` encrypts and trusts anybody.
"""),
    cfg.StrOpt("username", default="neo4j", help="""
User to log in as. Empty: the server asks for none.
"""),
    cfg.StrOpt("password", default="", secret=True, help="""
Password of that user.
"""),
    cfg.StrOpt("database", default="neo4j", help="""
Database to use. It must exist: Tachyon makes its schema, not the database.
"""),
    cfg.StrOpt("ca_file", help="""
File of the CA certificates (PEM) that the server's must be signed by.

Unset: those that the system trusts. Used with ``+s`` in ``uri`` only.
"""),
    cfg.IntOpt("max_connection_pool_size", default=100, min=1, help="""
Connections of one process at the most.

Each request that is under way needs one; those beyond wait for it.
"""),
    cfg.FloatOpt("connection_timeout", default=3.0, min=0.1, help="""
Seconds to wait for the server to accept a connection.
"""),
    cfg.FloatOpt("connection_acquisition_timeout", default=5.0, min=0.1,
                 help="""
Seconds to wait for a connection, be it a new one or one of the pool.

Never longer than ``[database] deadline``.
"""),
    cfg.FloatOpt("max_connection_lifetime", default=3600.0, min=1.0, help="""
Seconds after which a connection is replaced by a new one.

Keep it below what firewalls and load balancers on the way allow.
"""),
    cfg.FloatOpt("max_transaction_retry_time", default=5.0, min=0.0, help="""
Seconds that a transaction is tried again after a deadlock, a lost
connection or a change of leader.

Never longer than ``[database] deadline``.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
