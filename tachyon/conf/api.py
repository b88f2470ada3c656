from oslo_config import cfg

GROUP = cfg.OptGroup("api", title="HTTP API")

OPTS = [
    cfg.HostAddressOpt("host", default="127.0.0.1", help="""
Address that tachyon-api listens on.
"""),
    cfg.PortOpt("port", default=8778, help="""
Port that tachyon-api listens on.
"""),
    cfg.IntOpt("workers", default=1, min=1, help="""
Processes that serve HTTP.

Each keeps its own view of the cloud in memory; one or two a core are useful.
"""),
    cfg.IntOpt("threads", default=16, min=1, help="""
Requests that one worker handles at the same time.
"""),
    cfg.StrOpt("auth_strategy", default="noauth2",
               choices=["keystone", "noauth2"], deprecated_group="DEFAULT",
               help="""
How callers are told apart.

``keystone`` asks the identity service, as ``[keystone_authtoken]`` says.
``noauth2`` believes the header X-Auth-Token (``user[:project]``; ``admin`` is
admin) and is for development and tests only.
"""),
    cfg.StrOpt("noauth2_default_token", default="", help="""
Token that a request without X-Auth-Token is taken to carry, under noauth2.

Empty: such a request is refused with 401. tachyon-standalone sets ``admin``.
"""),
    cfg.IntOpt("max_limit", default=1000, min=1, help="""
Items that one page of a list holds at most.
"""),
    cfg.IntOpt("max_request_body_size", default=16 * 1024 * 1024, min=1024,
               help="""
Largest request body that is read, in bytes. A larger one is answered 413.
"""),
    cfg.StrOpt("access_log_file", help="""
File to which each request that was answered adds a line, an object of JSON:
its time, request ids, caller, method, path, query, status, length and
duration in seconds. No token is ever in it.

It may be moved away at any time; a new one is begun.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_group(GROUP)
    conf.register_opts(OPTS, group=GROUP)


def list_opts() -> dict[cfg.OptGroup, list[cfg.Opt]]:
    return {GROUP: OPTS}
