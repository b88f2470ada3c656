"""Policy rules with their defaults, one module a resource."""

import itertools

from oslo_policy import policy

from tachyon.policies import allocations
from tachyon.policies import base
from tachyon.policies import catalogue
from tachyon.policies import flavors
from tachyon.policies import instances
from tachyon.policies import requests
from tachyon.policies import resource_providers
from tachyon.policies import services

MODULES = (base, resource_providers, catalogue, allocations, instances,
           flavors, services, requests)


def list_rules() -> list[policy.RuleDefault]:
    """Return every rule (entry point ``oslo.policy.policies``)."""
    return list(itertools.chain.from_iterable(
        module.list_rules() for module in MODULES))
