"""Idempotency-Key: the same key with the same body gets the first answer again.

Follows draft-ietf-httpapi-idempotency-key-header; keys belong to a caller.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Annotated

from fastapi import Depends, Header
from sqlalchemy import Text, delete, select, tuple_, update
from sqlmodel import Field, Session, SQLModel, col

from app.domain.errors import Conflict, Invalid
from app.infra.upsert import insert_into

KEY_PATTERN = r"^[\x21-\x7e]+$"
"""Visible ASCII."""


class KeyReused(Invalid):
    """The key was used for another request; the client made a mistake."""

    code = "IDEMPOTENCY_KEY_REUSED"


class KeyRunning(Conflict):
    """The first request with this key has not been answered."""

    code = "IDEMPOTENCY_KEY_RUNNING"
    retryable = True


class IdempotencyRecord(SQLModel, table=True):
    """A key and the answer it got; written in the transaction of the request, so a failed request leaves no key."""

    __tablename__ = "idempotency_key"

    caller_id: int = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=128)
    route: str = Field(max_length=128)
    body_hash: str = Field(max_length=64)
    status_code: int | None = None
    body: str | None = Field(default=None, sa_type=Text)
    subject: str | None = Field(default=None, max_length=64)
    created_at: datetime = Field(index=True)


_KEYS = SQLModel.metadata.tables["idempotency_key"]
"""For statements that no loaded record needs to learn of: an UPDATE through the ORM costs several times as much."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the first request was told: status, JSON text, and the public name of what it made."""

    status_code: int
    body: str
    subject: str | None


def body_hash(body: bytes) -> str:
    """Return the SHA-256 of a request body, in hexadecimal."""
    return sha256(body).hexdigest()


def claim_key(
    session: Session, *, caller_id: int, key: str, route: str, body_hash: str, now: datetime
) -> Answer | None:
    """Take the key for this transaction: None means go on and `complete`, an answer means return that instead.

    A second request with the same key waits here until the first has ended (PostgreSQL: on the unique key;
    SQLite: on BEGIN IMMEDIATE). If the first failed, the second takes its place.

    :param route: what the key is for, e.g. `POST /reports`; keys are the caller's own, not the route's
    :raises KeyReused: the key came with another route or body before
    :raises KeyRunning: an earlier transaction took the key and never completed it
    """
    placed = (
        insert_into(session, IdempotencyRecord)
        .values(caller_id=caller_id, key=key, route=route, body_hash=body_hash, created_at=now)
        .on_conflict_do_nothing()
        .returning(col(IdempotencyRecord.key))
    )
    if session.execute(placed).first() is not None:
        return None
    record = _find(session, caller_id=caller_id, key=key)
    if record is not None and (record.route, record.body_hash) != (route, body_hash):
        raise KeyReused
    answer = _answer(record) if record else None
    if answer is None:
        raise KeyRunning
    return answer


def complete(
    session: Session, *, caller_id: int, key: str, status_code: int, body: str, subject: str | None = None
) -> None:
    """Write down the answer to a key this transaction has claimed."""
    session.execute(
        update(_KEYS)
        .where(_KEYS.c.caller_id == caller_id, _KEYS.c.key == key)
        .values(status_code=status_code, body=body, subject=subject)
    )


def find_by_key(session: Session, *, caller_id: int, key: str) -> Answer | None:
    """Return what the caller was told for this key, so that a client can ask "did it arrive?"."""
    record = _find(session, caller_id=caller_id, key=key)
    return _answer(record) if record else None


def forget_before(session: Session, instant: datetime, *, limit: int) -> int:
    """Delete up to `limit` keys older than `instant`, oldest first; return how many."""
    primary = tuple_(col(IdempotencyRecord.caller_id), col(IdempotencyRecord.key))
    old = (
        select(col(IdempotencyRecord.caller_id), col(IdempotencyRecord.key))
        .where(col(IdempotencyRecord.created_at) < instant)
        .order_by(col(IdempotencyRecord.created_at))
        .limit(limit)
    )
    removed = session.execute(delete(IdempotencyRecord).where(primary.in_(old)).returning(col(IdempotencyRecord.key)))
    return len(removed.all())


def _find(session: Session, *, caller_id: int, key: str) -> IdempotencyRecord | None:
    return session.get(IdempotencyRecord, (caller_id, key), populate_existing=True)


def _answer(record: IdempotencyRecord) -> Answer | None:
    if record.status_code is None or record.body is None:
        return None
    return Answer(status_code=record.status_code, body=record.body, subject=record.subject)


async def _idempotency_key(
    idempotency_key: Annotated[
        str | None,
        Header(
            alias="Idempotency-Key",
            min_length=1,
            max_length=128,
            pattern=KEY_PATTERN,
            description="同一请求重发时保持不变",
        ),
    ] = None,
) -> str | None:
    return idempotency_key


IdempotencyKey = Annotated[str | None, Depends(_idempotency_key)]
"""The request's Idempotency-Key (1 to 128 visible ASCII characters), or None; anything else is a 422."""
