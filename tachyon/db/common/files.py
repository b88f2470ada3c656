"""Files that are there whole, or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator

from tachyon import exception


@contextlib.contextmanager
def made(path: str) -> Iterator[str]:
    """Lend a path to write to; afterwards the file is on the disk, as
    ``path``. It is readable for its owner only, and takes no other's place.

    :raises BackupFailed: it is there already, or can't be written.
    """
    path = os.path.abspath(path)
    if os.path.exists(path):
        raise exception.BackupFailed(path=path, reason="it exists already")
    with trouble(path), tempfile.TemporaryDirectory(
            dir=os.path.dirname(path), prefix=".tachyon-backup-") as directory:
        copy = os.path.join(directory, "copy")
        os.close(os.open(copy, os.O_CREAT | os.O_EXCL, 0o600))
        yield copy
        _sync(copy, os.O_RDONLY)
        os.link(copy, path)
        _sync(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)


@contextlib.contextmanager
def trouble(path: str) -> Iterator[None]:
    """Say in one line what is wrong with a file.

    :raises BackupFailed:
    """
    try:
        yield
    except OSError as exc:
        raise exception.BackupFailed(
            path=exc.filename or path,
            reason=exc.strerror or str(exc)) from exc


def _sync(path: str, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
