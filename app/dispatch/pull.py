"""This will take reports out of a queue for one person, so that nobody else gets the same one."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from app.domain.errors import Conflict
from app.domain.roles import Caller
from app.infra.claims import claim
from app.reports.access import get_for_update, is_leased, served_by
from app.reports.models import Report

LEASE = timedelta(minutes=10)
"""How long a pulled report is kept from colleagues without an action."""


class NotLeased(Conflict):
    """The caller does not hold this report."""

    code = "NOT_LEASED"


def pull(session: Session, *, queue: str, limit: int, caller: Caller, now: datetime) -> Sequence[Report]:
    """Let the caller hold up to `limit` reports of a queue for ten minutes, nearest deadline first.

    What they hold already comes first and counts, so asking again after a lost answer gives the same reports.
    """
    waiting = (
        select(Report)
        .where(Report.holder == queue, col(Report.due_at).is_not(None), served_by(caller, queue))
        .order_by(col(Report.due_at), col(Report.id))
    )
    mine = waiting.where(Report.lease_owner_id == caller.user_id, col(Report.lease_until) > now)
    held = _lock(session, mine, limit=limit)
    free = waiting.where(or_(col(Report.lease_until).is_(None), col(Report.lease_until) <= now))
    taken = claim(session, free, limit=limit - len(held)) if len(held) < limit else []
    for report in (*held, *taken):
        report.lease_owner_id, report.lease_until = caller.user_id, now + LEASE
        session.add(report)
    return [*held, *taken]


def _lock(session: Session, mine: SelectOfScalar[Report], *, limit: int) -> list[Report]:
    """Return the most urgent reports of one's own, locked in the order of their ids: so do others who lock several.

    Not by skipping: a colleague who lost the race for one of these may still have it locked for a moment.
    """
    urgent = mine.with_only_columns(col(Report.id)).limit(limit).subquery()
    locked = mine.where(col(Report.id).in_(select(urgent.c.id))).order_by(None).order_by(col(Report.id))
    held = session.scalars(locked.with_for_update()).all()
    return sorted(held, key=lambda report: (report.due_at or report.submitted_at, report.id or 0))


def release(session: Session, number: str, *, caller: Caller, now: datetime) -> Report:
    """Give a pulled report back to its queue.

    :raises NotLeased: the caller does not hold it
    :raises LeasedByAnother: a colleague does
    """
    report = get_for_update(session, number, caller=caller, version=None, now=now)
    if report.lease_owner_id != caller.user_id or not is_leased(report, now):
        raise NotLeased
    report.lease_owner_id, report.lease_until = None, None
    session.add(report)
    return report
