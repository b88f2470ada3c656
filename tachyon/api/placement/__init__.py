"""The Placement API: one module a resource, each with its table of routes."""

from tachyon.api.placement import aggregates
from tachyon.api.placement import allocation_candidates
from tachyon.api.placement import allocations
from tachyon.api.placement import inventories
from tachyon.api.placement import reshaper
from tachyon.api.placement import resource_classes
from tachyon.api.placement import resource_providers
from tachyon.api.placement import root
from tachyon.api.placement import traits
from tachyon.api.placement import usages

TABLES = tuple(module.ROUTES for module in (
    root, resource_providers, inventories, traits, aggregates,
    resource_classes, usages, allocations, allocation_candidates, reshaper))
