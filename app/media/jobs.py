"""What the worker does about photos."""

from datetime import datetime

from app.infra.blobs import BlobStore
from app.infra.clock import Clock
from app.infra.database import Database
from app.media.expire import KEPT_UNATTACHED, delete_unused, expire_unattached
from app.media.rendering import Rendered, claim_waiting, put_right, render_claimed, settle

_BATCH = 20
"""Files are held in memory while they are deleted: at most 20 photos of some 10 MB."""


def expire_photos(database: Database, blobs: BlobStore, now: datetime) -> int:
    """Forget a batch of photos that nobody attached within 24 hours; return how many."""
    with database.transaction() as session:
        expired = expire_unattached(session, before=now - KEPT_UNATTACHED, limit=_BATCH)
    delete_unused(database, blobs, expired.unused_keys)
    return expired.count


def render_photos(database: Database, blobs: BlobStore, clock: Clock) -> int:
    """Render one heavy photo that waits; return 0 when none is due.

    One at a time: the ticker never runs two of the same job, and two of the huge ones would need 2 GB.
    """
    with database.transaction() as session:
        claimed = claim_waiting(session, now=clock())
    if claimed is None:
        return 0
    outcome = render_claimed(blobs, claimed)
    with database.transaction() as session:
        is_kept = settle(session, claimed, outcome, now=clock())
    if isinstance(outcome, Rendered):
        put_right(database, blobs, outcome, is_kept=is_kept)
    return 1
