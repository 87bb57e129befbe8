"""Binding uploaded photos to a report, once and for ever."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case
from sqlmodel import Session, col, select, update

from app.media.models import Photo
from app.media.refusals import PhotoNotFound, PhotoTaken


def attach_photos(session: Session, *, photo_ids: Sequence[str], report_id: int, owner_id: int, now: datetime) -> None:
    """Bind the owner's photos to the report in the order given; an id given twice counts once.

    :raises PhotoNotFound: one does not exist, has expired or is somebody else's
    :raises PhotoTaken: one belongs to a report already
    """
    wanted = list(dict.fromkeys(photo_ids))
    if not wanted:
        return
    places = case({photo_id: place for place, photo_id in enumerate(wanted)}, value=col(Photo.id))
    free = (col(Photo.id).in_(wanted), col(Photo.owner_id) == owner_id, col(Photo.report_id).is_(None))
    binding = update(Photo).where(*free).values(report_id=report_id, attached_at=now, position=places)
    bound = set(session.scalars(binding.returning(col(Photo.id)), execution_options={"synchronize_session": False}))
    if len(bound) != len(wanted):
        _refuse(session, [photo_id for photo_id in wanted if photo_id not in bound], owner_id=owner_id)


def _refuse(session: Session, unbound: list[str], *, owner_id: int) -> None:
    """Say which photos were not to be had; the binding of the others ends with the transaction."""
    query = select(Photo.id).where(col(Photo.id).in_(unbound), col(Photo.owner_id) == owner_id)
    taken = set(session.exec(query))
    missing = [photo_id for photo_id in unbound if photo_id not in taken]
    if missing:
        raise PhotoNotFound(photo_ids=missing)
    raise PhotoTaken(photo_ids=unbound)
