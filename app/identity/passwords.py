"""Passwords: argon2id, a few at a time."""

import threading
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.identity.refusals import PasswordTooShort

SHORTEST = 8

# OWASP Password Storage Cheat Sheet: argon2id with m = 19 MiB, t = 2, p = 1; some 20 ms of CPU.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)

# A burst of logins must not take every core and 19 MiB each.
_TURNS = threading.BoundedSemaphore(2)


def hash_password(password: str) -> str:
    """Return what is stored of a password.

    :raises PasswordTooShort: fewer than 8 characters
    """
    if len(password) < SHORTEST:
        raise PasswordTooShort(min_length=SHORTEST)
    with _TURNS:
        return _HASHER.hash(password)


def is_password(password: str, hashed: str | None) -> bool:
    """Compare; where there is nothing to compare with, take the same time and say no."""
    with _TURNS:
        try:
            _HASHER.verify(hashed or _nobodys_hash(), password)
        except (VerificationError, InvalidHashError):
            return False
    return bool(hashed)


@cache
def _nobodys_hash() -> str:
    return _HASHER.hash("nobody has this password")
