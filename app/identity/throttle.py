"""A brake on guessing passwords: so many tries per login name and quarter of an hour, counted per process."""

import math
import threading
from collections import deque
from datetime import datetime, timedelta

from app.identity.refusals import TooManyAttempts


class LoginThrottle:
    """Counts tries per login name, known or not; a right password wipes the slate. Safe for many threads."""

    def __init__(self, *, limit: int = 10, window: timedelta = timedelta(minutes=15), most_names: int = 10_000) -> None:
        self._limit = limit
        self._window = window
        self._most_names = most_names
        self._tries: dict[str, deque[datetime]] = {}
        self._lock = threading.Lock()

    def begin_try(self, login_name: str, *, now: datetime) -> None:
        """Count a try before it is made, so that a burst of them cannot slip through together.

        :raises TooManyAttempts: the name has used up its tries
        """
        with self._lock:
            tries = self._tries.pop(login_name, deque())
            while tries and tries[0] <= now - self._window:
                tries.popleft()
            self._tries[login_name] = tries  # put back last: the names asked for longest ago go first
            if len(tries) >= self._limit:
                wait = tries[0] + self._window - now
                raise TooManyAttempts(retry_after_s=max(1, math.ceil(wait.total_seconds())))
            tries.append(now)
            while len(self._tries) > self._most_names:
                del self._tries[next(iter(self._tries))]

    def succeeded(self, login_name: str) -> None:
        with self._lock:
            self._tries.pop(login_name, None)
