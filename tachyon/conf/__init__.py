"""Configuration: one module an option group, all on oslo.config's CONF."""

from oslo_config import cfg

from tachyon.conf import api
from tachyon.conf import base
from tachyon.conf import compute
from tachyon.conf import database
from tachyon.conf import fake
from tachyon.conf import filter_scheduler
from tachyon.conf import instances
from tachyon.conf import metrics
from tachyon.conf import neo4j_database
from tachyon.conf import nova
from tachyon.conf import nova_hosts
from tachyon.conf import placement
from tachyon.conf import scheduler

CONF = cfg.CONF
MODULES = (base, api, compute, database, fake, filter_scheduler, instances,
           metrics, neo4j_database, nova, nova_hosts, placement, scheduler)

for _module in MODULES:
    _module.register_opts(CONF)
