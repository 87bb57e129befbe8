"""What the worker's ticks do with queues."""

from app.dispatch.tallies import fold
from app.infra.database import Database


def fold_queue_changes(database: Database) -> int:
    """Fold one batch of changes into the tallies."""
    with database.transaction() as session:
        return fold(session)
