"""Keeping a photo: its files first, then its row."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.infra.blobs import BlobStore
from app.infra.upsert import insert_into
from app.media.images import RenderedPhoto
from app.media.models import Photo, PhotoKind
from app.media.queries import photo_of_client
from app.media.refusals import PhotoClientIdReused

_RANDOM_BYTES = 16


@dataclass(frozen=True, slots=True)
class PhotoKeys:
    """Where the three files of a photo are."""

    original: str
    large: str
    small: str


def put_files(blobs: BlobStore, original: bytes, rendered: RenderedPhoto) -> PhotoKeys:
    """Write the files. They are named by content, so doing it again is harmless; not to be done in a transaction."""
    return PhotoKeys(
        original=blobs.put(original, suffix=rendered.format.suffix),
        large=blobs.put(rendered.large, suffix="jpg"),
        small=blobs.put(rendered.small, suffix="jpg"),
    )


def has_files(blobs: BlobStore, keys: PhotoKeys) -> bool:
    return all(blobs.exists(key) for key in (keys.original, keys.large, keys.small))


def store_photo(
    session: Session,
    rendered: RenderedPhoto,
    keys: PhotoKeys,
    *,
    owner_id: int,
    kind: PhotoKind,
    client_id: str | None,
    now: datetime,
) -> Photo:
    """Add the photo, or return the one that the owner's `client_id` stands for already.

    :raises PhotoClientIdReused: that one is another picture
    """
    photo = Photo(
        id=secrets.token_urlsafe(_RANDOM_BYTES),
        owner_id=owner_id,
        kind=kind,
        client_id=client_id,
        sha256=rendered.sha256,
        original_key=keys.original,
        large_key=keys.large,
        small_key=keys.small,
        mime=rendered.format.mime,
        size_bytes=rendered.size_bytes,
        width=rendered.width,
        height=rendered.height,
        taken_at=rendered.taken_at,
        taken_at_is_assumed=rendered.taken_at_is_assumed,
        exif_lon=rendered.exif_lon,
        exif_lat=rendered.exif_lat,
        created_at=now,
    )
    insert = insert_into(session, Photo).values(photo.model_dump()).on_conflict_do_nothing()
    if session.exec(insert).rowcount == 1:
        return photo
    return same_photo(session, owner_id=owner_id, client_id=client_id, sha256=rendered.sha256) or photo


def same_photo(session: Session, *, owner_id: int, client_id: str | None, sha256: str) -> Photo | None:
    """Return the photo this owner uploaded under `client_id`, or None if there is none yet.

    :raises PhotoClientIdReused: there is one, of other bytes
    """
    known = None if client_id is None else photo_of_client(session, owner_id=owner_id, client_id=client_id)
    if known is not None and known.sha256 != sha256:
        raise PhotoClientIdReused(client_id=client_id)
    return known
