"""What the worker's ticks do with reports."""

from app.infra.clock import Clock
from app.infra.database import Database
from app.reports.escalate import fire_due
from app.reports.world import WorldHolder


def fire_due_timers(database: Database, world: WorldHolder, clock: Clock) -> int:
    """Fire one batch of due warnings and breaches; the ticker calls again while there is something left."""
    current = world.current()  # may read the database, so before a session is held
    with database.transaction() as session:
        return fire_due(session, world=current, now=clock())
