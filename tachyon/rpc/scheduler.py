"""How the other services call a scheduler."""

from collections.abc import Mapping, Sequence
from typing import Any

from oslo_config import cfg

from tachyon import context
from tachyon import objects
from tachyon.rpc import bundles
from tachyon.rpc import transport

TOPIC = "tachyon-scheduler"
# Seconds to wait for what a compute asks, and asks again: a scheduler that
# dies takes its answer with it, and another one is there.
CALL_TIMEOUT = 10


class SchedulerAPI:
    """Client side of the scheduler's RPC interface.

    A call raises what the scheduler raised, if it is one of
    ``tachyon.exception``, and else a ``MessagingException``, such as
    ``MessagingTimeout`` when nobody answers.

    Version history:

    * 1.0: wake, heartbeat, report_inventory, begin_action, finish_action,
      reconcile, explain.
    * 1.1: explain_server, and capacity for explain.
    * 1.2: call_all, cast_all: bundles, see ``tachyon.rpc.bundles``.
    """

    VERSION = "1.2"

    def __init__(self, conf: cfg.ConfigOpts):
        self._client = transport.get_client(conf, TOPIC, self.VERSION)
        self._timeout = min(CALL_TIMEOUT, conf.rpc_response_timeout)
        self._sender = bundles.Sender(self._client, "1.2",
                                      timeout=self._timeout)

    def wake(self, ctx: context.RequestContext,
             notice: objects.RequestNotice) -> None:
        """Tell some scheduler that a request was stored."""
        self._sender.cast(ctx, "wake", notice=notice)

    def heartbeat(self, ctx: context.RequestContext,
                  report: objects.HeartbeatReport) -> None:
        """Say that a daemon is alive, and what it works on."""
        self._client.prepare(version="1.0").cast(ctx, "heartbeat",
                                                 report=report)

    def report_inventory(self, ctx: context.RequestContext,
                         report: objects.InventoryReport) -> None:
        """Bring a host's provider to what its compute reports."""
        self._client.prepare(
            version="1.0", timeout=self._timeout).call(ctx, "report_inventory",
                                                 report=report)

    def begin_action(self, ctx: context.RequestContext, instance_id: str,
                     attempt: int, host: str) -> bool:
        """Ask whether this delivery is still the current one; False: drop
        it."""
        begins: bool = self._sender.call(
            ctx, "begin_action", instance_id=instance_id, attempt=attempt,
            host=host)
        return begins

    def finish_action(self, ctx: context.RequestContext,
                      result: objects.ActionResult) -> bool:
        """Hand in what became of a delivery; False: it was overtaken."""
        counted: bool = self._sender.call(ctx, "finish_action",
                                          result=result)
        return counted

    def reconcile(self, ctx: context.RequestContext, service_host: str,
                  domains: objects.DomainList) -> list[str]:
        """Return the ids of those instances whose copies on this compute
        must go."""
        return self._client.prepare(
            version="1.0", timeout=self._timeout).call(
            ctx, "reconcile", service_host=service_host, domains=domains)

    def explain(self, ctx: context.RequestContext,
                request: objects.SchedulingRequest,
                capacity: bool = False) -> dict[str, Any]:
        """Return the Explain document of a dry run; with ``capacity``, also
        how many more fit."""
        if not capacity:
            # As schedulers that are not upgraded yet know it, too.
            return self._client.prepare(version="1.0").call(
                ctx, "explain", request=request)
        return self._client.prepare(version="1.1").call(
            ctx, "explain", request=request, capacity=True)

    def explain_server(self, ctx: context.RequestContext,
                       request: Mapping[str, Any], hosts: Sequence[str],
                       capacity: bool) -> dict[str, Any]:
        """Return the Explain document of a dry run for a server of nova's:
        ``request`` has a ``server`` or a ``request_spec``."""
        return self._client.prepare(version="1.1").call(
            ctx, "explain_server", request=request, hosts=hosts,
            capacity=capacity)
