"""What the tests' Neutron says of the networks of a request, for the other
process: it is in this one, where nova's tests are."""

from typing import Any
from unittest import mock

# A segment that Placement does not know.
_NOWHERE = "00000000-0000-4000-8000-00000000dead"


def gather(context: Any, spec: Any) -> dict[str, dict[str, Any]]:
    """Return by id: of ``ports`` their network and subnet, of ``subnets``
    their segment, of ``networks`` their segments."""
    from nova import conf
    from nova.network import neutron

    found: dict[str, dict[str, Any]] = {"ports": {}, "subnets": {},
                                        "networks": {}}
    if (not conf.CONF.scheduler.query_placement_for_routed_network_aggregates
            or spec is None or "requested_networks" not in spec):
        return found
    api = neutron.API()
    for each in spec.requested_networks:
        network = each.network_id
        if each.port_id:
            port = api.show_port(context, each.port_id)["port"]
            subnet = next((each["subnet_id"] for each in port["fixed_ips"]),
                          None)
            network = port["network_id"]
            found["ports"][each.port_id] = network, subnet
            if subnet:
                found["subnets"][subnet] = _place(
                    context, api.get_segment_id_for_subnet(context, subnet))
                continue
        if network:
            found["networks"][network] = [
                _place(context, segment) for segment
                in api.get_segment_ids_for_network(context, network)]
    return found


def _place(context: Any, segment: str | None) -> str | None:
    """Return a segment, or another if a test has put something in the place
    of nova-scheduler's question for its aggregates, and it has none."""
    from nova.scheduler.client import report

    spy = report.SchedulerReportClient._get_provider_aggregates
    # The tests put another class in the place of mock.Mock.
    if (segment is None or not isinstance(spy, mock.NonCallableMock)
            or spy(context, segment)):
        return segment
    return _NOWHERE
