"""This will let due timers speak: one journal entry per step of a timer, in the transaction that records the step."""

from datetime import datetime

from sqlmodel import Session, col, select

from app.domain.deadlines import Step, StepKind
from app.domain.workflow import Action
from app.journal.write import CLOCK, Event
from app.reports.actions.engine import journal, not_before
from app.reports.models import Report
from app.reports.world import World
from app.sla.due import claim_due, fire
from app.sla.models import Timer

BATCH = 100

_ACTION = {StepKind.WARN: Action.WARN, StepKind.BREACH: Action.BREACH, StepKind.ESCALATE: Action.ESCALATE}


def fire_due(session: Session, *, world: World, now: datetime) -> int:
    """Fire at most a batch of due steps and return how many; two workers never fire the same one.

    The reports are locked before the timers, in the order that actions take them, so neither waits for the other.
    """
    due_reports = _lock_reports(session, now=now)
    if not due_reports:
        return 0
    timers = claim_due(session, now=now, limit=BATCH, report_ids=list(due_reports))
    if not timers:
        return 0
    due_times = [timer.next_step_at for timer in timers]
    steps = fire(session, timers, calendar=world.city.calendar, now=now)
    for timer, step, due_at in zip(timers, steps, due_times, strict=True):
        _note(session, due_reports[timer.report_id], timer, step, due_at=due_at, now=now)
    return len(timers)


def _lock_reports(session: Session, *, now: datetime) -> dict[int, Report]:
    due = (
        select(Timer.report_id)
        .where(col(Timer.next_step_at).is_not(None), col(Timer.next_step_at) <= now)
        .order_by(col(Timer.next_step_at), col(Timer.id))
        .limit(BATCH)
    )
    statement = select(Report).where(col(Report.id).in_(due)).order_by(col(Report.id)).with_for_update(skip_locked=True)
    return {report.id or 0: report for report in session.exec(statement)}


def _note(
    session: Session, report: Report, timer: Timer, step: Step, *, due_at: datetime | None, now: datetime
) -> None:
    facts = {
        "timer": timer.id,
        "stage": timer.stage.value,
        "percent": step.percent,
        "due_at": due_at.isoformat() if due_at else None,
        "unit": timer.unit_code,
    }
    at = not_before(now, report)
    event = Event(_ACTION[step.kind], at, CLOCK, report.status, report.status, report.holder, facts)
    journal(session, report, event)
    session.add(report)
