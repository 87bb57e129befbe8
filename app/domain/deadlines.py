"""Timer arithmetic: a stage's limit, its pauses and its deadline, counted on the clock the limit names.

A pause removes the counted time that passed while paused: counted seconds of the running intervals are added up,
natural seconds are never subtracted from working seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from app.domain.limits import Clock, Limit, add_seconds, elapsed
from app.domain.working_time import WorkingCalendar


class StepKind(str, Enum):
    """What happens at a share of the limit."""

    WARN = "warn"
    BREACH = "breach"
    ESCALATE = "escalate"


@dataclass(frozen=True, slots=True)
class Step:
    """At `percent` of the limit, do `kind`; `percent` is 100 for the breach."""

    percent: int
    kind: StepKind


DEFAULT_STEPS = (Step(50, StepKind.WARN), Step(80, StepKind.WARN), Step(100, StepKind.BREACH))


@dataclass(frozen=True, slots=True)
class Running:
    """One timer's arithmetic: `limit_s` seconds on `clock`, `counted_s` used before `since`; paused when None."""

    clock: Clock
    limit_s: int
    counted_s: int
    since: datetime | None


def start(limit: Limit, *, calendar: WorkingCalendar, at: datetime) -> Running:
    return Running(limit.clock, limit.seconds(calendar), 0, at)


def counted(timer: Running, *, calendar: WorkingCalendar, at: datetime) -> int:
    """Return the seconds used up to `at` on the timer's own clock."""
    if timer.since is None:
        return timer.counted_s
    return timer.counted_s + elapsed(calendar, timer.clock, timer.since, max(at, timer.since))


def pause(timer: Running, *, calendar: WorkingCalendar, at: datetime) -> Running:
    return replace(timer, counted_s=counted(timer, calendar=calendar, at=at), since=None)


def resume(timer: Running, *, at: datetime, at_least_percent: int = 0) -> Running:
    """Go on counting; with `at_least_percent`, at least that share of the limit is left (rework)."""
    most = timer.limit_s - timer.limit_s * at_least_percent // 100
    return replace(timer, counted_s=min(timer.counted_s, most) if at_least_percent else timer.counted_s, since=at)


def instant_of(timer: Running, percent: int, *, calendar: WorkingCalendar) -> datetime | None:
    """Return when a running timer has used `percent` of its limit; None while it is paused.

    A share used up before the last resumption falls on that resumption.
    """
    if timer.since is None:
        return None
    left = timer.limit_s * percent // 100 - timer.counted_s
    if left <= 0:
        return timer.since
    return add_seconds(calendar, timer.clock, timer.since, left)


def due_at(timer: Running, *, calendar: WorkingCalendar) -> datetime | None:
    return instant_of(timer, 100, calendar=calendar)


def is_late(timer: Running, *, calendar: WorkingCalendar, at: datetime) -> bool:
    """Tell whether the deadline is past; finishing exactly at it is in time.

    The instant decides, not the count: a deadline of 12:00 is missed at 13:00, though no working second has passed.
    """
    due = due_at(timer, calendar=calendar)
    return timer.counted_s > timer.limit_s if due is None else at > due


def next_step(
    timer: Running, fired: int, *, steps: Sequence[Step], calendar: WorkingCalendar
) -> tuple[Step, datetime] | None:
    """Return the step after the first `fired` ones and when it is due; None when paused or none is left."""
    if fired >= len(steps):
        return None
    at = instant_of(timer, steps[fired].percent, calendar=calendar)
    return None if at is None else (steps[fired], at)
