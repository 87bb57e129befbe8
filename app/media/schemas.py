"""Response words of photos."""

from datetime import datetime

from pydantic import BaseModel

from app.media.links import PhotoSize, photo_url
from app.media.models import Photo, PhotoKind


class PhotoRead(BaseModel):
    """An uploaded photo; name it by `photo_id` when reporting.

    `url` (at most 1600 pixels a side) and `thumb_url` (320) are relative and good for an hour or two. `width` and
    `height` are those of the upright original, `sha256` is of the bytes received.
    """

    photo_id: str
    kind: PhotoKind
    url: str
    thumb_url: str
    sha256: str
    width: int
    height: int


def photo_read(photo: Photo, *, secret: bytes, now: datetime) -> PhotoRead:
    return PhotoRead(
        photo_id=photo.id,
        kind=photo.kind,
        url=photo_url(photo.id, PhotoSize.LARGE, secret=secret, now=now),
        thumb_url=photo_url(photo.id, PhotoSize.SMALL, secret=secret, now=now),
        sha256=photo.sha256,
        width=photo.width,
        height=photo.height,
    )
