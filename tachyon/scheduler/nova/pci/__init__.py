"""Whether a host has the PCI devices that are asked for.

Like ``tachyon.scheduler.nova.numa``, this goes the way nova's ``pci.stats``
goes: nova-compute has the last word.
"""
