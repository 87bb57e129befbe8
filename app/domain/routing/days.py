"""The days a rule set is checked for, as masks: bit n is the n-th Beijing day from the first on."""

from bisect import bisect_left, bisect_right
from datetime import date, timedelta
from itertools import accumulate
from operator import or_

from app.domain.routing.rules import DayKind, Window
from app.domain.routing.universe import IsWorkday

HOURS_A_DAY = 24
ALL_HOURS = (1 << HOURS_A_DAY) - 1


class Days:
    """A horizon of days; each distinct window is worked out once."""

    def __init__(self, first: date, *, count: int, is_workday: IsWorkday) -> None:
        self.first = first
        self.count = count
        self.all = (1 << count) - 1
        self._windows: dict[Window, int] = {}
        self._weekdays = [0] * 8
        self._worked = 0
        by_season: dict[tuple[int, int], int] = {}
        for number in range(count):
            day = self.day(number)
            bit = 1 << number
            self._weekdays[day.isoweekday()] |= bit
            self._worked |= bit if is_workday(day) else 0
            by_season[day.month, day.day] = by_season.get((day.month, day.day), 0) | bit
        self._seasons = sorted(by_season)
        self._until: list[int] = [0, *accumulate((by_season[season] for season in self._seasons), or_)]

    def day(self, number: int) -> date:
        return self.first + timedelta(days=number)

    def is_worked(self, number: int) -> bool:
        return bool(self._worked >> number & 1)

    def between(self, first: date | None, end: date | None) -> int:
        """Return the days of [first, end); None for no bound."""
        low = self._number(first) if first else 0
        high = self._number(end) if end else self.count
        return (1 << high) - (1 << low) if low < high else 0

    def of(self, window: Window) -> int:
        """Return the days on which a window holds at some hour."""
        known = self._windows.get(window)
        if known is None:
            known = self._windows[window] = self._season(window) & self._weekly(window) & self._kind(window.days)
        return known

    def _number(self, day: date) -> int:
        return min(max((day - self.first).days, 0), self.count)

    def _season(self, window: Window) -> int:
        before = self._until[bisect_left(self._seasons, window.from_day)]
        upto = self._until[bisect_right(self._seasons, window.to_day)]
        if window.from_day <= window.to_day:
            return upto & ~before
        return upto | (self.all & ~before)

    def _weekly(self, window: Window) -> int:
        mask = 0
        for weekday in window.weekdays:
            mask |= self._weekdays[weekday]
        return mask

    def _kind(self, kind: DayKind) -> int:
        return {DayKind.ANY: self.all, DayKind.WORKING: self._worked, DayKind.REST: self.all & ~self._worked}[kind]


def hours_of(window: Window) -> int:
    """Return the mask of the hours at which a window holds."""
    return sum(1 << hour for hour in range(HOURS_A_DAY) if window.holds_in_hour(hour))
