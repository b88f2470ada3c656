"""Files that are there whole, or not at all."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator


@contextlib.contextmanager
def made(path: str) -> Iterator[str]:
    """Lend a path to write to; afterwards the file is on the disk, as
    ``path``. It is readable for its owner only, and takes no other's place.

    :raises OSError: it is there already, or can't be written.
    """
    path = os.path.abspath(path)
    if os.path.exists(path):
        raise FileExistsError(errno.EEXIST, "it exists already", path)
    with tempfile.TemporaryDirectory(
            dir=os.path.dirname(path), prefix=".tachyon-") as directory:
        copy = os.path.join(directory, "copy")
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL, 0o600))
        yield copy
        _sync(copy, os.O_RDONLY)
        os.link(copy, path)
        _sync(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: str, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
