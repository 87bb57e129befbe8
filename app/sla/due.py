"""Which timers have something to say now; they are claimed here and acted on by `app.reports.escalate`.

A step is due once its instant is past, not at it: finishing exactly at the deadline is in time.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, insert
from sqlmodel import Session, col, select

from app.domain.deadlines import DEFAULT_STEPS, Step
from app.domain.working_time import WorkingCalendar
from app.infra.claims import claim
from app.sla.models import Timer, TimerFiring
from app.sla.timers import set_next_step


@dataclass(frozen=True, slots=True)
class Fired:
    """A step of a timer that has just been recorded, and when it was due."""

    timer: Timer
    step: Step
    due_at: datetime


def is_due(now: datetime) -> ColumnElement[bool]:
    """Return the condition on `timer` that its next step is due."""
    return and_(col(Timer.next_step_at).is_not(None), col(Timer.next_step_at) < now)


def claim_due(session: Session, *, now: datetime, limit: int, report_ids: Sequence[int]) -> Sequence[Timer]:
    """Return timers of these reports whose next step is due, the longest overdue first, locked against others."""
    statement = (
        select(Timer)
        .where(is_due(now), col(Timer.report_id).in_(report_ids))
        .order_by(col(Timer.next_step_at), col(Timer.id))
    )
    return claim(session, statement, limit=limit)


def fire(session: Session, timers: Sequence[Timer], *, calendar: WorkingCalendar, now: datetime) -> list[Fired]:
    """Record one due step of each timer and set its next; the firing's primary key forbids a second time."""
    fired = [_next(timer, calendar=calendar) for timer in timers if _has_due(timer, now)]
    rows = [
        {
            "timer_id": each.timer.id,
            "step": each.timer.fired - 1,
            "kind": each.step.kind,
            "percent": each.step.percent,
            "due_at": each.due_at,
            "fired_at": now,
        }
        for each in fired
    ]
    if rows:
        session.execute(insert(TimerFiring), rows)
    return fired


def catch_up(session: Session, timers: Sequence[Timer], *, calendar: WorkingCalendar, now: datetime) -> list[Fired]:
    """Record every due step of a report's timers, oldest first.

    For an action that ends or pauses them: what no worker has come to say until now would otherwise be lost.
    """
    fired: list[Fired] = []
    while more := fire(session, timers, calendar=calendar, now=now):
        fired += more
    return fired


def _has_due(timer: Timer, now: datetime) -> bool:
    return timer.next_step_at is not None and timer.next_step_at < now


def _next(timer: Timer, *, calendar: WorkingCalendar) -> Fired:
    if timer.next_step_at is None:
        raise ValueError("the timer has nothing more to say")
    fired = Fired(timer, DEFAULT_STEPS[timer.fired], timer.next_step_at)
    timer.fired += 1
    set_next_step(timer, calendar=calendar)
    return fired
