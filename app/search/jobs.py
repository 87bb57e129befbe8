"""What the worker's ticks do with the search."""

import secrets

from app.infra.claims import take_lease
from app.infra.clock import Clock
from app.infra.database import Database
from app.search.index import index_waiting, is_anything_waiting

LEASE_S = 10
"""How long another worker waits for one that died while it was reading."""


class Indexing:
    """One worker's turn at reading words; of several workers, one at a time gets it."""

    def __init__(self, database: Database, *, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._owner = secrets.token_hex(8)

    def __call__(self) -> int:
        """Read one batch; 0 when nothing waits or another worker is at it."""
        with self._database.reading() as session:
            if not is_anything_waiting(session):
                return 0  # without taking the lease, which would write to the disk every second
        with self._database.transaction() as session:
            # The lease's row stays locked until the batch is committed, so even an expired lease lets nobody in.
            if not take_lease(session, "index texts", self._owner, now=self._clock(), seconds=LEASE_S):
                return 0
            return index_waiting(session)
