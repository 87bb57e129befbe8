"""Working time: which seconds count, and when a number of them is used up."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Final

from app.domain.errors import Invalid

BEIJING: Final = timezone(timedelta(hours=8), "Asia/Shanghai")
"""The only offset of the mainland; no daylight saving since 1991, before any date this system meets."""

DEFAULT_PERIODS: Final = ((480, 720), (840, 1080))
"""08:00-12:00 and 14:00-18:00, in minutes of the Beijing day."""

FIRST_YEAR: Final = 2015
LAST_YEAR: Final = 2040

_US: Final = 1_000_000
_MINUTES_A_DAY: Final = 1440
_FRIDAY: Final = 4
_FIRST_DAY: Final = date(FIRST_YEAR, 1, 1)
_LAST_DAY: Final = date(LAST_YEAR, 12, 31)
# Beijing midnight, so that the `.days` of a difference count Beijing days.
_ORIGIN: Final = datetime(FIRST_YEAR, 1, 1, tzinfo=BEIJING).astimezone(UTC)
_SPAN_US: Final = ((_LAST_DAY - _FIRST_DAY).days + 1) * 86_400 * _US


class OutsideCalendar(Invalid):
    """An instant or a deadline lies outside the years a working calendar covers."""

    code = "OUTSIDE_CALENDAR"


def beijing_day(instant: datetime) -> date:
    """Return the Beijing date of an aware instant.

    :raises TypeError: the instant is naive
    """
    return _FIRST_DAY + timedelta(days=(instant - _ORIGIN).days)


class WorkingCalendar:
    """The working periods of every day from 2015 to 2040; built once, never changed, cheap to ask.

    `days` says for a Beijing date whether it is a working day (True also for a make-up day, 调休). A date it
    does not hold follows its weekday, Monday to Friday. The State Council's yearly notice lists exactly these
    exceptions; `confirmed_years` are the years whose notice is in `days`, every other year is provisional.
    `periods` are (from, until) in minutes of the Beijing day, ascending and without overlap.

    Instants are aware; answers are UTC. Fractions of a second are kept by `add` and dropped by `between`.
    """

    __slots__ = ("_after", "_before", "_confirmed_years", "_days", "_ends", "_periods", "_starts", "day_seconds")

    def __init__(
        self,
        days: Mapping[date, bool],
        *,
        confirmed_years: frozenset[int] = frozenset(),
        periods: tuple[tuple[int, int], ...] = DEFAULT_PERIODS,
    ) -> None:
        """Build the prefix sums, about 20 ms.

        :raises ValueError: the periods overlap, are empty, out of order or outside the day
        """
        bounds = [minute for period in periods for minute in period]
        if (
            not periods
            or any(since >= until for since, until in periods)
            or not 0 <= bounds[0] <= bounds[-1] <= _MINUTES_A_DAY
            or bounds != sorted(bounds)
        ):
            msg = f"periods must ascend inside the day without overlap: {periods}"
            raise ValueError(msg)
        self._days = dict(days)
        self._confirmed_years = confirmed_years
        self._periods = periods
        self.day_seconds: Final = sum(until - since for since, until in periods) * 60
        """Seconds of one standard working day; what 工作日 multiplies."""
        # Microseconds since the origin; an empty period before it spares every look-up a special case.
        self._starts, self._ends, self._before, self._after = [-1], [-1], [0], [0]
        for start, end in self._all_periods():
            self._starts.append(start)
            self._ends.append(end)
            self._before.append(self._after[-1])
            self._after.append(self._after[-1] + end - start)

    def is_workday(self, day: date) -> bool:
        """Say whether a Beijing date is a working day."""
        return self._days.get(day, day.weekday() <= _FRIDAY)

    def is_provisional(self, a: datetime, b: datetime) -> bool:
        """Say whether any Beijing day from `a` to `b` lies in a year whose notice is not published.

        :raises ValueError: `b` is before `a`
        """
        if b < a:
            raise ValueError("b is before a")
        years = range(beijing_day(a).year, beijing_day(b).year + 1)
        return not self._confirmed_years.issuperset(years)

    def add(self, start: datetime, seconds: int) -> datetime:
        """Return the first instant at which `seconds` of working time have passed since `start`.

        A start outside the periods counts from the next period. A deadline that falls on a period's end is
        that end: 12:00, not 14:00. With 0 seconds the answer is `start` itself inside a period or at its end,
        and otherwise the next period's start. `between(start, add(start, seconds)) == seconds`.

        :raises OutsideCalendar: start or deadline is outside the covered years
        :raises ValueError: `seconds` is negative
        """
        at = self._offset(start)
        if seconds > 0:
            target = self._worked(at) + seconds * _US
            index = bisect_left(self._after, target)
            self._check(index)
            return _ORIGIN + timedelta(microseconds=self._starts[index] + target - self._before[index])
        if seconds < 0:
            raise ValueError("seconds is negative")
        index = bisect_left(self._ends, at)
        self._check(index)
        return _ORIGIN + timedelta(microseconds=max(at, self._starts[index]))

    def between(self, a: datetime, b: datetime) -> int:
        """Return the whole seconds of working time from `a` to `b`.

        :raises OutsideCalendar: one of them is outside the covered years
        :raises ValueError: `b` is before `a`
        """
        since, until = self._offset(a), self._offset(b)
        if until < since:
            raise ValueError("b is before a")
        return (self._worked(until) - self._worked(since)) // _US

    def end_of_workday(self, start: datetime, *, workdays: int) -> datetime:
        """Return the end of the last period of the n-th working day after the day of `start` (n >= 1).

        The alternative reading of n 工作日: the day of `start` itself does not count.

        :raises OutsideCalendar: the covered years end before
        :raises ValueError: `workdays` is below 1
        """
        if workdays < 1:
            raise ValueError("workdays is below 1")
        self._offset(start)
        day = beijing_day(start)
        while workdays:
            day += timedelta(days=1)
            workdays -= self.is_workday(day)
            if day > _LAST_DAY:
                raise _outside()
        return _ORIGIN + timedelta(days=(day - _FIRST_DAY).days, minutes=self._periods[-1][1])

    def _all_periods(self) -> Iterator[tuple[int, int]]:
        minute_us = 60 * _US
        for number in range((_LAST_DAY - _FIRST_DAY).days + 1):
            if self.is_workday(_FIRST_DAY + timedelta(days=number)):
                midnight = number * _MINUTES_A_DAY
                for since, until in self._periods:
                    yield (midnight + since) * minute_us, (midnight + until) * minute_us

    def _check(self, index: int) -> None:
        if index == len(self._starts):
            raise _outside()

    def _offset(self, instant: datetime) -> int:
        """Microseconds since the origin."""
        passed = instant - _ORIGIN
        offset = (passed.days * 86_400 + passed.seconds) * _US + passed.microseconds
        if 0 <= offset < _SPAN_US:
            return offset
        raise _outside()

    def _worked(self, offset: int) -> int:
        """Working microseconds from the origin to an offset."""
        index = bisect_right(self._starts, offset) - 1
        end = self._ends[index]
        if offset >= end:
            return self._after[index]
        return self._after[index] - end + offset


def _outside() -> OutsideCalendar:
    return OutsideCalendar(first_year=FIRST_YEAR, last_year=LAST_YEAR)
