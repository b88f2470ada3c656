import os
import socket

from oslo_config import cfg

OPTS = [
    cfg.StrOpt("state-path",
               default=os.path.expanduser("~/.local/state/tachyon"),
               sample_default="$HOME/.local/state/tachyon", help="""
Directory for what Tachyon keeps on this machine: the embedded store, the
simulator's instances, locks.
"""),
    cfg.HostAddressOpt("service_host", default=socket.gethostname(),
                       sample_default="<current_hostname>", help="""
Name under which the daemons of this machine are known.
"""),
    cfg.FloatOpt("report_interval", default=10.0, min=0.1, help="""
Seconds between two heartbeats of a daemon.
"""),
    cfg.FloatOpt("service_down_time", default=60.0, min=0.2, help="""
Seconds without a heartbeat after which a daemon counts as down.

A host whose compute is down gets no new instances.
"""),
    cfg.IntOpt("graceful_shutdown_timeout", default=60, min=0, help="""
Seconds that a daemon has, once it is told to stop, to end what it has in hand.

What has not ended by then is dropped, and taken up by another daemon. 0: as
long as it takes.
"""),
    cfg.IntOpt("rpc_threads", default=32, min=1, help="""
Messages of the bus that one process handles at the same time.
"""),
]


def register_opts(conf: cfg.ConfigOpts) -> None:
    conf.register_opts(OPTS)


def list_opts() -> dict[str, list[cfg.Opt]]:
    return {"DEFAULT": OPTS}
