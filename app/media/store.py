"""Keeping a photo: its files first, then its row."""

import secrets
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.infra.blobs import BlobStore
from app.infra.upsert import insert_into
from app.media.images import PhotoFacts, Rendering
from app.media.models import Photo, PhotoKind, PhotoState
from app.media.queries import photo_of_client
from app.media.refusals import PhotoClientIdReused

_RANDOM_BYTES = 16


@dataclass(frozen=True, slots=True)
class Shown:
    """Where the two files that people see are, and the difference hash of the picture."""

    large: str
    small: str
    dhash: str


@dataclass(frozen=True, slots=True)
class PhotoFiles:
    """Where a photo's files are; `shown` is None while the worker has not rendered it."""

    original: str
    shown: Shown | None


def put_files(blobs: BlobStore, original: bytes, facts: PhotoFacts, rendering: Rendering | None) -> PhotoFiles:
    """Write the files. They are named by content, so doing it again is harmless; not to be done in a transaction."""
    key = blobs.put(original, suffix=facts.format.suffix)
    return PhotoFiles(original=key, shown=None if rendering is None else put_rendering(blobs, rendering))


def put_rendering(blobs: BlobStore, rendering: Rendering) -> Shown:
    return Shown(
        large=blobs.put(rendering.large, suffix="jpg"),
        small=blobs.put(rendering.small, suffix="jpg"),
        dhash=rendering.dhash,
    )


def has_files(blobs: BlobStore, files: PhotoFiles) -> bool:
    keys = [files.original, *((files.shown.large, files.shown.small) if files.shown else ())]
    return all(blobs.exists(key) for key in keys)


def store_photo(
    session: Session,
    facts: PhotoFacts,
    files: PhotoFiles,
    *,
    owner_id: int,
    kind: PhotoKind,
    client_id: str | None,
    now: datetime,
) -> Photo:
    """Add the photo, or return the one that the owner's `client_id` stands for already.

    Without its pictures it waits for the worker.

    :raises PhotoClientIdReused: that one is another picture
    """
    shown = files.shown
    photo = Photo(
        id=secrets.token_urlsafe(_RANDOM_BYTES),
        owner_id=owner_id,
        kind=kind,
        client_id=client_id,
        sha256=facts.sha256,
        original_key=files.original,
        large_key=shown.large if shown else None,
        small_key=shown.small if shown else None,
        dhash=shown.dhash if shown else None,
        state=PhotoState.PROCESSING if shown is None else PhotoState.READY,
        render_at=now if shown is None else None,
        mime=facts.format.mime,
        size_bytes=facts.size_bytes,
        width=facts.width,
        height=facts.height,
        taken_at=facts.hints.taken_at,
        taken_at_is_assumed=facts.hints.taken_at_is_assumed,
        exif_lon=facts.hints.lon,
        exif_lat=facts.hints.lat,
        created_at=now,
    )
    insert = insert_into(session, Photo).values(photo.model_dump()).on_conflict_do_nothing()
    if session.exec(insert).rowcount == 1:
        return photo
    return same_photo(session, owner_id=owner_id, client_id=client_id, sha256=facts.sha256) or photo


def same_photo(session: Session, *, owner_id: int, client_id: str | None, sha256: str) -> Photo | None:
    """Return the photo this owner uploaded under `client_id`, or None if there is none yet.

    :raises PhotoClientIdReused: there is one, of other bytes
    """
    known = None if client_id is None else photo_of_client(session, owner_id=owner_id, client_id=client_id)
    if known is not None and known.sha256 != sha256:
        raise PhotoClientIdReused(client_id=client_id)
    return known
