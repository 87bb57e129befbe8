"""Rows: which one a report belongs to, what it is called, and which ones there can be."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import Enum
from typing import Final

from app.analytics.subjects import Subject
from app.city.snapshot import CitySnapshot
from app.domain.cells import Level
from app.domain.working_time import BEIJING
from app.reports.models import Source
from app.texts import text

NOTHING: Final = "-"
"""The key of reports without a unit or category."""

TOTAL: Final = "total"


class GroupBy(str, Enum):
    """What makes a row."""

    NONE = "none"
    DISTRICT = "district"
    STREET = "street"
    UNIT = "unit"
    CATEGORY = "category"
    CLASS = "class"
    SOURCE = "source"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    WEEKDAY = "weekday"
    HOUR = "hour"


_BY_DAY: Final[dict[GroupBy, Callable[[date], str]]] = {
    GroupBy.DAY: date.isoformat,
    GroupBy.WEEK: lambda day: f"{day.isocalendar().year}-W{day.isocalendar().week:02}",
    GroupBy.MONTH: lambda day: f"{day:%Y-%m}",
    GroupBy.WEEKDAY: lambda day: str(day.isoweekday()),
}
_HOURS: Final = [f"{hour:02}" for hour in range(24)]

TIMES: Final = frozenset({*_BY_DAY, GroupBy.HOUR})
"""Groupings whose rows are in the order of time, all of them there, and without ranks."""


def key_of(group_by: GroupBy, subject: Subject, *, unit: str | None, at: datetime) -> str:
    """Return the row of a report.

    :param unit: who answers for the duration: the report's unit, or whoever held the span
    :param at: the instant that put the report into the period
    """
    local = at.astimezone(BEIJING)
    if group_by in _BY_DAY:
        return _BY_DAY[group_by](local.date())
    if group_by is GroupBy.HOUR:
        return _HOURS[local.hour]
    if group_by is GroupBy.UNIT:
        return unit or NOTHING
    return _ATTRIBUTE[group_by](subject) or NOTHING


_ATTRIBUTE: Final[dict[GroupBy, Callable[[Subject], str | None]]] = {
    GroupBy.NONE: lambda _subject: TOTAL,
    GroupBy.DISTRICT: lambda subject: subject.district_code,
    GroupBy.STREET: lambda subject: subject.street_code,
    GroupBy.CATEGORY: lambda subject: subject.category_code,
    GroupBy.CLASS: lambda subject: _class_key(subject.scheme, subject.class_code) if subject.class_code else None,
    GroupBy.SOURCE: lambda subject: subject.source.value,
}


def _class_key(scheme: str, code: str) -> str:
    return f"{scheme}:{code}"


def rows_of_time(group_by: GroupBy, *, days: Sequence[date]) -> list[str]:
    """Return the keys of all rows that a period of these days has, in order; none for other groupings."""
    if group_by is GroupBy.HOUR:
        return _HOURS
    if group_by in _BY_DAY:
        keys = dict.fromkeys(_BY_DAY[group_by](day) for day in days)
        return sorted(keys) if group_by is GroupBy.WEEKDAY else list(keys)
    return []


def names_of(group_by: GroupBy, keys: Iterable[str], *, city: CitySnapshot) -> dict[str, str]:
    """Return what rows are called in Chinese; a code the city no longer has stands for itself."""
    if group_by in _NAMES_OF_TIME:
        return {key: _NAMES_OF_TIME[group_by](key) for key in keys}
    known = _names(group_by, city)
    return {key: known.get(key, key) for key in keys}


def is_known(group_by: GroupBy, key: str, *, days: Sequence[date], city: CitySnapshot) -> bool:
    """Say whether an answer for these days can have such a row."""
    return key in (rows_of_time(group_by, days=days) if group_by in TIMES else _names(group_by, city))


def _week_name(key: str) -> str:
    year, week = key.split("-W")
    return text("row.week", year=year, week=int(week))


def _month_name(key: str) -> str:
    year, month = key.split("-")
    return text("row.month", year=year, month=int(month))


_NAMES_OF_TIME: Final[dict[GroupBy, Callable[[str], str]]] = {
    GroupBy.DAY: lambda key: key,
    GroupBy.WEEK: _week_name,
    GroupBy.MONTH: _month_name,
    GroupBy.WEEKDAY: lambda key: text(f"weekday.{key}"),
    GroupBy.HOUR: lambda key: text("row.hour", hour=int(key)),
}


def _names(group_by: GroupBy, city: CitySnapshot) -> dict[str, str]:
    maker = _NAMES.get(group_by)
    return maker(city) if maker else {}


def _area_names(level: Level) -> Callable[[CitySnapshot], dict[str, str]]:
    return lambda city: {area.code: area.name for area in city.areas.values() if area.level is level}


_NAMES: Final[dict[GroupBy, Callable[[CitySnapshot], dict[str, str]]]] = {
    GroupBy.DISTRICT: _area_names(Level.DISTRICT),
    GroupBy.STREET: _area_names(Level.STREET),
    GroupBy.UNIT: lambda city: (
        {unit.code: unit.name for unit in city.units.values()} | {NOTHING: text("row.unassigned")}
    ),
    GroupBy.CATEGORY: lambda city: (
        {category.code: category.name for category in city.categories} | {NOTHING: text("row.unclassified")}
    ),
    GroupBy.CLASS: lambda city: (
        {_class_key(each.scheme, each.code): each.name for each in city.classes} | {NOTHING: text("row.unclassified")}
    ),
    GroupBy.SOURCE: lambda _city: {source.value: text(f"source.{source.value}") for source in Source},
}
