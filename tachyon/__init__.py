"""Tachyon places workloads: placement, scheduling and instances."""
