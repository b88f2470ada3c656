"""Ends what a test process started, even when that is killed with -9.

It runs as a script of its own, beside the test process, and reads orders from
its standard input: ``+ID`` (this process group is alive), ``-ID`` (this one
has ended), ``/PATH`` (this directory is to go). The end of the input says
that the test process is gone, however it went.
"""

import contextlib
import os
import shutil
import signal
import sys


def main() -> None:
    groups: set[int] = set()
    directories: list[str] = []
    for line in sys.stdin:
        order, value = line[0], line[1:].rstrip("\n")
        if order == "+":
            groups.add(int(value))
        elif order == "-":
            groups.discard(int(value))
        else:
            directories.append(order + value)
    for group in groups:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)
    for directory in directories:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    main()
