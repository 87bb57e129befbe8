"""What the worker's ticks do with identity."""

from datetime import datetime, timedelta

from app.identity.tokens import forget_tokens
from app.infra.database import Database

KEPT_AFTER_EXPIRY = timedelta(days=7)
AT_A_TIME = 500


def forget_old_tokens(database: Database, now: datetime) -> int:
    """Delete one batch of tokens that expired a week ago."""
    with database.transaction() as session:
        return forget_tokens(session, expired_before=now - KEPT_AFTER_EXPIRY, limit=AT_A_TIME)
