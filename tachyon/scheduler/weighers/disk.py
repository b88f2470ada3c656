"""DiskWeigher: free disk, to spread instances (or to stack them)."""

from tachyon.scheduler.weighers import base


class DiskWeigher(base.FreeResourceWeigher):
    """Prefers hosts with more free disk; with a negative multiplier, with
    less."""

    option = "disk_weight_multiplier"
    resource_class = "DISK_GB"
