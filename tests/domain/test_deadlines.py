"""Timer arithmetic on both clocks: pauses, rework, warnings, and what is late."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.deadlines import (
    DEFAULT_STEPS,
    Running,
    Step,
    StepKind,
    counted,
    due_at,
    instant_of,
    is_late,
    next_step,
    pause,
    resume,
    start,
)
from app.domain.limits import Clock, Limit, LimitUnit, elapsed
from app.domain.working_time import BEIJING, WorkingCalendar

CALENDAR = WorkingCalendar({})
FRIDAY_TEN = datetime(2026, 11, 20, 2, 0, tzinfo=UTC)
FOUR_WORK_HOURS = Limit(Decimal(4), LimitUnit.WORK_HOUR)
TWO_URGENT_HOURS = Limit(Decimal(2), LimitUnit.URGENT_HOUR)


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def running(limit: Limit, at: datetime = FRIDAY_TEN) -> Running:
    return start(limit, calendar=CALENDAR, at=at)


def deadline(timer: Running) -> datetime:
    due = due_at(timer, calendar=CALENDAR)
    assert due is not None
    return due


@pytest.mark.parametrize(
    ("limit", "start_at", "due"),
    [
        (FOUR_WORK_HOURS, "2026-11-20 10:00", "2026-11-20 16:00"),  # over lunch
        (FOUR_WORK_HOURS, "2026-11-20 08:00", "2026-11-20 12:00"),  # ends with the period, not after lunch
        (FOUR_WORK_HOURS, "2026-11-20 16:00", "2026-11-23 10:00"),  # over the weekend
        (FOUR_WORK_HOURS, "2026-11-20 20:00", "2026-11-23 12:00"),  # begins with the next period
        (TWO_URGENT_HOURS, "2026-11-20 23:00", "2026-11-21 01:00"),  # nights and weekends count
        (Limit(Decimal(1), LimitUnit.WORK_DAY), "2026-11-20 16:00", "2026-11-23 16:00"),
        (Limit(Decimal(1), LimitUnit.NATURAL_DAY), "2026-11-20 16:00", "2026-11-21 16:00"),
        (Limit(Decimal(90), LimitUnit.MINUTE), "2026-11-20 11:30", "2026-11-20 13:00"),
    ],
)
def test_a_limit_runs_on_the_clock_its_unit_names(limit: Limit, start_at: str, due: str) -> None:
    assert deadline(running(limit, beijing(start_at))) == beijing(due)


@pytest.mark.parametrize("limit", [FOUR_WORK_HOURS, TWO_URGENT_HOURS])
def test_finishing_exactly_at_the_deadline_is_in_time(limit: Limit) -> None:
    timer = running(limit)
    due = deadline(timer)
    assert not is_late(timer, calendar=CALENDAR, at=due)
    assert is_late(timer, calendar=CALENDAR, at=due + timedelta(microseconds=1))


@pytest.mark.parametrize("at", ["2026-11-20 12:00:01", "2026-11-20 13:30", "2026-11-20 14:00", "2026-11-21 09:00"])
def test_after_a_deadline_of_noon_it_is_late_though_no_working_second_has_passed(at: str) -> None:
    timer = running(FOUR_WORK_HOURS, beijing("2026-11-20 08:00"))
    assert deadline(timer) == beijing("2026-11-20 12:00")
    assert is_late(timer, calendar=CALENDAR, at=beijing(at))


def test_a_paused_timer_is_late_only_when_its_limit_was_used_up_before() -> None:
    timer = running(TWO_URGENT_HOURS)
    in_time = pause(timer, calendar=CALENDAR, at=FRIDAY_TEN + timedelta(hours=2))
    too_late = pause(timer, calendar=CALENDAR, at=FRIDAY_TEN + timedelta(hours=3))
    much_later = FRIDAY_TEN + timedelta(days=9)
    assert not is_late(in_time, calendar=CALENDAR, at=much_later)
    assert is_late(too_late, calendar=CALENDAR, at=much_later)


def test_a_pause_removes_the_working_time_that_passed_not_the_natural() -> None:
    timer = running(FOUR_WORK_HOURS)  # Friday 10:00
    paused = pause(timer, calendar=CALENDAR, at=beijing("2026-11-20 11:00"))
    assert due_at(paused, calendar=CALENDAR) is None
    # Away from Friday 11:00 to Monday 15:00: 1 h + 4 h + 4 h + 1 h of working time, 76 natural hours.
    again = resume(paused, at=beijing("2026-11-23 15:00"))
    assert counted(again, calendar=CALENDAR, at=beijing("2026-11-23 15:00")) == 3600
    assert deadline(again) == beijing("2026-11-23 18:00")


def test_nothing_is_counted_while_paused() -> None:
    paused = pause(running(TWO_URGENT_HOURS), calendar=CALENDAR, at=FRIDAY_TEN + timedelta(minutes=10))
    assert counted(paused, calendar=CALENDAR, at=FRIDAY_TEN + timedelta(days=3)) == 600
    assert pause(paused, calendar=CALENDAR, at=FRIDAY_TEN + timedelta(days=3)) == paused


def test_an_instant_before_the_start_counts_nothing() -> None:
    assert counted(running(TWO_URGENT_HOURS), calendar=CALENDAR, at=FRIDAY_TEN - timedelta(hours=1)) == 0


@pytest.mark.parametrize(
    ("used_hours", "left_hours"),
    [(1, 3), (3, 1), (3.5, 1), (4, 1), (9, 1)],
)
def test_rework_goes_on_with_what_is_left_but_at_least_a_quarter(used_hours: float, left_hours: float) -> None:
    timer = Running(Clock.WORKING, 4 * 3600, int(used_hours * 3600), None)
    again = resume(timer, at=FRIDAY_TEN, at_least_percent=25)
    assert again.limit_s - again.counted_s == left_hours * 3600


def test_a_plain_resumption_gives_nothing() -> None:
    timer = Running(Clock.WORKING, 4 * 3600, 4 * 3600, None)
    again = resume(timer, at=FRIDAY_TEN)
    assert again.counted_s == 4 * 3600
    assert deadline(again) == FRIDAY_TEN
    assert is_late(again, calendar=CALENDAR, at=FRIDAY_TEN + timedelta(seconds=1))


@given(st.integers(1, 500_000), st.integers(0, 1_000_000), st.sampled_from([0, 25, 50, 100]))
def test_rework_never_takes_time_away(limit_s: int, used: int, percent: int) -> None:
    timer = Running(Clock.NATURAL, limit_s, used, None)
    again = resume(timer, at=FRIDAY_TEN, at_least_percent=percent)
    assert again.counted_s <= used
    if percent:
        assert again.limit_s - again.counted_s >= limit_s * percent // 100
    assert again.counted_s == used or again.limit_s - again.counted_s <= limit_s


# Instants in working hours, at lunch, at night and at weekends.
instants = st.integers(0, 30 * 24 * 60).map(lambda minutes: FRIDAY_TEN + timedelta(minutes=minutes))


@given(
    st.sampled_from([FOUR_WORK_HOURS, TWO_URGENT_HOURS, Limit(Decimal(5), LimitUnit.WORK_DAY)]),
    st.lists(instants, min_size=1, max_size=9, unique=True).map(sorted),
)
def test_pauses_neither_lengthen_nor_shorten_what_is_counted(limit: Limit, turns: list[datetime]) -> None:
    """Run, pause, run, pause ...: what is counted is the time of the running parts, to the second."""
    timer, expected, since = running(limit), 0, FRIDAY_TEN
    is_running = True
    for turn in turns:
        if is_running:
            expected += elapsed(CALENDAR, limit.clock, since, turn)
            timer = pause(timer, calendar=CALENDAR, at=turn)
        else:
            since = turn
            timer = resume(timer, at=turn)
        is_running = not is_running
        assert counted(timer, calendar=CALENDAR, at=turn) == expected
    if is_running and expected <= timer.limit_s:
        due = deadline(timer)
        assert elapsed(CALENDAR, limit.clock, since, max(due, since)) == timer.limit_s - expected


@given(instants, st.integers(0, 999_999), st.integers(1, 6))
def test_fractions_of_a_second_lost_by_pauses_are_in_the_units_favour(
    at: datetime, microseconds: int, pauses: int
) -> None:
    timer = running(TWO_URGENT_HOURS)
    step = timedelta(seconds=10, microseconds=microseconds)
    now = at
    for _ in range(pauses):
        timer = pause(resume(timer, at=now), calendar=CALENDAR, at=now + step)
        now += step * 2
    exact = step * pauses
    assert exact - timedelta(seconds=pauses) < timedelta(seconds=timer.counted_s) <= exact


def test_warnings_come_at_half_and_four_fifths_and_the_breach_at_the_deadline() -> None:
    assert (
        Step(50, StepKind.WARN),
        Step(80, StepKind.WARN),
        Step(100, StepKind.BREACH),
    ) == DEFAULT_STEPS
    timer = running(FOUR_WORK_HOURS)
    found = [next_step(timer, fired, steps=DEFAULT_STEPS, calendar=CALENDAR) for fired in range(4)]
    assert found == [
        (DEFAULT_STEPS[0], beijing("2026-11-20 12:00")),
        (DEFAULT_STEPS[1], beijing("2026-11-20 15:12")),
        (DEFAULT_STEPS[2], beijing("2026-11-20 16:00")),
        None,
    ]


def test_a_paused_timer_has_nothing_to_say() -> None:
    paused = pause(running(FOUR_WORK_HOURS), calendar=CALENDAR, at=FRIDAY_TEN)
    assert next_step(paused, 0, steps=DEFAULT_STEPS, calendar=CALENDAR) is None
    assert instant_of(paused, 50, calendar=CALENDAR) is None


def test_a_share_used_up_before_falls_on_the_resumption() -> None:
    again = resume(Running(Clock.NATURAL, 3600, 1801, None), at=FRIDAY_TEN)
    assert instant_of(again, 50, calendar=CALENDAR) == FRIDAY_TEN
    assert instant_of(again, 80, calendar=CALENDAR) == FRIDAY_TEN + timedelta(seconds=2880 - 1801)


@given(st.integers(1, 10_000), instants)
def test_steps_come_in_order_and_the_last_is_the_deadline(minutes: int, at: datetime) -> None:
    timer = running(Limit(Decimal(minutes), LimitUnit.MINUTE), at)
    found = [next_step(timer, fired, steps=DEFAULT_STEPS, calendar=CALENDAR) for fired in range(3)]
    when = [step[1] for step in found if step]
    assert when == sorted(when)
    assert when[-1] == deadline(timer)


def test_instants_may_come_from_any_zone() -> None:
    timer = running(FOUR_WORK_HOURS, FRIDAY_TEN.astimezone(BEIJING))
    assert deadline(timer) == beijing("2026-11-20 16:00")
