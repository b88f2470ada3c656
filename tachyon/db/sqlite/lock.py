"""The write lock: who may write the store's file, in a fair order.

SQLite lets one writer in at a time, but leaves the others to poll for their
turn, which starves some of many. Writers therefore queue here first:

1. among the threads of one process: a queue, strictly first come first
   served (``_ThreadQueue``);
2. among processes: two locks of the kernel (``_FileQueue``). A process takes
   the *queue* lock, waits with it in hand for the *writer* lock, and then
   lets the queue lock go. Only one process at a time waits for the writer
   lock, so whoever has just written can't overtake it; the others wait for
   the queue lock, in the order in which they came. The kernel wakes a waiter
   at once, nobody polls, and frees the locks of a process that dies.

Measured, eight processes that claim as fast as they can for 4 s: 375 to 378
turns each, the longest wait 0.08 s. With the locks of oslo.concurrency and
fasteners, which poll, 41 to 757 turns and 1.6 s; left to SQLite's own busy
wait, 15 to 325 turns and 3.6 s.

The locks only give an order. What keeps writers apart is SQLite's own lock,
so a lost lock file costs fairness, never data.

A wait ends at its deadline, whatever the holder does (it may be stopped).
Since a blocking ``flock`` can't be given one, a helper thread blocks in it on
the process's behalf: if everybody who waited has given up, it lets the lock
go as soon as it gets it.
"""

import collections
import fcntl
import os
import threading
import time
import weakref

_locks: "weakref.WeakSet[WriteLock]" = weakref.WeakSet()


class WriteLock:
    """A fair lock between the threads and processes that write one file."""

    def __init__(self, path: str):
        self._path = path
        self._threads = _ThreadQueue()
        self._files = _FileQueue(path)
        _locks.add(self)

    def acquire(self, timeout: float) -> bool:
        """Wait up to ``timeout`` seconds; return whether it is ours now.

        :raises OSError: the lock files can't be used.
        """
        end = time.monotonic() + timeout
        if not self._threads.acquire(timeout):
            return False
        acquired = False
        try:
            acquired = self._files.acquire(max(0.0, end - time.monotonic()))
        finally:
            if not acquired:
                self._threads.release()
        return acquired

    def release(self) -> None:
        """Let the next one in."""
        try:
            self._files.release()
        finally:
            self._threads.release()

    def close(self) -> None:
        """Close the files, at the latest when a wait under way has ended."""
        self._files.close()

    def after_fork_in_child(self) -> None:
        """Forget what the parent's threads hold: they are not here."""
        self._files.abandon()
        self._threads = _ThreadQueue()
        self._files = _FileQueue(self._path)


class _ThreadQueue:
    """A lock that is handed over in the order in which it was asked for."""

    def __init__(self) -> None:
        self._mutex = threading.Lock()
        self._held = False
        self._waiting: collections.deque[threading.Lock] = collections.deque()

    def acquire(self, timeout: float) -> bool:
        with self._mutex:
            if not self._held:
                self._held = True
                return True
            turn = threading.Lock()
            turn.acquire()
            self._waiting.append(turn)
        if turn.acquire(timeout=timeout):
            return True
        with self._mutex:
            try:
                self._waiting.remove(turn)
            except ValueError:
                return True             # handed over at the last moment
        return False

    def release(self) -> None:
        with self._mutex:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False


class _FileQueue:
    """The queue between processes. One thread at a time uses it."""

    def __init__(self, path: str):
        self._paths = (path + "-queue", path + "-writer")
        self._mutex = threading.Lock()
        self._queue_fd = self._writer_fd = -1
        self._queue_held = False
        self._wanted = threading.Semaphore(0)
        self._granted = threading.Event()
        self._error: OSError | None = None
        self._helper: threading.Thread | None = None
        self._helper_waits = False      # is the helper in flock?
        self._caller_waits = False      # does anybody want what it will get?
        self._held = False              # by a caller
        self._closed = False

    def acquire(self, timeout: float) -> bool:
        with self._mutex:
            if self._closed:
                raise OSError("the store was closed")
            if self._writer_fd < 0:
                self._open()
            if not self._helper_waits:
                if self._try_acquire():
                    self._held = True
                    return True
                self._start_waiting()
            self._caller_waits = True
        self._granted.wait(timeout)
        with self._mutex:
            self._caller_waits = False
            if not self._granted.is_set():
                return False
            self._granted.clear()
            if self._error is not None:
                raise self._error
            self._held = True
            return True

    def release(self) -> None:
        with self._mutex:
            self._held = False
            fcntl.flock(self._writer_fd, fcntl.LOCK_UN)
            if self._closed:
                self._close_files()

    def close(self) -> None:
        with self._mutex:
            self._closed = True
            if not self._helper_waits and not self._held:
                self._close_files()
            self._wanted.release()

    def abandon(self) -> None:
        """Close the files of a parent process: its locks stay its own."""
        self._close_files()

    # ------------------------------------------------------------- internals
    def _open(self) -> None:
        fds = []
        try:
            for path in self._paths:
                fds.append(os.open(
                    path, os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC, 0o666))
        except OSError:
            for fd in fds:
                os.close(fd)
            raise
        self._queue_fd, self._writer_fd = fds

    def _close_files(self) -> None:
        for fd in (self._queue_fd, self._writer_fd):
            if fd >= 0:
                os.close(fd)
        self._queue_fd = self._writer_fd = -1
        self._queue_held = False

    def _try_acquire(self) -> bool:
        """Take both locks if nobody is in the way; keep the first anyway."""
        try:
            fcntl.flock(self._queue_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            self._queue_held = True
            fcntl.flock(self._writer_fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        self._leave_queue()
        return True

    def _leave_queue(self) -> None:
        fcntl.flock(self._queue_fd, fcntl.LOCK_UN)
        self._queue_held = False

    def _start_waiting(self) -> None:
        if self._helper is None:
            self._helper = threading.Thread(
                target=self._help, name="sqlite-write-lock", daemon=True)
            self._helper.start()
        self._helper_waits = True
        self._error = None
        self._wanted.release()

    def _help(self) -> None:
        while True:
            self._wanted.acquire()
            if not self._helper_waits:
                return                  # woken by close()
            error = self._block()
            with self._mutex:
                self._helper_waits = False
                if self._closed:
                    self._close_files()
                    error = error or OSError("the store was closed")
                elif error is None and not self._caller_waits:
                    fcntl.flock(self._writer_fd, fcntl.LOCK_UN)
                if self._caller_waits:
                    self._error = error
                    self._granted.set()
                if self._closed:
                    return

    def _block(self) -> OSError | None:
        try:
            if not self._queue_held:
                fcntl.flock(self._queue_fd, fcntl.LOCK_EX)
                self._queue_held = True
            fcntl.flock(self._writer_fd, fcntl.LOCK_EX)
            self._leave_queue()
        except OSError as exc:
            return exc
        return None


def _after_fork_in_child() -> None:
    for each in list(_locks):
        each.after_fork_in_child()


os.register_at_fork(after_in_child=_after_fork_in_child)
