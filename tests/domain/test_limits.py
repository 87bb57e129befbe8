"""Limits: which clock, how many seconds, when due."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.limits import BadLimit, Clock, Limit, LimitUnit, add_seconds, due_at, elapsed
from app.domain.working_time import BEIJING, WorkingCalendar
from app.texts import text

PLAIN = WorkingCalendar({})
SHORT_DAYS = WorkingCalendar({}, periods=((540, 720), (780, 1020)))  # 9-12 and 13-17: seven hours


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=BEIJING).astimezone(UTC)


@pytest.mark.parametrize(
    ("amount", "unit", "clock", "seconds"),
    [
        ("30", LimitUnit.MINUTE, Clock.NATURAL, 1_800),
        ("0.25", LimitUnit.WORK_HOUR, Clock.WORKING, 900),
        ("4", LimitUnit.WORK_HOUR, Clock.WORKING, 14_400),
        ("2", LimitUnit.WORK_DAY, Clock.WORKING, 57_600),
        ("0.5", LimitUnit.WORK_DAY, Clock.WORKING, 14_400),
        ("2", LimitUnit.URGENT_HOUR, Clock.NATURAL, 7_200),
        ("1.5", LimitUnit.URGENT_DAY, Clock.NATURAL, 129_600),
        ("7", LimitUnit.NATURAL_DAY, Clock.NATURAL, 604_800),
    ],
)
def test_each_unit_has_its_clock_and_its_seconds(amount: str, unit: LimitUnit, clock: Clock, seconds: int) -> None:
    limit = Limit(Decimal(amount), unit)
    assert limit.clock is clock
    assert limit.seconds(PLAIN) == seconds


def test_a_working_day_is_the_standard_day_of_its_calendar() -> None:
    assert Limit(Decimal(2), LimitUnit.WORK_DAY).seconds(SHORT_DAYS) == 2 * 7 * 3_600


def test_a_fraction_of_a_second_is_rounded_up() -> None:
    assert Limit(Decimal("0.333"), LimitUnit.WORK_HOUR).seconds(PLAIN) == 1_199


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity", "-Infinity", "100000.01", "1E+9"])
def test_a_limit_is_a_number_above_zero_and_not_absurd(amount: str) -> None:
    with pytest.raises(BadLimit) as refusal:
        Limit(Decimal(amount), LimitUnit.WORK_DAY)
    assert refusal.value.code == "BAD_LIMIT"
    assert refusal.value.facts == {"amount": amount, "max_amount": 100_000}


@pytest.mark.parametrize(
    ("start", "amount", "unit", "due"),
    [
        # Friday evening: working time waits for Monday, urgent time does not.
        ("2026-11-20 18:05", "2", LimitUnit.WORK_HOUR, "2026-11-23 10:00"),
        ("2026-11-20 18:05", "2", LimitUnit.URGENT_HOUR, "2026-11-20 20:05"),
        ("2026-11-20 18:05", "90", LimitUnit.MINUTE, "2026-11-20 19:35"),
        ("2026-11-20 18:05", "1", LimitUnit.URGENT_DAY, "2026-11-21 18:05"),
        ("2026-11-20 18:05", "7", LimitUnit.NATURAL_DAY, "2026-11-27 18:05"),
        ("2026-11-20 10:00", "1", LimitUnit.WORK_DAY, "2026-11-23 10:00"),
        ("2026-11-20 10:00", "2", LimitUnit.WORK_HOUR, "2026-11-20 12:00"),
    ],
)
def test_when_a_limit_is_due(start: str, amount: str, unit: LimitUnit, due: str) -> None:
    assert due_at(PLAIN, at(start), Limit(Decimal(amount), unit)) == at(due)


@given(
    start=st.timedeltas(timedelta(0), timedelta(days=730)).map(datetime(2026, 1, 1, tzinfo=UTC).__add__),
    minutes=st.integers(1, 50_000),
    unit=st.sampled_from(LimitUnit),
)
def test_at_its_deadline_exactly_the_limit_has_passed(start: datetime, minutes: int, unit: LimitUnit) -> None:
    limit = Limit(Decimal(minutes) / 480, unit)
    assert elapsed(PLAIN, limit.clock, start, due_at(PLAIN, start, limit)) == limit.seconds(PLAIN)


def test_elapsed_counts_on_the_clock_it_is_asked_for() -> None:
    friday, monday = at("2026-11-20 17:00"), at("2026-11-23 09:00") + timedelta(microseconds=999_999)
    assert elapsed(PLAIN, Clock.WORKING, friday, monday) == 2 * 3_600
    assert elapsed(PLAIN, Clock.NATURAL, friday, monday) == 64 * 3_600


@pytest.mark.parametrize("clock", Clock)
def test_time_does_not_run_backwards(clock: Clock) -> None:
    now = at("2026-11-20 10:00")
    with pytest.raises(ValueError, match="before"):
        elapsed(PLAIN, clock, now, now - timedelta(seconds=1))
    with pytest.raises(ValueError, match="negative"):
        add_seconds(PLAIN, clock, now, -1)


def test_a_remaining_time_of_nothing_is_due_at_once() -> None:
    holiday = WorkingCalendar({date(2026, 11, 20): False})
    assert add_seconds(holiday, Clock.NATURAL, at("2026-11-20 10:00"), 0) == at("2026-11-20 10:00")
    assert add_seconds(holiday, Clock.WORKING, at("2026-11-20 10:00"), 0) == at("2026-11-23 08:00")


@pytest.mark.parametrize(
    ("amount", "unit", "written"),
    [
        ("30", LimitUnit.MINUTE, "30 分钟"),
        ("4.00", LimitUnit.WORK_HOUR, "4 工作时"),
        ("0.250", LimitUnit.WORK_HOUR, "0.25 工作时"),
        ("10", LimitUnit.WORK_DAY, "10 工作日"),
        ("2", LimitUnit.URGENT_HOUR, "2 紧急工作时"),
        ("1", LimitUnit.URGENT_DAY, "1 紧急工作日"),
        ("1E+2", LimitUnit.NATURAL_DAY, "100 自然日"),
    ],
)
def test_a_limit_reads_as_people_write_it(amount: str, unit: LimitUnit, written: str) -> None:
    limit = Limit(Decimal(amount), unit)
    assert text("limit", amount=limit.plain_amount, unit=text(f"limit_unit.{unit.value}")) == written


def test_both_clocks_have_a_chinese_name() -> None:
    assert [text(f"clock.{clock.value}") for clock in Clock] == ["自然时", "工作时"]
