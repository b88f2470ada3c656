"""RAMWeigher: free memory, to spread instances (or to stack them)."""

from tachyon.scheduler.weighers import base


class RAMWeigher(base.FreeResourceWeigher):
    """Prefers hosts with more free memory; with a negative multiplier, with
    less."""

    option = "ram_weight_multiplier"
    resource_class = "MEMORY_MB"
