"""Counts what a refused request must not have left behind."""

from sqlalchemy import func, select

from app.infra.database import Database
from app.infra.idempotency import IdempotencyRecord
from app.journal.models import JournalEntry
from app.media.models import Photo
from app.reports.models import Report
from app.sla.models import Timer

_TABLES = (Report, Photo, JournalEntry, Timer, IdempotencyRecord)


def rows_of(database: Database) -> dict[str, int]:
    """Return how many rows each table has that a request on reports can write to."""
    with database.reading() as session:
        return {
            str(table.__tablename__): session.execute(select(func.count()).select_from(table)).scalar_one()
            for table in _TABLES
        }
