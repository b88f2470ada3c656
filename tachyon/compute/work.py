"""The work in hand of a compute: many instances at once, each in order."""

import collections
import dataclasses
import logging
import threading
from collections.abc import Callable
from concurrent import futures

LOG = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Job:
    """Something to do with an instance. ``attempt`` is None for what is not
    a delivery, and whose message claim therefore needs no renewal."""

    instance_id: str
    attempt: int | None
    run: Callable[[], None]


class Work:
    """Runs jobs on a pool of threads, never two of one instance at once.

    Those of one instance run in the order in which they were added.
    """

    def __init__(self, size: int):
        self._pool = futures.ThreadPoolExecutor(
            max_workers=size, thread_name_prefix="work")
        self._lock = threading.Lock()
        self._queues: dict[str, collections.deque[Job]] = {}
        self._stopping = False

    def add(self, job: Job) -> bool:
        """Take a job in; False if the same delivery is in hand already, or
        this is to stop."""
        with self._lock:
            jobs = self._queues.get(job.instance_id)
            if self._stopping or (jobs and job.attempt is not None and any(
                    other.attempt == job.attempt for other in jobs)):
                return False
            # An empty one is about to be looked at once more by its thread.
            if jobs is not None:
                jobs.append(job)
                return True
            self._queues[job.instance_id] = collections.deque([job])
            self._pool.submit(self._run, job.instance_id)
            return True

    def deliveries(self) -> list[tuple[str, int]]:
        """Return (instance id, attempt) of all deliveries in hand."""
        with self._lock:
            return [(job.instance_id, job.attempt)
                    for jobs in self._queues.values() for job in jobs
                    if job.attempt is not None]

    def is_busy(self, instance_id: str) -> bool:
        """Return whether anything is in hand for an instance."""
        with self._lock:
            return instance_id in self._queues

    def has_newer(self, instance_id: str, attempt: int) -> bool:
        """Return whether a later delivery of an instance is in hand."""
        with self._lock:
            return any(job.attempt is not None and job.attempt > attempt
                       for job in self._queues.get(instance_id, ()))

    def stop(self) -> None:
        """Wait for the jobs that run; drop those that have not begun: their
        messages will be delivered again."""
        with self._lock:
            self._stopping = True
        self._pool.shutdown(wait=True)

    def _run(self, instance_id: str) -> None:
        while (job := self._head(instance_id)) is not None:
            try:
                job.run()
            except Exception:
                LOG.exception("Work on instance %s ended unexpectedly",
                              instance_id)
            with self._lock:
                self._queues[instance_id].popleft()

    def _head(self, instance_id: str) -> Job | None:
        with self._lock:
            jobs = self._queues[instance_id]
            if self._stopping or not jobs:
                del self._queues[instance_id]
                return None
            return jobs[0]
