"""Free TCP ports of 127.0.0.1, for test processes that run side by side."""

import itertools
import os
import socket

# Below the ports that the kernel hands to outgoing connections, so that no
# client takes one between its choice and its use.
FIRST, COUNT = 10000, 20000
_numbers = itertools.count(os.getpid() * 101)


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def find() -> int:
    """Return a port that nobody listens on, another with each call."""
    for number in itertools.islice(_numbers, COUNT):
        port = FIRST + number % COUNT
        if is_free(port):
            return port
    raise RuntimeError("No free port on 127.0.0.1.")
