"""This will let due timers speak: one journal entry per step of a timer, in the transaction that records the step."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.reports.actions.engine import journal, not_before, step_event
from app.reports.models import Report
from app.reports.world import World
from app.sla.due import claim_due, fire, is_due
from app.sla.models import Timer

BATCH = 100


def fire_due(session: Session, *, world: World, now: datetime) -> int:
    """Fire at most a batch of due steps and return how many; two workers never fire the same one.

    The reports are locked before the timers, in the order that actions take them, so neither waits for the other.
    """
    due_reports = _lock_reports(session, now=now)
    if not due_reports:
        return 0
    timers = claim_due(session, now=now, limit=BATCH, report_ids=list(due_reports))
    fired = fire(session, timers, calendar=world.city.calendar, now=now)
    for each in fired:
        report = due_reports[each.timer.report_id]
        at = not_before(now, report)
        journal(session, report, [step_event(each, status=report.status, holder=report.holder, at=at)])
        session.add(report)
    return len(fired)


def _lock_reports(session: Session, *, now: datetime) -> dict[int, Report]:
    due = select(Timer.report_id).where(is_due(now)).order_by(col(Timer.next_step_at), col(Timer.id)).limit(BATCH)
    statement = select(Report).where(col(Report.id).in_(due)).order_by(col(Report.id)).with_for_update(skip_locked=True)
    return {report.id or 0: report for report in session.exec(statement)}
