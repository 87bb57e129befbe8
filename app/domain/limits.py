"""Limits of the rulebook: an amount and a unit, and the clock that unit runs on."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from enum import Enum
from typing import Final

from app.domain.errors import Invalid
from app.domain.working_time import WorkingCalendar

MAX_AMOUNT: Final = Decimal(100_000)
"""More than any rule grants, and small enough that no deadline leaves the range of a datetime."""


class Clock(str, Enum):
    """Which seconds count."""

    NATURAL = "natural"
    WORKING = "working"


class LimitUnit(str, Enum):
    """The units of handling limits (GB/T 47678.5-2026, CJ/T 214); Chinese in `app.texts` (`limit_unit.<value>`)."""

    MINUTE = "minute"
    WORK_HOUR = "work_hour"
    WORK_DAY = "work_day"
    URGENT_HOUR = "urgent_hour"
    URGENT_DAY = "urgent_day"
    NATURAL_DAY = "natural_day"


_FIXED_SECONDS: Final = {
    LimitUnit.MINUTE: 60,
    LimitUnit.WORK_HOUR: 3_600,
    LimitUnit.URGENT_HOUR: 3_600,
    LimitUnit.URGENT_DAY: 86_400,
    LimitUnit.NATURAL_DAY: 86_400,
}
_WORKING_UNITS: Final = frozenset({LimitUnit.WORK_HOUR, LimitUnit.WORK_DAY})


class BadLimit(Invalid):
    """A limit that is not a number above zero, or beyond `MAX_AMOUNT`."""

    code = "BAD_LIMIT"


@dataclass(frozen=True, slots=True)
class Limit:
    """How long something may take, e.g. `Limit(Decimal("0.25"), LimitUnit.WORK_HOUR)`.

    :raises BadLimit: the amount is not a number above zero and up to `MAX_AMOUNT`
    """

    amount: Decimal
    unit: LimitUnit

    def __post_init__(self) -> None:
        if self.amount.is_finite() and 0 < self.amount <= MAX_AMOUNT:
            return
        raise BadLimit(amount=str(self.amount), max_amount=int(MAX_AMOUNT))

    @property
    def clock(self) -> Clock:
        return Clock.WORKING if self.unit in _WORKING_UNITS else Clock.NATURAL

    @property
    def plain_amount(self) -> str:
        """The amount as a person writes it: `4`, `0.25`, never `4.00` or `1E+1`."""
        return f"{self.amount.normalize():f}"

    def seconds(self, calendar: WorkingCalendar) -> int:
        """Return the limit in seconds of its own clock; a fraction of a second is rounded up, in the unit's favour.

        A working day is the calendar's standard day, eight working hours by default.
        """
        each = _FIXED_SECONDS.get(self.unit, calendar.day_seconds)
        return int((self.amount * each).to_integral_value(ROUND_CEILING))


def due_at(calendar: WorkingCalendar, start: datetime, limit: Limit) -> datetime:
    """Return the deadline of a limit that starts at an aware instant; finishing exactly then is in time.

    :raises OutsideCalendar: a working limit leaves the years of the calendar
    """
    return add_seconds(calendar, limit.clock, start, limit.seconds(calendar))


def add_seconds(calendar: WorkingCalendar, clock: Clock, start: datetime, seconds: int) -> datetime:
    """Return the instant at which `seconds` of a clock have passed since `start`.

    :raises OutsideCalendar: the working clock leaves the years of the calendar
    :raises ValueError: `seconds` is negative
    """
    if clock is Clock.WORKING:
        return calendar.add(start, seconds)
    if seconds < 0:
        raise ValueError("seconds is negative")
    return start + timedelta(seconds=seconds)


def elapsed(calendar: WorkingCalendar, clock: Clock, a: datetime, b: datetime) -> int:
    """Return the whole seconds of a clock from `a` to `b`.

    :raises OutsideCalendar: the working clock leaves the years of the calendar
    :raises ValueError: `b` is before `a`
    """
    if clock is Clock.WORKING:
        return calendar.between(a, b)
    if b < a:
        raise ValueError("b is before a")
    return (b - a) // timedelta(seconds=1)
