"""Which timers have something to say now; they are claimed here and acted on by `app.reports.escalate`."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import insert
from sqlmodel import Session, col, select

from app.domain.deadlines import DEFAULT_STEPS, Running, Step, next_step
from app.domain.working_time import WorkingCalendar
from app.infra.claims import claim
from app.sla.models import Timer, TimerFiring


def claim_due(session: Session, *, now: datetime, limit: int, report_ids: Sequence[int]) -> Sequence[Timer]:
    """Return timers of these reports whose next step is due, the longest overdue first, locked against others."""
    statement = (
        select(Timer)
        .where(
            col(Timer.next_step_at).is_not(None), col(Timer.next_step_at) <= now, col(Timer.report_id).in_(report_ids)
        )
        .order_by(col(Timer.next_step_at), col(Timer.id))
    )
    return claim(session, statement, limit=limit)


def fire(session: Session, timers: Sequence[Timer], *, calendar: WorkingCalendar, now: datetime) -> list[Step]:
    """Record one step of each claimed timer and set its next; the firing's primary key forbids a second time."""
    fired: list[Step] = []
    rows: list[dict[str, object]] = []
    for timer in timers:
        step = DEFAULT_STEPS[timer.fired]
        rows.append(
            {
                "timer_id": timer.id,
                "step": timer.fired,
                "kind": step.kind,
                "percent": step.percent,
                "due_at": timer.next_step_at,
                "fired_at": now,
            }
        )
        timer.fired += 1
        arithmetic = Running(timer.clock, timer.limit_s, timer.counted_s, timer.since)
        coming = next_step(arithmetic, timer.fired, steps=DEFAULT_STEPS, calendar=calendar)
        timer.next_step_at = coming[1] if coming else None
        fired.append(step)
    session.execute(insert(TimerFiring), rows)
    return fired
