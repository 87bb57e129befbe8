"""Taking work so that nobody else takes it: rows by locking, single-runner tasks by leases."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Select, delete
from sqlmodel import Field, Session, SQLModel, col

from app.infra.upsert import insert_into

Row = TypeVar("Row")


def claim(session: Session, statement: Select[Row], *, limit: int, of: Any = None) -> Sequence[Row]:  # noqa: ANN401 - SQLAlchemy's own type
    """Return up to `limit` rows that no other transaction holds, locked until this transaction ends.

    PostgreSQL skips rows others have locked; SQLAlchemy leaves that clause out on SQLite, where a
    transaction is the only writer anyway. Mark the rows in the same transaction, or they will be claimed again.

    :param statement: selects one entity, ordered so that everybody would take the same rows first
    :param of: in a join, the entity to lock
    """
    locked = statement.limit(limit).with_for_update(skip_locked=True, of=of)
    return session.scalars(locked, execution_options={"populate_existing": True}).all()


class Lease(SQLModel, table=True):
    """Who may run a single-runner task until when."""

    name: str = Field(primary_key=True, max_length=64)
    owner: str = Field(max_length=64)
    expires_at: datetime


def take_lease(session: Session, name: str, owner: str, *, now: datetime, seconds: float) -> bool:
    """Take or extend the lease `name` for `seconds`; return whether `owner` holds it now.

    A lease is free when nobody has it or it has expired at `now`. One statement, so two takers cannot both win.
    """
    insert = insert_into(session, Lease).values(name=name, owner=owner, expires_at=now + timedelta(seconds=seconds))
    taken = insert.on_conflict_do_update(
        index_elements=[col(Lease.name)],
        set_={"owner": insert.excluded.owner, "expires_at": insert.excluded.expires_at},
        where=(col(Lease.expires_at) <= now) | (col(Lease.owner) == owner),
    ).returning(col(Lease.owner))
    return session.execute(taken).first() is not None


def release_lease(session: Session, name: str, owner: str) -> None:
    """Give the lease back early; nothing happens when `owner` does not hold it."""
    session.execute(delete(Lease).where(col(Lease.name) == name, col(Lease.owner) == owner))
