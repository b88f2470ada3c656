"""SimpleCIDRAffinityFilter: hosts near an address."""

import ipaddress
from typing import Any

from tachyon import exception
from tachyon.scheduler import data as scheduler_data
from tachyon.scheduler.filters.nova import base
from tachyon.scheduler.host_sources import table


class SimpleCIDRAffinityFilter(base.ValueFilter):
    """Hints ``build_near_host_ip`` and ``cidr``: hosts whose address is in
    that network, by default a /24."""

    def asked(self, data: scheduler_data.SchedulingData) -> Any:
        near = data.nova.hint("build_near_host_ip")
        if not near:
            return None
        cidr = data.nova.hint("cidr", "/24")
        try:
            return ipaddress.ip_network(f"{near}{cidr}", strict=False)
        except ValueError as e:
            raise exception.SchedulingDataInvalid(
                action=f"filter {self.name}", reason=str(e)) from e

    def values(self, hosts: scheduler_data.HostSet,
               asked: Any) -> table.Coded:
        return hosts.nodes.coded("host_ip")

    def refuse(self, value: Any, asked: Any) -> str | None:
        try:
            near = ipaddress.ip_address(value or "") in asked
        except ValueError:
            near = False
        return None if near else "its address is not in hint cidr"
