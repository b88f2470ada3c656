"""How a socket stops to listen without losing who is at the door.

The kernel makes connections on its own, and a client may have sent its
request before anybody accepts. Closing the socket resets these. So newcomers
are turned away first, by a filter that drops the first packet of a handshake
(SO_ATTACH_FILTER, see socket(7)); then those who are there are accepted, and
the socket is closed. A client that came in between sends that packet again
after a second, as TCP does, and is refused, or finds another process.
"""

import ctypes
import select
import socket
import struct
from collections.abc import Callable

# Python's socket module does not have it; asm-generic/socket.h does.
SO_ATTACH_FILTER = 26
# Instructions of classic BPF (linux/filter.h): code, jumps if true and if
# not, operand. A packet begins with the TCP header, whose 14th byte has the
# flags: drop those with SYN (2), but without ACK (16).
_NO_NEWCOMERS = (
    (0x30, 0, 0, 13),               # load the byte
    (0x54, 0, 0, 0x12),             # and
    (0x15, 0, 1, 0x02),             # skip one if not equal
    (0x06, 0, 0, 0),                # drop
    (0x06, 0, 0, 0xFFFFFFFF),       # let all of it pass
)


def turn_away(listening: socket.socket) -> None:
    """Let no new handshake begin; those under way may end.

    :raises OSError: the kernel knows no such filter.
    """
    code = ctypes.create_string_buffer(b"".join(
        struct.pack("HBBI", *instruction) for instruction in _NO_NEWCOMERS))
    listening.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER,
        struct.pack("HP", len(_NO_NEWCOMERS), ctypes.addressof(code)))


def take_in(listening: socket.socket, accept: Callable[[], object],
            most: int) -> None:
    """Call ``accept`` as long as somebody waits, but not for ever: a
    process that is out of file descriptors can't take them in."""
    poll = select.poll()
    poll.register(listening, select.POLLIN)
    for _ in range(most):
        if not poll.poll(0):
            return
        accept()
