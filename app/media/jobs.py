"""What the worker does about photos."""

from datetime import datetime

from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.media.expire import KEPT_UNATTACHED, delete_unused, expire_unattached

_BATCH = 20
"""Files are held in memory while they are deleted: at most 20 photos of some 10 MB."""


def expire_photos(database: Database, blobs: BlobStore, now: datetime) -> int:
    """Forget a batch of photos that nobody attached within 24 hours; return how many."""
    with database.transaction() as session:
        expired = expire_unattached(session, before=now - KEPT_UNATTACHED, limit=_BATCH)
    delete_unused(database, blobs, expired.unused_keys)
    return expired.count
