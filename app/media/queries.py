"""Reading photos: those of reports, one by its id, one by the name its client gave it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from app.media.links import PhotoSize
from app.media.models import Photo, PhotoKind, PhotoState
from app.media.refusals import PhotoNotFound


@dataclass(frozen=True, slots=True)
class PhotoRef:
    """What a report shows of a photo, as described in `app.media.models.Photo`.

    Its addresses come from `app.media.links.photo_url`, once it is ready.
    """

    id: str
    kind: PhotoKind
    state: PhotoState
    failure: str | None
    owner_id: int
    sha256: str
    width: int
    height: int
    taken_at: datetime | None
    taken_at_is_assumed: bool
    exif_lon: float | None
    exif_lat: float | None
    place_gap_m: float | None
    time_gap_s: int | None
    attached_at: datetime | None


def photos_of(session: Session, report_ids: Collection[int]) -> dict[int, list[PhotoRef]]:
    """Return the photos of each report, in the order they were attached and given; every report has an entry."""
    photos: dict[int, list[PhotoRef]] = {report_id: [] for report_id in report_ids}
    if not photos:
        return photos
    query = (
        select(Photo)
        .where(col(Photo.report_id).in_(photos))
        .order_by(col(Photo.attached_at), col(Photo.position), col(Photo.id))
    )
    for photo in session.exec(query):
        if photo.report_id is not None:
            photos[photo.report_id].append(_ref(photo))
    return photos


def _ref(photo: Photo) -> PhotoRef:
    return PhotoRef(
        id=photo.id,
        kind=photo.kind,
        state=photo.state,
        failure=photo.failure,
        owner_id=photo.owner_id,
        sha256=photo.sha256,
        width=photo.width,
        height=photo.height,
        taken_at=photo.taken_at,
        taken_at_is_assumed=photo.taken_at_is_assumed,
        exif_lon=photo.exif_lon,
        exif_lat=photo.exif_lat,
        place_gap_m=photo.place_gap_m,
        time_gap_s=photo.time_gap_s,
        attached_at=photo.attached_at,
    )


def hashes_of(session: Session, report_ids: Collection[int]) -> list[tuple[int, int, str]]:
    """Return (report id, owner's id, difference hash) of the photos of reports, without those that have no hash yet."""
    query = select(Photo.report_id, Photo.owner_id, Photo.dhash).where(
        col(Photo.report_id).in_(report_ids), col(Photo.dhash).is_not(None)
    )
    found = session.exec(query)
    return [(report_id, owner_id, dhash) for report_id, owner_id, dhash in found if report_id is not None and dhash]


# Made once: every submission near another one asks it.
_OWN_HASHES: Final = select(Photo.dhash).where(
    col(Photo.id).in_(bindparam("photos", expanding=True)),
    col(Photo.owner_id) == bindparam("owner"),
    col(Photo.dhash).is_not(None),
)


def own_hashes(session: Session, photo_ids: Collection[str], *, owner_id: int) -> list[str]:
    """Return the difference hashes of somebody's photos, without those that have none yet."""
    wanted = {"photos": list(photo_ids), "owner": owner_id}
    return [row[0] for row in session.connection().execute(_OWN_HASHES, wanted)]


def photo_with(session: Session, photo_id: str) -> Photo:
    """Return one photo.

    :raises PhotoNotFound: there is none
    """
    photo = session.get(Photo, photo_id)
    if photo is None:
        raise PhotoNotFound(photo_ids=[photo_id])
    return photo


def own_photo(session: Session, photo_id: str, *, owner_id: int) -> Photo:
    """Return a photo to the one who uploaded it.

    :raises PhotoNotFound: there is none, or it is somebody else's
    """
    photo = photo_with(session, photo_id)
    if photo.owner_id != owner_id:
        raise PhotoNotFound(photo_ids=[photo_id])
    return photo


def shown_key(session: Session, photo_id: str, size: PhotoSize) -> str:
    """Return where the picture of a photo is that people see.

    :raises PhotoNotFound: there is no such photo, or it is not ready
    """
    photo = photo_with(session, photo_id)
    key = {PhotoSize.LARGE: photo.large_key, PhotoSize.SMALL: photo.small_key}[size]
    if key is None:
        raise PhotoNotFound(photo_ids=[photo_id])
    return key


def photo_of_client(session: Session, *, owner_id: int, client_id: str) -> Photo | None:
    """Return the photo that this owner's client named `client_id`."""
    return session.exec(select(Photo).where(col(Photo.owner_id) == owner_id, col(Photo.client_id) == client_id)).first()
