"""Links to photos that need no login: signed, and good for an hour or two.

A mini-program's `<image>` sends no Authorization header, so the right to see a photo is in its address. Whoever
hands out the address decides who may see it.
"""

import base64
import hashlib
import hmac
from datetime import datetime
from enum import Enum

from app.media.refusals import LinkInvalid

_SIGNATURE_BYTES = 16


class PhotoSize(str, Enum):
    """The two pictures made of every photo: at most 1600 and 320 pixels a side."""

    LARGE = "large"
    SMALL = "small"


def photo_url(photo_id: str, size: PhotoSize, *, secret: bytes, now: datetime, ttl_s: int = 3600) -> str:
    """Return the path and query of a photo, good for at least `ttl_s` and less than twice that.

    The expiry is rounded up, so that the address stays the same for a while and caches can work.
    """
    expires = (int(now.timestamp()) // ttl_s + 2) * ttl_s
    return f"/media/{photo_id}/{size.value}.jpg?e={expires}&s={_signature(photo_id, size, expires, secret)}"


def check_link(photo_id: str, size: PhotoSize, *, expires: int, signature: str, secret: bytes, now: datetime) -> int:
    """Return for how many seconds the link is still good.

    :raises LinkInvalid: not made by us, altered, or expired
    """
    left = expires - int(now.timestamp())
    expected = _signature(photo_id, size, expires, secret)
    if not hmac.compare_digest(expected.encode(), signature.encode()) or left <= 0:
        raise LinkInvalid
    return left


def _signature(photo_id: str, size: PhotoSize, expires: int, secret: bytes) -> str:
    """Return 128 bits of HMAC-SHA256, enough for links that live for hours."""
    signed = f"photo:{photo_id}:{size.value}:{expires}".encode()
    digest = hmac.digest(secret, signed, hashlib.sha256)[:_SIGNATURE_BYTES]
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
