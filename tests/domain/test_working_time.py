"""The working calendar: cases of the rulebook, the State Council's years, and its properties."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.working_time import BEIJING, OutsideCalendar, WorkingCalendar, beijing_day

# General Office of the State Council, holiday notices: first and last day off, and the make-up workdays (调休).
DAYS_OFF = {
    2025: ["0101 0101", "0128 0204", "0404 0406", "0501 0505", "0531 0602", "1001 1008"],
    2026: ["0101 0103", "0215 0223", "0404 0406", "0501 0505", "0619 0621", "0925 0927", "1001 1007"],
}
MAKE_UP_WORKDAYS = {
    2025: ["0126", "0208", "0427", "0928", "1011"],
    2026: ["0104", "0214", "0228", "0509", "0920", "1010"],
}
# Known totals of the two years: 365 days less weekends and days off, plus make-up days.
WORKDAYS_OF_YEAR = {2025: 248, 2026: 248}


def _day(year: int, month_day: str) -> date:
    return date(year, int(month_day[:2]), int(month_day[2:]))


def _days_off(year: int) -> Iterator[date]:
    for first, last in (span.split() for span in DAYS_OFF[year]):
        day = _day(year, first)
        while day <= _day(year, last):
            yield day
            day += timedelta(days=1)


NOTICES = {day: False for year in DAYS_OFF for day in _days_off(year)} | {
    _day(year, day): True for year, days in MAKE_UP_WORKDAYS.items() for day in days
}
CALENDAR = WorkingCalendar(NOTICES, confirmed_years=frozenset(DAYS_OFF))

instants = st.timedeltas(timedelta(0), timedelta(days=1_150)).map(datetime(2024, 12, 1, tzinfo=UTC).__add__)
durations = st.integers(0, 400 * 8 * 3600)


def at(written: str) -> datetime:
    return datetime.fromisoformat(written).replace(tzinfo=BEIJING).astimezone(UTC)


def slowly(a: datetime, b: datetime) -> int:
    """Working seconds by looking at each minute: the definition, without prefix sums."""
    total = timedelta()
    minute = a.astimezone(BEIJING).replace(second=0, microsecond=0)
    while minute < b:
        number = minute.hour * 60 + minute.minute
        if CALENDAR.is_workday(minute.date()) and (480 <= number < 720 or 840 <= number < 1080):
            total += min(b, minute + timedelta(minutes=1)) - max(a, minute)
        minute += timedelta(minutes=1)
    return total // timedelta(seconds=1)


@pytest.mark.parametrize("year", DAYS_OFF)
def test_every_day_of_a_year_follows_its_notice(year: int) -> None:
    off, made_up = set(_days_off(year)), {_day(year, day) for day in MAKE_UP_WORKDAYS[year]}
    worked = 0
    for number in range(365):
        day = date(year, 1, 1) + timedelta(days=number)
        expected = day in made_up or (day.isoweekday() <= 5 and day not in off)
        assert CALENDAR.is_workday(day) is expected, day
        midnight = datetime(day.year, day.month, day.day, tzinfo=BEIJING)
        assert CALENDAR.between(midnight, midnight + timedelta(days=1)) == 28_800 * expected
        worked += expected
    assert worked == WORKDAYS_OF_YEAR[year]


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-11-18 09:00", 1, "2026-11-18 10:00"),
        ("2026-11-18 11:30", 1, "2026-11-18 14:30"),  # over lunch
        ("2026-11-18 10:00", 2, "2026-11-18 12:00"),  # on a period's end: not 14:00
        ("2026-11-18 16:00", 2, "2026-11-18 18:00"),  # on the day's end: not tomorrow 08:00
        ("2026-11-18 12:00", 1, "2026-11-18 15:00"),  # from a period's end
        ("2026-11-18 12:30", 1, "2026-11-18 15:00"),  # from lunch
        ("2026-11-18 06:00", 1, "2026-11-18 09:00"),  # before work
        ("2026-11-18 18:05", 2, "2026-11-19 10:00"),  # after work
        ("2026-11-18 23:59", 8, "2026-11-19 18:00"),
        ("2026-11-20 17:00", 2, "2026-11-23 09:00"),  # Friday to Monday
        ("2026-09-30 17:00", 2, "2026-10-08 09:00"),  # over National Day
        ("2026-10-09 17:00", 2, "2026-10-10 09:00"),  # a make-up Saturday works
        ("2026-02-14 10:00", 16, "2026-02-25 10:00"),  # over the Spring Festival
        ("2026-12-31 17:00", 2, "2027-01-01 09:00"),  # 2027 is not published: by weekday
    ],
)
def test_when_working_hours_are_used_up(start: str, hours: int, due: str) -> None:
    assert CALENDAR.add(at(start), hours * 3600) == at(due)


@pytest.mark.parametrize(
    ("start", "moved"),
    [
        ("2026-11-18 09:00", "2026-11-18 09:00"),
        ("2026-11-18 12:00", "2026-11-18 12:00"),
        ("2026-11-18 12:01", "2026-11-18 14:00"),
        ("2026-11-18 18:00", "2026-11-18 18:00"),
        ("2026-11-18 07:00", "2026-11-18 08:00"),
        ("2026-11-21 10:00", "2026-11-23 08:00"),
    ],
)
def test_no_time_at_all_ends_at_once_or_when_work_begins(start: str, moved: str) -> None:
    assert CALENDAR.add(at(start), 0) == at(moved)


@given(start=instants, seconds=durations)
def test_what_is_added_has_passed(start: datetime, seconds: int) -> None:
    due = CALENDAR.add(start, seconds)
    assert due >= start
    assert due.tzinfo is UTC
    assert CALENDAR.between(start, due) == seconds


@given(start=instants, seconds=st.integers(1, 400 * 8 * 3600))
def test_a_deadline_is_the_first_instant_at_which_the_time_has_passed(start: datetime, seconds: int) -> None:
    due = CALENDAR.add(start, seconds)
    assert CALENDAR.between(start, due - timedelta(microseconds=1)) == seconds - 1


@given(a=instants, minutes=st.integers(0, 3 * 1440), seconds=st.integers(0, 59))
def test_between_counts_what_the_definition_counts(a: datetime, minutes: int, seconds: int) -> None:
    b = a + timedelta(minutes=minutes, seconds=seconds)
    assert CALENDAR.between(a, b) == slowly(a, b)


@given(cuts=st.lists(instants, min_size=3, max_size=6).map(sorted))
def test_the_parts_add_up_to_the_whole(cuts: list[datetime]) -> None:
    whole_seconds = [cut.replace(microsecond=0) for cut in cuts]
    parts = sum(CALENDAR.between(a, b) for a, b in pairwise(whole_seconds))
    assert parts == CALENDAR.between(whole_seconds[0], whole_seconds[-1])


def test_any_aware_instant_is_understood_and_utc_comes_back() -> None:
    local = datetime(2026, 11, 18, 9, 0, tzinfo=BEIJING)
    assert CALENDAR.add(local, 3600).tzinfo is UTC
    assert CALENDAR.between(local, at("2026-11-18 10:00")) == 3600


def test_naive_instants_are_refused() -> None:
    naive, aware = at("2026-11-18 09:00").replace(tzinfo=None), at("2026-11-18 09:00")
    with pytest.raises(TypeError):
        CALENDAR.add(naive, 1)
    with pytest.raises(TypeError):
        CALENDAR.between(aware, naive)
    with pytest.raises(TypeError):
        beijing_day(naive)


def test_time_does_not_run_backwards() -> None:
    now = at("2026-11-18 09:00")
    with pytest.raises(ValueError, match="before"):
        CALENDAR.between(now, now - timedelta(microseconds=1))
    with pytest.raises(ValueError, match="before"):
        CALENDAR.is_provisional(now, now - timedelta(microseconds=1))
    with pytest.raises(ValueError, match="negative"):
        CALENDAR.add(now, -1)


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("2025-01-01 00:00", "2026-12-31 23:59", False),
        ("2026-12-31 23:59", "2027-01-01 00:00", True),
        ("2024-12-31 23:59", "2025-01-02 00:00", True),
        ("2024-06-01 00:00", "2027-06-01 00:00", True),
        ("2027-03-01 00:00", "2027-03-02 00:00", True),
    ],
)
def test_what_touches_an_unpublished_year_is_provisional(a: str, b: str, *, expected: bool) -> None:
    assert CALENDAR.is_provisional(at(a), at(b)) is expected


def test_a_day_off_counts_also_while_its_year_is_provisional() -> None:
    calendar = WorkingCalendar({date(2027, 1, 1): False})
    assert calendar.add(at("2026-12-31 17:00"), 7200) == at("2027-01-04 09:00")
    assert calendar.is_provisional(at("2027-01-01 00:00"), at("2027-01-01 00:00"))


def test_a_calendar_does_not_change_with_what_it_was_made_from() -> None:
    days = {date(2026, 11, 18): False}
    calendar = WorkingCalendar(days)
    days.clear()
    assert not calendar.is_workday(date(2026, 11, 18))


@pytest.mark.parametrize(
    ("start", "workdays", "end"),
    [
        ("2026-11-18 09:00", 1, "2026-11-19 18:00"),
        ("2026-11-20 23:00", 1, "2026-11-23 18:00"),
        ("2026-11-20 09:00", 2, "2026-11-24 18:00"),
        ("2026-09-30 09:00", 3, "2026-10-10 18:00"),
    ],
)
def test_the_end_of_the_nth_next_working_day(start: str, workdays: int, end: str) -> None:
    assert CALENDAR.end_of_workday(at(start), workdays=workdays) == at(end)


def test_the_end_of_no_working_day_is_refused() -> None:
    with pytest.raises(ValueError, match="below 1"):
        CALENDAR.end_of_workday(at("2026-11-18 09:00"), workdays=0)


@pytest.mark.parametrize("written", ["2014-12-31 23:59", "2041-01-01 00:00"])
def test_outside_its_years_a_calendar_refuses_to_answer(written: str) -> None:
    inside, outside = at("2026-11-18 09:00"), at(written)
    with pytest.raises(OutsideCalendar) as refusal:
        CALENDAR.add(outside, 1)
    assert refusal.value.facts == {"first_year": 2015, "last_year": 2040}
    with pytest.raises(OutsideCalendar):
        CALENDAR.between(*sorted((inside, outside)))
    with pytest.raises(OutsideCalendar):
        CALENDAR.end_of_workday(outside, workdays=1)


def test_a_deadline_after_the_last_year_is_refused() -> None:
    last = at("2040-12-31 17:00")
    assert CALENDAR.add(last, 3600) == at("2040-12-31 18:00")
    with pytest.raises(OutsideCalendar):
        CALENDAR.add(last, 3601)
    with pytest.raises(OutsideCalendar):
        CALENDAR.add(at("2040-12-31 18:01"), 0)
    with pytest.raises(OutsideCalendar):
        CALENDAR.end_of_workday(last, workdays=1)


def test_the_first_instant_of_all_is_covered() -> None:
    assert CALENDAR.add(at("2015-01-01 00:00"), 0) == CALENDAR.add(at("2015-01-01 08:00"), 0)


def test_a_desk_that_never_closes_counts_every_second() -> None:
    always = WorkingCalendar(
        {date(2026, 1, 1) + timedelta(days=n): True for n in range(365)}, periods=((0, 720), (720, 1440))
    )
    assert always.day_seconds == 86_400
    assert always.add(at("2026-11-20 23:00"), 7200) == at("2026-11-21 01:00")
    assert always.between(at("2026-11-20 23:00"), at("2026-11-24 23:00")) == 4 * 86_400


@pytest.mark.parametrize(
    "periods",
    [(), ((480, 480),), ((720, 480),), ((480, 720), (700, 1080)), ((840, 1080), (480, 720)), ((-1, 5),), ((0, 1441),)],
)
def test_periods_ascend_inside_the_day(periods: tuple[tuple[int, int], ...]) -> None:
    with pytest.raises(ValueError, match="periods"):
        WorkingCalendar({}, periods=periods)


@pytest.mark.parametrize(
    ("instant", "day"),
    [
        (datetime(2026, 11, 20, 15, 59, 59, tzinfo=UTC), date(2026, 11, 20)),
        (datetime(2026, 11, 20, 16, 0, tzinfo=UTC), date(2026, 11, 21)),
        (datetime(2009, 12, 31, 16, 0, tzinfo=UTC), date(2010, 1, 1)),
        (datetime(2099, 1, 1, 0, 0, tzinfo=BEIJING), date(2099, 1, 1)),
    ],
)
def test_the_beijing_day_of_an_instant(instant: datetime, day: date) -> None:
    assert beijing_day(instant) == day
