"""CPUWeigher: free VCPUs, to spread instances (or to stack them)."""

from tachyon.scheduler.weighers import base


class CPUWeigher(base.FreeResourceWeigher):
    """Prefers hosts with more free VCPUs; with a negative multiplier, with
    less."""

    option = "cpu_weight_multiplier"
    resource_class = "VCPU"
