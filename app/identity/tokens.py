"""Opaque tokens: issued once, kept as a hash, revocable at any time."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete, select, update

from app.domain.errors import Unauthenticated
from app.domain.roles import Caller, Role
from app.identity.models import AccessToken, UserAccount

_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True)
class TokenLifetimes:
    """How long a token is good: long for citizens, who have nothing to type; a working day for everybody else."""

    citizen: timedelta = timedelta(days=30)
    staff: timedelta = timedelta(hours=12)

    def of(self, roles: frozenset[Role]) -> timedelta:
        return self.citizen if roles == {Role.CITIZEN} else self.staff


@dataclass(frozen=True, slots=True)
class KnownCaller:
    """The caller behind a token, good until `expires_at`."""

    caller: Caller
    expires_at: datetime


def token_hash(token: str) -> str:
    """Return what is stored of a token. No salt: 256 random bits cannot be guessed from a plain SHA-256."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue_token(session: Session, *, user_id: int, lifetime: timedelta, now: datetime) -> str:
    """Return a new token for the user; it is not kept anywhere."""
    token = secrets.token_urlsafe(_RANDOM_BYTES)
    row = AccessToken(token_hash=token_hash(token), user_id=user_id, created_at=now, expires_at=now + lifetime)
    session.add(row)
    return token


def revoke_token(session: Session, *, hashed: str, now: datetime) -> None:
    """End a token; an unknown or ended one stays as it is."""
    open_one = (col(AccessToken.token_hash) == hashed, col(AccessToken.revoked_at).is_(None))
    session.exec(update(AccessToken).where(*open_one).values(revoked_at=now))


def revoke_all(session: Session, *, user_id: int, now: datetime) -> None:
    """End every token of a user, for instance when the account is closed."""
    theirs = (col(AccessToken.user_id) == user_id, col(AccessToken.revoked_at).is_(None))
    session.exec(update(AccessToken).where(*theirs).values(revoked_at=now))


def known_caller(session: Session, *, hashed: str, allows_demo: bool) -> KnownCaller:
    """Return the caller behind a token's hash, by one indexed row and its account.

    Expiry is for the reader to compare, so that it can tell the caller what happened.

    :raises Unauthenticated: unknown, revoked, or an account that is inactive or (unless `allows_demo`) a demonstration
    """
    query = (
        select(AccessToken.expires_at, UserAccount)
        .join(UserAccount, col(UserAccount.id) == col(AccessToken.user_id))
        .where(
            col(AccessToken.token_hash) == hashed,
            col(AccessToken.revoked_at).is_(None),
            col(UserAccount.is_active).is_(True),
        )
    )
    found = session.exec(query).first()
    if found is None:
        raise Unauthenticated
    expires_at, account = found
    if account.is_demo and not allows_demo:
        raise Unauthenticated
    return KnownCaller(caller=as_caller(account), expires_at=expires_at)


def as_caller(account: UserAccount) -> Caller:
    """Return the caller that a stored account stands for."""
    if account.id is None:
        raise ValueError("the account is not stored yet")
    return Caller(user_id=account.id, roles=account.role_set, unit_code=account.unit_code, area_code=account.area_code)


def forget_tokens(session: Session, *, expired_before: datetime, limit: int) -> int:
    """Delete up to `limit` tokens that expired before then; return how many."""
    old = select(AccessToken.token_hash).where(col(AccessToken.expires_at) < expired_before).limit(limit)
    return session.exec(delete(AccessToken).where(col(AccessToken.token_hash).in_(old))).rowcount
