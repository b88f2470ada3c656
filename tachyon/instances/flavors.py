"""FlavorManager: instance flavors, the named sizes of instances."""

from collections.abc import Sequence

from oslo_config import cfg

from tachyon import context
from tachyon.db import base as db_base
from tachyon.db import models
from tachyon.instances import access
from tachyon.policies import flavors as policies


class FlavorManager:
    """The business logic of flavors.

    Instances hold what their flavor said when they were asked for: a flavor
    can be deleted at any time.
    """

    def __init__(self, conf: cfg.ConfigOpts, driver: db_base.DataDriverBase):
        self.conf = conf
        self.driver = driver

    def list(self, ctx: context.RequestContext) -> Sequence[models.Flavor]:
        """Return all flavors, smallest first."""
        access.authorize(ctx, policies.LIST)
        return self.driver.flavors.list()

    def get(self, ctx: context.RequestContext, name: str) -> models.Flavor:
        """:raises FlavorNotFound:"""
        access.authorize(ctx, policies.SHOW)
        return self.driver.flavors.get(name)

    def create(self, ctx: context.RequestContext, name: str, *, vcpus: int,
               memory_mb: int, disk_gb: int) -> models.Flavor:
        """:raises FlavorExists:"""
        access.authorize(ctx, policies.CREATE)
        return self.driver.flavors.create(models.Flavor(
            name=name, vcpus=vcpus, memory_mb=memory_mb, disk_gb=disk_gb))

    def delete(self, ctx: context.RequestContext, name: str) -> None:
        """:raises FlavorNotFound:"""
        access.authorize(ctx, policies.DELETE)
        self.driver.flavors.delete(name)
