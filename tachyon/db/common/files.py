"""What is wrong with the file of a backup."""

import contextlib
from collections.abc import Iterator

from tachyon import exception
from tachyon import files


@contextlib.contextmanager
def made(path: str) -> Iterator[str]:
    """Do as ``tachyon.files.made``.

    :raises BackupFailed: it is there already, or can't be written.
    """
    with trouble(path), files.made(path) as copy:
        yield copy


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
