"""Starting, pausing, resuming and stopping the timers of one report, inside the caller's transaction.

The caller holds the report's row lock, so a report's timers have one writer at a time.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, insert, or_
from sqlmodel import Session, SQLModel, col, select

from app.domain.deadlines import DEFAULT_STEPS, Running, counted, due_at, is_late, next_step, pause, resume, start
from app.domain.limits import Limit
from app.domain.workflow import Stage
from app.domain.working_time import WorkingCalendar
from app.sla.models import Timer, TimerState

_ADD = insert(SQLModel.metadata.tables["timer"])
LIVE = (TimerState.RUNNING, TimerState.PAUSED)


def arithmetic_of(timer: Timer) -> Running:
    """Return what a timer's row counts."""
    return Running(timer.clock, timer.limit_s, timer.counted_s, timer.since)


def _set(timer: Timer, arithmetic: Running, *, calendar: WorkingCalendar) -> None:
    """Copy the arithmetic onto the row and work out when it is due and when it next speaks."""
    timer.counted_s, timer.since = arithmetic.counted_s, arithmetic.since
    timer.state = TimerState.PAUSED if arithmetic.since is None else TimerState.RUNNING
    timer.due_at = due_at(arithmetic, calendar=calendar)
    set_next_step(timer, calendar=calendar)


def set_next_step(timer: Timer, *, calendar: WorkingCalendar) -> None:
    """Work out when a timer next speaks: after the steps it has fired, and not while it stands."""
    coming = next_step(arithmetic_of(timer), timer.fired, steps=DEFAULT_STEPS, calendar=calendar)
    timer.next_step_at = coming[1] if coming else None


def new_timer(
    *,
    report_id: int,
    stage: Stage,
    limit: Limit,
    unit_code: str | None,
    calendar: WorkingCalendar,
    now: datetime,
) -> Timer:
    """Return a running timer; the caller adds it to its session."""
    timer = Timer(
        report_id=report_id,
        stage=stage,
        unit_code=unit_code,
        state=TimerState.RUNNING,
        clock=limit.clock,
        limit_amount=limit.amount,
        limit_unit=limit.unit,
        limit_s=limit.seconds(calendar),
        started_at=now,
    )
    _set(timer, Running(limit.clock, timer.limit_s, 0, now), calendar=calendar)
    return timer


def instant_row(*, stage: Stage, limit: Limit, calendar: WorkingCalendar, now: datetime) -> dict[str, Any]:
    """Return the row of a stage that a rule passed through in no time: stopped as it began, with its deadline.

    A plain row: a submission by rule has three of them, and building them as objects was a seventh of its cost.
    """
    arithmetic = start(limit, calendar=calendar, at=now)
    return {
        "stage": stage,
        "unit_code": None,
        "state": TimerState.STOPPED,
        "clock": limit.clock,
        "limit_amount": limit.amount,
        "limit_unit": limit.unit,
        "limit_s": arithmetic.limit_s,
        "counted_s": 0,
        "started_at": now,
        "since": None,
        "due_at": due_at(arithmetic, calendar=calendar),
        "stopped_at": now,
        "is_late": False,
        "fired": 0,
        "next_step_at": None,
    }


def store_new(session: Session, report_id: int, *, passed: Sequence[dict[str, Any]], running: Timer) -> None:
    """Store the timers of a new report in one statement; `running` gets no id and is not tracked."""
    rows = [*passed, running.model_dump(exclude={"id"})]
    session.execute(_ADD, [row | {"report_id": report_id} for row in rows])


def timers_of(session: Session, report_id: int) -> Sequence[Timer]:
    return session.exec(select(Timer).where(Timer.report_id == report_id).order_by(col(Timer.id))).all()


def pause_timer(timer: Timer, *, calendar: WorkingCalendar, now: datetime) -> None:
    _set(timer, pause(arithmetic_of(timer), calendar=calendar, at=now), calendar=calendar)


def resume_timer(timer: Timer, *, calendar: WorkingCalendar, now: datetime, at_least_percent: int = 0) -> None:
    """Let a paused or stopped timer run on; steps it has fired stay fired."""
    stopped = Running(timer.clock, timer.limit_s, timer.counted_s, None)
    timer.stopped_at, timer.is_late = None, False
    _set(timer, resume(stopped, at=now, at_least_percent=at_least_percent), calendar=calendar)


def stop_timer(timer: Timer, *, calendar: WorkingCalendar, now: datetime, is_cancelled: bool = False) -> None:
    """End a timer; it keeps its deadline and whether it was met. Exactly at the deadline is in time."""
    running = arithmetic_of(timer)
    timer.is_late = not is_cancelled and is_late(running, calendar=calendar, at=now)
    timer.counted_s, timer.since = counted(running, calendar=calendar, at=now), None
    timer.stopped_at, timer.next_step_at = now, None
    timer.state = TimerState.CANCELLED if is_cancelled else TimerState.STOPPED


def clock_timers(session: Session, report_id: int) -> Sequence[Timer]:
    """Return what an action may stop or resume: live timers and handling timers that a rework may wake."""
    statement = (
        select(Timer)
        .where(
            Timer.report_id == report_id,
            or_(
                col(Timer.state).in_(LIVE),
                and_(col(Timer.state) == TimerState.STOPPED, col(Timer.stage) == Stage.HANDLE),
            ),
        )
        .order_by(col(Timer.id))
    )
    return session.exec(statement).all()
