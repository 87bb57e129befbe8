"""A known photo that its client sends again: it is as young as a new one, and one given up gets another try."""

from datetime import datetime

from sqlmodel import Session, col, select, update

from app.infra.blobs import BlobStore
from app.media.models import Photo, PhotoState
from app.media.rendering import GAVE_UP


def restore_original(blobs: BlobStore, original: bytes, photo: Photo) -> None:
    """Write the bytes of a photo that was given up once more: they may be what was missing. Not in a transaction."""
    if photo.failure == GAVE_UP:
        blobs.put(original, suffix=photo.original_key.rsplit(".", 1)[1])


def renewed(session: Session, photo: Photo, *, now: datetime) -> Photo | None:
    """Return the photo as if it had come just now, or None if it has expired in the meantime.

    One that belongs to a report keeps its age. One on which the worker gave up without a verdict waits for it again.
    """
    this = col(Photo.id) == photo.id
    young = update(Photo).where(this, col(Photo.report_id).is_(None)).values(created_at=now)
    again = {"state": PhotoState.PROCESSING, "render_at": now, "render_attempts": 0, "failure": None}
    given_up = (col(Photo.state) == PhotoState.FAILED, col(Photo.failure) == GAVE_UP)
    for statement in (young, update(Photo).where(this, *given_up).values(again)):
        session.exec(statement, execution_options={"synchronize_session": False})
    # Unattached and still there, it is locked by now; attached, it never expires.
    return session.exec(select(Photo).where(this)).first()
