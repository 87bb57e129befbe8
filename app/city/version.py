"""The number that tells every process that the city has changed."""

from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.city.models import CityVersion


def current_version(session: Session) -> int:
    """Return the version of the city; 0 before anything was loaded."""
    return session.exec(select(CityVersion.version)).one_or_none() or 0


def locked_version(session: Session) -> int:
    """Return the version of the city, which nobody else changes until the transaction ends."""
    return session.exec(select(CityVersion.version).with_for_update()).one_or_none() or 0


def bump_version(session: Session, *, now: datetime) -> None:
    """Count one change of the city; called in the transaction of the change.

    The row is locked until that transaction ends, so two changes get two numbers.
    """
    count = update(CityVersion).values(version=col(CityVersion.version) + 1, changed_at=now)
    if session.exec(count).rowcount == 0:
        session.add(CityVersion(version=1, changed_at=now))
        session.flush()  # a second bump in this transaction must find the row
