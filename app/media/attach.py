"""Binding uploaded photos to a report, once and for ever."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import case
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
    places = case({photo_id: place for place, photo_id in enumerate(wanted)}, value=col(Photo.id))
    free = (col(Photo.id).in_(wanted), col(Photo.owner_id) == owner_id, col(Photo.report_id).is_(None))
    binding = update(Photo).where(*free).values(report_id=report_id, attached_at=now, position=places)
    hints = (col(Photo.exif_lon), col(Photo.exif_lat), col(Photo.taken_at))
    noted = binding.returning(col(Photo.id), *hints, col(Photo.state))
    rows = session.execute(noted, execution_options={"synchronize_session": False}).all()
    if len(rows) != len(wanted):
        bound = {row[0] for row in rows}
        _refuse(session, [photo_id for photo_id in wanted if photo_id not in bound], owner_id=owner_id)
    if failed := [row[0] for row in rows if row[4] is PhotoState.FAILED]:
        raise PhotoFailed(photo_ids=sorted(failed, key=wanted.index))
    gaps = [_gaps(*row[:4], place=place, now=now) for row in rows if row[1] is not None or row[3] is not None]
    if gaps:
        session.execute(update(Photo), gaps)


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
