"""The clockwork composition root: which job ticks how often."""

import signal
import threading
from datetime import timedelta
from functools import partial

from app.dispatch.jobs import fold_queue_changes
from app.identity.jobs import forget_old_tokens
from app.infra.blobs import BlobStore
from app.infra.clock import Clock
from app.infra.database import Database
from app.infra.idempotency import forget_before
from app.infra.scheduler import Ticker
from app.media.jobs import expire_photos, render_photos
from app.reports.jobs import fire_due_timers
from app.reports.world import WorldHolder
from app.rulebook.rehearsals.jobs import Rehearsing
from app.search.jobs import Indexing

KEYS_KEPT = timedelta(days=7)
"""How long a client may resend with the same Idempotency-Key: longer than a draft survives on a phone."""

KEYS_AT_A_TIME = 500

THREADS = 12
"""One for each job at least: following the city and the rules waits for no replay, no photo and no index."""


class Worker:
    """A process's ticks: every process follows the city, one or more do the jobs."""

    def __init__(self, database: Database, world: WorldHolder, blobs: BlobStore, *, clock: Clock) -> None:
        self._parts = database, world, blobs, clock
        self.ticker = Ticker(clock=clock, threads=THREADS)
        self._rehearsing = Rehearsing(database, world, clock=clock)

    def start(self, *, with_jobs: bool) -> None:
        database, world, blobs, clock = self._parts
        self.ticker.every(2, "follow the city", world.refresh)
        if with_jobs:
            self.ticker.every(1, "fire due timers", partial(fire_due_timers, database, world, clock))
            self.ticker.every(1, "render photos", partial(render_photos, database, blobs, clock))
            self.ticker.every(1, "count queues", partial(fold_queue_changes, database))
            self.ticker.every(1, "read words", Indexing(database, clock=clock))
            self.ticker.every(2, "rehearse rules", self._rehearsing)
            self.ticker.every(60, "expire photos", lambda: expire_photos(database, blobs, clock()))
            self.ticker.every(60, "forget keys", partial(_forget_keys, database, clock))
            self.ticker.every(300, "forget tokens", lambda: forget_old_tokens(database, clock()))
        self.ticker.start()

    def stop(self) -> None:
        self._rehearsing.stop()
        self.ticker.stop()


def _forget_keys(database: Database, clock: Clock) -> int:
    with database.transaction() as session:
        return forget_before(session, clock() - KEYS_KEPT, limit=KEYS_AT_A_TIME)


def run_until_told(worker: Worker) -> None:
    """Tick until SIGINT or SIGTERM, then finish what is running."""
    told = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: told.set())
    worker.start(with_jobs=True)
    told.wait()
    worker.stop()
