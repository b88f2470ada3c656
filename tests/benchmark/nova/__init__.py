"""Nova's select_destinations: tachyon-scheduler and nova-scheduler side by
side, on the same hosts of Nova's, in one run.

    python -m tests.benchmark.nova --help
"""
