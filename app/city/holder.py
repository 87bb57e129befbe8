"""Keeps the current snapshot of a process and swaps it when the city changes."""

import threading
from datetime import date, datetime, timedelta

from app.city.snapshot import CitySnapshot, load_snapshot
from app.city.version import current_version
from app.domain.working_time import beijing_day
from app.infra.clock import Clock, now
from app.infra.database import Database

_PATIENCE = timedelta(seconds=1)


class SnapshotHolder:
    """One per process. Requests ask `current()`, a tick calls `refresh()`."""

    def __init__(self, database: Database, *, clock: Clock = now) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._snapshot: CitySnapshot | None = None
        self._day = date.min
        self._checked_at: datetime | None = None

    def current(self) -> CitySnapshot:
        """Return the snapshot in memory; only the very first call reads the database."""
        return self._snapshot or self._first()

    def refresh(self) -> bool:
        """Swap the snapshot if the version row or the Beijing day has changed, and say whether it did.

        Asks the database at most once a second, and lets one thread ask at a time; the others go on with the
        snapshot they have. Must not be called while the thread holds a session.
        """
        if not self._lock.acquire(blocking=self._snapshot is None):
            return False
        try:
            instant = self._clock()
            if self._checked_at is not None and abs(instant - self._checked_at) < _PATIENCE:
                return False
            if self._snapshot is not None and self._is_up_to_date(self._snapshot, instant):
                self._checked_at = instant
                return False
            self._load(instant)
            return True
        finally:
            self._lock.release()

    def reload(self) -> CitySnapshot:
        """Read the city now, whatever the version row says."""
        with self._lock:
            return self._load(self._clock())

    def _first(self) -> CitySnapshot:
        with self._lock:
            return self._snapshot or self._load(self._clock())

    def _is_up_to_date(self, snapshot: CitySnapshot, instant: datetime) -> bool:
        if beijing_day(instant) != self._day:  # units and cells begin and end with a day
            return False
        with self._database.reading() as session:
            return current_version(session) == snapshot.version

    def _load(self, instant: datetime) -> CitySnapshot:
        day = beijing_day(instant)
        with self._database.reading(snapshot=True) as session:  # never half of one grid and half of the next
            snapshot = load_snapshot(session, today=day)
        self._snapshot, self._day, self._checked_at = snapshot, day, instant
        return snapshot
