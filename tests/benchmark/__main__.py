"""``python -m tests.benchmark``: see ``tests.benchmark.run``."""

import sys

if __name__ == "__main__":
    # Not above: the clients, processes of their own, read this file too.
    from tests.benchmark import run
    try:
        sys.exit(run.main())
    except KeyboardInterrupt:
        sys.exit(130)
