"""ServicesManager: Tachyon's own daemons, as operators see them."""

from collections.abc import Sequence

from oslo_config import cfg

from tachyon import context
from tachyon import exception
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.instances import access
from tachyon.policies import services as policies


class ServicesManager:

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase):
        self.conf = conf
        self.driver = driver

    def list(self, ctx: context.RequestContext) -> Sequence[models.Service]:
        """Return all services, by binary and host."""
        access.authorize(ctx, policies.LIST)
        return self.driver.services.list()

    def is_up(self, service: models.Service) -> bool:
        """Return whether its last heartbeat is young enough, as of the
        moment when it was read from the store."""
        return service.age <= self.conf.service_down_time

    def update(self, ctx: context.RequestContext, id: str, *, enabled: bool,
               disabled_reason: str | None = None) -> models.Service:
        """Let a service get new work, or keep new work away from it.

        :raises ServiceNotFound:
        :raises ValidationError: a reason to disable, and enabled.
        """
        access.authorize(ctx, policies.UPDATE)
        if enabled and disabled_reason is not None:
            raise exception.ValidationError(
                field="disabled_reason",
                reason="a service that is enabled has none.")
        return self.driver.services.update(id, enabled=enabled,
                                           disabled_reason=disabled_reason)

    def delete(self, ctx: context.RequestContext, id: str) -> None:
        """Forget a service. One that still runs is back, enabled, with its
        next heartbeat.

        :raises ServiceNotFound:
        """
        access.authorize(ctx, policies.DELETE)
        self.driver.services.delete(id)
