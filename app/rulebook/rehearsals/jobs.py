"""What the worker does about dry runs."""

import threading

from app.infra.clock import Clock
from app.infra.database import Database
from app.reports.world import WorldHolder
from app.rulebook.rehearsals.claiming import claim_next, is_any_waiting
from app.rulebook.rehearsals.running import Stopped, carry_out


class Rehearsing:
    """Carries out one dry run after the other; of several workers, each takes another one."""

    def __init__(self, database: Database, world: WorldHolder, *, clock: Clock) -> None:
        self._database, self._world, self._clock = database, world, clock
        self._is_stopping = threading.Event()

    def __call__(self) -> int:
        """Carry one out; 0 when none waits."""
        with self._database.reading() as session:
            if not is_any_waiting(session):
                return 0  # without a transaction that would lock out every other writer
        with self._database.transaction() as session:
            run = claim_next(session, now=self._clock())
        if run is None:
            return 0
        city = self._world.cities.current()
        carry_out(self._database, run, city=city, clock=self._clock, tell=self._tell)
        return 1

    def stop(self) -> None:
        """Let go of the dry run after the chunk that it is at; whoever comes next begins it again."""
        self._is_stopping.set()

    def _tell(self, _done: int, _total: int) -> None:
        if self._is_stopping.is_set():
            raise Stopped
