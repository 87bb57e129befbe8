"""Response words of photos."""

from datetime import datetime

from pydantic import BaseModel

from app.media.links import PhotoSize, photo_url
from app.media.models import Photo, PhotoKind, PhotoState
from app.texts import text


class PhotoRead(BaseModel):
    """An uploaded photo; name it by `photo_id` when reporting, at once.

    While a heavy one (every HEIC, the largest of the others) is `processing`, `url` (at most 1600 pixels a side) and
    `thumb_url` (320) are null; ask again. Then it is `ready`, and they are relative and good for an hour or two, or it
    has `failed`, and cannot be sent with a report any more. `state_text` says so in words. `width` and `height` are
    those of the upright original, `sha256` is of the bytes received.
    """

    photo_id: str
    kind: PhotoKind
    state: PhotoState
    state_text: str
    url: str | None
    thumb_url: str | None
    sha256: str
    width: int
    height: int


def photo_read(photo: Photo, *, secret: bytes, now: datetime) -> PhotoRead:
    url, thumb_url = photo_links(photo.id, photo.state, secret=secret, now=now)
    return PhotoRead(
        photo_id=photo.id,
        kind=photo.kind,
        state=photo.state,
        state_text=state_text(photo.state, photo.failure),
        url=url,
        thumb_url=thumb_url,
        sha256=photo.sha256,
        width=photo.width,
        height=photo.height,
    )


def photo_links(photo_id: str, state: PhotoState, *, secret: bytes, now: datetime) -> tuple[str | None, str | None]:
    """Return the addresses of the large and the small picture, of which a photo that is not ready has none."""
    if state is not PhotoState.READY:
        return None, None
    large, small = (photo_url(photo_id, size, secret=secret, now=now) for size in (PhotoSize.LARGE, PhotoSize.SMALL))
    return large, small


def state_text(state: PhotoState, failure: str | None) -> str:
    """Say in words whether a photo can be seen, and why not."""
    return text(f"photo_state.{state.value}" if failure is None else f"photo_failure.{failure}")
