"""A sliding window per key: so many times in so long, counted per process."""

import math
import threading
from collections import deque
from datetime import datetime, timedelta

from app.infra.problem_families import TooManyRequests


class Throttle:
    """Counts what each key did in the last `window`; safe for many threads.

    Memory is bounded: of more than `most_keys` the ones heard of longest ago are forgotten. A `limit` of 0 counts
    nothing and refuses nobody.
    """

    def __init__(
        self,
        *,
        limit: int,
        window: timedelta,
        most_keys: int = 10_000,
        refusal: type[TooManyRequests] = TooManyRequests,
    ) -> None:
        self._limit = limit
        self._window = window
        self._most_keys = most_keys
        self._refusal = refusal
        self._times: dict[str, deque[datetime]] = {}
        self._lock = threading.Lock()

    def count(self, key: str, *, now: datetime) -> None:
        """Count one time before it is made, so that a burst cannot slip through together.

        :raises TooManyRequests: the key has used up its times; in the class given as `refusal`
        """
        if self._limit == 0:
            return
        with self._lock:
            times = self._times.pop(key, deque())
            while times and times[0] <= now - self._window:
                times.popleft()
            self._times[key] = times  # put back last: the keys heard of longest ago go first
            if len(times) >= self._limit:
                wait = times[0] + self._window - now
                raise self._refusal(retry_after_s=max(1, math.ceil(wait.total_seconds())))
            times.append(now)
            while len(self._times) > self._most_keys:
                del self._times[next(iter(self._times))]

    def forget(self, key: str) -> None:
        with self._lock:
            self._times.pop(key, None)
