"""Whether the NUMA cells of a guest fit on those of a host.

nova-compute asks itself the same before it builds a guest. So this goes the
way nova's ``virt.hardware`` goes, in its order and with its habits: a host
that is chosen here is not refused there.
"""
