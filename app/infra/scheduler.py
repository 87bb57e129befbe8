"""The ticker: runs jobs at an interval, never two of the same at a time, never silent."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from app.infra.clock import Clock, now

_log = structlog.get_logger(__name__)

Job = Callable[[], int]
"""Does one batch of work and says how much there was; 0 means nothing is left."""

TICKING = "ticking"
"""What the names of the threads begin with in which ticks run."""

MAX_ROUNDS = 100
"""Batches of one job per tick: a backlog must not keep the other jobs from their threads."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What a job last failed with; `count` failures in a row, the first at `since`."""

    count: int
    error: str
    since: datetime
    at: datetime


class Ticker:
    """APScheduler with its memory store: it supplies the tick and nothing else.

    Whether work is due, and who may do it, is decided by rows in the database; so any number of processes may tick.
    """

    def __init__(self, *, threads: int = 4, clock: Clock = now) -> None:
        self._clock = clock
        self._jobs: dict[str, Job] = {}
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(threads, pool_kwargs={"thread_name_prefix": TICKING})},
            job_defaults={"max_instances": 1, "coalesce": True, "misfire_grace_time": None},
        )
        self._is_stopping = threading.Event()
        self.failures: dict[str, Failure] = {}
        self.last_success: dict[str, datetime] = {}

    def every(self, seconds: float, name: str, job: Job) -> None:
        """Run `job` when the ticker starts and then every `seconds`; each run repeats it until it returns 0.

        :raises ValueError: the name is taken
        """
        if name in self._jobs:
            raise ValueError(f"two jobs named {name}")
        self._jobs[name] = job
        self._scheduler.add_job(self.tick, "interval", args=[name], id=name, seconds=seconds, next_run_time=now())

    def start(self) -> None:
        self._scheduler.start()

    def stop(self, *, wait: bool = True) -> None:
        """Start no further run or batch; with `wait`, return when the running ones have ended."""
        self._is_stopping.set()
        self._scheduler.shutdown(wait=wait)

    def tick(self, name: str) -> int:
        """Run one job now, in this thread, until nothing is left; return how much was done.

        What the job raises is logged and kept in `failures` until the job succeeds again.
        """
        started = time.perf_counter()
        done = 0
        try:
            for _ in range(MAX_ROUNDS):
                batch = self._jobs[name]()
                done += batch
                if batch <= 0 or self._is_stopping.is_set():
                    break
        except Exception as error:  # noqa: BLE001 - the ticker outlives any job; the failure is recorded
            self._failed(name, error)
        else:
            self.failures.pop(name, None)
            self.last_success[name] = self._clock()
        if done:
            _log.info("job", job=name, done=done, ms=round((time.perf_counter() - started) * 1000, 1))
        return done

    def _failed(self, name: str, error: Exception) -> None:
        at = self._clock()
        before = self.failures.get(name)
        self.failures[name] = Failure(
            count=before.count + 1 if before else 1,
            error=type(error).__qualname__,  # the message may name people; the log knows more
            since=before.since if before else at,
            at=at,
        )
        _log.error("job failed", job=name, failures=self.failures[name].count, exc_info=error)
