"""Forgetting photos that were uploaded and never sent with a report."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col, delete

from app.infra.blobs import BlobMissing, BlobStore
from app.infra.claims import claim
from app.infra.database import Database
from app.media.models import Photo

KEPT_UNATTACHED = timedelta(hours=24)

_FILES = (col(Photo.original_key), col(Photo.large_key), col(Photo.small_key))


@dataclass(frozen=True, slots=True)
class Expired:
    """How many photos went, and the files that no photo needed any more at that moment."""

    count: int
    unused_keys: frozenset[str]


def expire_unattached(session: Session, *, before: datetime, limit: int) -> Expired:
    """Delete the rows of up to `limit` unattached photos uploaded before then, oldest first.

    Pass the unused files to `delete_unused` once the transaction has ended.
    """
    old = (
        select(Photo)
        .where(col(Photo.report_id).is_(None), col(Photo.created_at) < before)
        .order_by(col(Photo.created_at))
    )
    photos = claim(session, old, limit=limit)
    if not photos:
        return Expired(count=0, unused_keys=frozenset())
    session.exec(delete(Photo).where(col(Photo.id).in_([photo.id for photo in photos])))
    keys = {key for photo in photos for key in (photo.original_key, photo.large_key, photo.small_key) if key}
    return Expired(count=len(photos), unused_keys=frozenset(keys - _used(session, keys)))


def _used(session: Session, keys: Collection[str]) -> set[str]:
    """Return those of the files that some photo still needs; a rendering may be another photo's original."""
    return {key for column in _FILES for key in session.scalars(select(column).where(column.in_(keys))) if key}


def delete_unused(database: Database, blobs: BlobStore, keys: Collection[str]) -> int:
    """Delete files and return how many went; one that a new photo took up in the meantime is put back.

    One file at a time, so that whatever fails leaves at most one file to be put back, and that one is.
    """
    return sum(_is_gone(database, blobs, key) for key in keys)


def _is_gone(database: Database, blobs: BlobStore, key: str) -> bool:
    if _is_used(database, key):
        return False
    try:
        content = blobs.get(key)
    except BlobMissing:
        return False
    is_gone = False
    try:
        blobs.delete(key)
        is_gone = not _is_used(database, key)
    finally:
        if not is_gone:
            blobs.put(content, suffix=key.rsplit(".", 1)[1])
    return is_gone


def _is_used(database: Database, key: str) -> bool:
    with database.reading() as session:
        return bool(_used(session, [key]))
