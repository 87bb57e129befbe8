"""Binding uploaded photos to a report, once and for ever."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from sqlalchemy import String, bindparam, case
from sqlalchemy.sql.dml import ReturningUpdate
from sqlmodel import Session, col, select, update

from app.domain.gcj02 import distance_m
from app.media.models import Photo, PhotoState
from app.media.refusals import PhotoFailed, PhotoNotFound, PhotoTaken

_LONGEST_GAP_S = 2**31 - 1
"""What the column holds on every database, 68 years; cameras whose clocks were never set are off by that much."""


def attach_photos(
    session: Session,
    *,
    photo_ids: Sequence[str],
    report_id: int,
    owner_id: int,
    place: tuple[float, float],
    now: datetime,
) -> None:
    """Bind the owner's photos to the report in the order given; an id given twice counts once.

    What the cameras noted is compared with `place` (WGS-84 lon, lat) and `now`, and the differences are kept. A photo
    that the worker has not rendered yet is as good as any.

    :raises PhotoNotFound: one does not exist, has expired or is somebody else's
    :raises PhotoTaken: one belongs to a report already
    :raises PhotoFailed: one could not be rendered
    """
    wanted = list(dict.fromkeys(photo_ids))
    if not wanted:
        return
    to = {"to_report": report_id, "to_owner": owner_id, "at": now}
    photos = {f"photo_{place}": photo_id for place, photo_id in enumerate(wanted)}
    rows = session.connection().execute(_binding(len(wanted)), to | photos).all()
    if len(rows) != len(wanted):
        bound = {row[0] for row in rows}
        _refuse(session, [photo_id for photo_id in wanted if photo_id not in bound], owner_id=owner_id)
    if failed := [row[0] for row in rows if row[4] is PhotoState.FAILED]:
        raise PhotoFailed(photo_ids=sorted(failed, key=wanted.index))
    gaps = [_gaps(*row[:4], place=place, now=now) for row in rows if row[1] is not None or row[3] is not None]
    if gaps:
        session.execute(update(Photo), gaps)


@lru_cache
def _binding(count: int) -> ReturningUpdate[str, float | None, float | None, datetime | None, PhotoState]:
    """Return the statement that binds so many photos; putting it together costs more than asking it."""
    ids = [bindparam(f"photo_{place}", type_=String) for place in range(count)]
    places = case(*((col(Photo.id) == photo_id, place) for place, photo_id in enumerate(ids)))
    free = (col(Photo.id).in_(ids), col(Photo.owner_id) == bindparam("to_owner"), col(Photo.report_id).is_(None))
    binding = update(Photo).where(*free)
    changed = binding.values(report_id=bindparam("to_report"), attached_at=bindparam("at"), position=places)
    hints = (col(Photo.exif_lon), col(Photo.exif_lat), col(Photo.taken_at))
    return changed.returning(col(Photo.id), *hints, col(Photo.state))


def _gaps(
    photo_id: str,
    lon: float | None,
    lat: float | None,
    taken_at: datetime | None,
    *,
    place: tuple[float, float],
    now: datetime,
) -> dict[str, object]:
    metres = None if lon is None or lat is None else round(distance_m(*place, lon, lat), 1)
    seconds = None if taken_at is None else round((now - taken_at).total_seconds())
    if seconds is not None:
        seconds = max(-_LONGEST_GAP_S, min(seconds, _LONGEST_GAP_S))
    return {"id": photo_id, "place_gap_m": metres, "time_gap_s": seconds}


def _refuse(session: Session, unbound: list[str], *, owner_id: int) -> None:
    """Say which photos were not to be had; the binding of the others ends with the transaction."""
    query = select(Photo.id).where(col(Photo.id).in_(unbound), col(Photo.owner_id) == owner_id)
    taken = set(session.exec(query))
    missing = [photo_id for photo_id in unbound if photo_id not in taken]
    if missing:
        raise PhotoNotFound(photo_ids=missing)
    raise PhotoTaken(photo_ids=unbound)
