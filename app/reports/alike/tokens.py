"""Tokens that let one citizen join one report without learning which it is: signed, sealed, good for an hour."""

import base64
import binascii
import hashlib
import hmac
import struct
from datetime import datetime, timedelta

from app.reports.alike.refusals import JoinTokenInvalid

LIFETIME = timedelta(hours=1)
"""Somebody reads the candidates, decides, and may have to look for a connection first."""

WRITTEN_AS = r"^[0-9A-Za-z_-]{40}$"
"""What a token looks like: 30 bytes in base64url."""

_SIGNATURE_BYTES = 18
_LAYOUT = struct.Struct(f">I{_SIGNATURE_BYTES}s8s")


def join_token(report_id: int, *, user_id: int, secret: bytes, now: datetime) -> str:
    """Return a token for a report: the expiry, a signature over everything, and the id masked by the signature.

    Ids are counted up, and would tell how many reports there are and whether two answers mean the same one.
    """
    expires = int((now + LIFETIME).timestamp())
    signature = _signature(report_id, user_id=user_id, expires=expires, secret=secret)
    packed = _LAYOUT.pack(expires, signature, _masked(report_id.to_bytes(8, "big"), signature, secret))
    return base64.urlsafe_b64encode(packed).decode()


def report_of_token(token: str, *, user_id: int, secret: bytes, now: datetime) -> int:
    """Return the id of the report that a token lets this user join.

    :raises JoinTokenInvalid: not made by us for this user, altered, or expired
    """
    try:
        expires, signature, masked = _LAYOUT.unpack(base64.urlsafe_b64decode(token))
    except (binascii.Error, struct.error, ValueError):
        raise JoinTokenInvalid from None
    report_id = int.from_bytes(_masked(masked, signature, secret), "big")
    expected = _signature(report_id, user_id=user_id, expires=expires, secret=secret)
    if not hmac.compare_digest(expected, signature) or now.timestamp() > expires:
        raise JoinTokenInvalid
    return report_id


def _signature(report_id: int, *, user_id: int, expires: int, secret: bytes) -> bytes:
    signed = f"join:{report_id}:{user_id}:{expires}".encode()
    return hmac.digest(secret, signed, hashlib.sha256)[:_SIGNATURE_BYTES]


def _masked(eight: bytes, signature: bytes, secret: bytes) -> bytes:
    """Mask or unmask eight bytes: the same signature never masks two different ids."""
    mask = hmac.digest(secret, b"join-mask:" + signature, hashlib.sha256)
    return bytes(one ^ other for one, other in zip(eight, mask, strict=False))
