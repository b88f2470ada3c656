"""``tachyon-manage`` that works in small batches, and is killed ahead of one.

    python -m tests.integration.parts.breaking NUMBER ARGUMENT...

The process kills itself, as the kernel would, before it writes the batch of
that number.
"""

import itertools
import os
import signal
import sys
from collections.abc import Callable
from typing import Any
from unittest import mock

from tachyon.cmd import manage
from tachyon.db.sqlite import bulk
from tachyon.transfer import base

PROVIDERS, CONSUMERS = 2, 3


def main() -> int:
    number, *argv = sys.argv[1:]
    batches = itertools.count(1)

    def breaking(write: Callable[..., int]) -> Callable[..., int]:
        def once(*args: Any) -> int:
            if next(batches) == int(number):
                os.kill(os.getpid(), signal.SIGKILL)
            return write(*args)
        return once

    controller = bulk.BulkController
    with (mock.patch.multiple(base, PROVIDERS=PROVIDERS, CONSUMERS=CONSUMERS),
          mock.patch.multiple(
              controller, add_providers=breaking(controller.add_providers),
              add_consumers=breaking(controller.add_consumers))):
        return manage.main(argv)


if __name__ == "__main__":
    sys.exit(main())
