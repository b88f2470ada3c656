"""Networks as Neutron has them, by openstacksdk.

This module is imported where routed networks are asked for: openstacksdk need
not be there otherwise.
"""

import contextlib
from collections.abc import Iterator

import openstack.connection
import openstack.exceptions
from keystoneauth1 import exceptions as keystone_exc
from keystoneauth1 import loading
from openstack.config import cloud_region
from oslo_config import cfg
from oslo_log import log as logging

from tachyon import exception
from tachyon.conf import neutron as neutron_conf
from tachyon.scheduler.networks import base

LOG = logging.getLogger(__name__)

_GROUP = neutron_conf.GROUP.name


class NeutronNetworks(base.Networks):
    """Asks with the credentials of group ``neutron``, which have to be an
    administrator's: nobody else is shown segments."""

    def __init__(self, conf: cfg.ConfigOpts) -> None:
        """:raises HostSourceUnavailable: it is not well configured."""
        neutron_conf.register_opts(conf)
        with _asking("its configuration"):
            auth = loading.load_auth_from_conf_options(conf, _GROUP)
            if auth is None:
                raise keystone_exc.MissingAuthPlugin(
                    f"[{_GROUP}] auth_type is not set")
            session = loading.load_session_from_conf_options(
                conf, _GROUP, auth=auth)
            self._cloud = openstack.connection.Connection(
                config=cloud_region.from_conf(
                    conf, session=session, service_types=["network"]))

    def port(self, id: str) -> base.Port:
        with _asking(f"port {id}"):
            found = self._cloud.network.get_port(id)
        # Whatever the number of its addresses, they are of one segment.
        subnets = [each["subnet_id"] for each in found.fixed_ips or ()]
        return base.Port(found.network_id, subnets[0] if subnets else None)

    def segments_of_network(self, id: str) -> tuple[str, ...]:
        # Not the segments themselves: of a provider's network that has
        # several, these are others.
        with _asking(f"network {id}"):
            return tuple(dict.fromkeys(
                each.segment_id
                for each in self._cloud.network.subnets(network_id=id)
                if each.segment_id))

    def segment_of_subnet(self, id: str) -> str | None:
        with _asking(f"subnet {id}"):
            found: str | None = self._cloud.network.get_subnet(id).segment_id
        return found


@contextlib.contextmanager
def _asking(what: str) -> Iterator[None]:
    try:
        yield
    except openstack.exceptions.NotFoundException as e:
        raise exception.NotFound(f"Neutron knows no {what}.") from e
    except (openstack.exceptions.SDKException,
            keystone_exc.ClientException, cfg.Error) as e:
        # There may be addresses in it, which are not for everybody.
        LOG.warning("Neutron can't be asked about %s: %s", what,
                    " ".join(str(e).split()))
        raise exception.HostSourceUnavailable(
            f"Neutron can't be asked about {what} ({type(e).__name__})."
        ) from e
