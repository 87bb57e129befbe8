"""Read the default city's tables (`defaults/*.csv`) and the statutory days; plausible facts, not official ones."""

import csv
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from importlib.resources import files

import holidays

from app.domain.limits import LimitUnit

FIRST_CALENDAR_YEAR = 2019

LAST_CONFIRMED_YEAR = 2026
"""The last year whose State Council notice is known (the one for 2026 came in November 2025).

Later years hold the statutory days only, without make-up days, and are provisional until an administrator
confirms them or this number is raised together with a newer `holidays` package.
"""


@dataclass(frozen=True, slots=True)
class District:
    code: str
    name: str
    office_name: str


@dataclass(frozen=True, slots=True)
class Street:
    """A street or town; `centre` is (lon, lat) in WGS-84 degrees."""

    code: str
    name: str
    centre: tuple[float, float]
    area_km2: float


@dataclass(frozen=True, slots=True)
class Zone:
    """A development zone with a 9-digit code and no boundary of its own."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class UnitKind:
    """How the units of one kind are named on one level (municipal, district, street, zone, enterprise)."""

    kind: str
    exists_on: str
    name_ending: str
    name_pattern: str
    parent_pattern: str


@dataclass(frozen=True, slots=True)
class CategorySeed:
    code: str
    name: str
    position: int
    is_public: bool
    hint: str
    icon: str
    duplicate_radius_m: int
    duplicate_window_h: int
    duplicate_photo_radius_m: int
    duplicate_photo_window_h: int
    duplicate_photo_bits: int


@dataclass(frozen=True, slots=True)
class Scheme:
    code: str
    name: str
    valid_from: date
    valid_until: date | None


@dataclass(frozen=True, slots=True)
class ConditionSeed:
    class_code: str
    class_name: str
    category: str
    name: str
    is_default: bool
    limit_amount: Decimal
    limit_unit: LimitUnit
    closing_condition: str
    needs_verification: bool
    auto_dispatch: bool
    basis: str


@dataclass(frozen=True, slots=True)
class Day:
    """A day that is not what its weekday says."""

    day: date
    is_working: bool
    note: str
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Catalogue:
    scheme: Scheme
    categories: Sequence[CategorySeed]
    conditions: Sequence[ConditionSeed]


def districts() -> list[District]:
    return [District(row["code"], row["name"], row["office_name"]) for row in _rows("districts")]


def streets() -> list[Street]:
    """Return all streets and towns by code."""
    return [_street(row) for row in _rows("streets") if row["centre_lon"]]


def zones() -> list[Zone]:
    return [Zone(row["code"], row["name"]) for row in _rows("streets") if not row["centre_lon"]]


def unit_kinds() -> list[UnitKind]:
    fields = ("kind", "exists_on", "name_ending", "name_pattern", "parent_pattern")
    return [UnitKind(**{name: row[name] for name in fields}) for row in _rows("unit_kinds")]


def catalogue() -> Catalogue:
    """Return the only scheme shipped, with its categories and filing conditions."""
    (scheme,) = [_scheme(row) for row in _rows("code_schemes")]
    return Catalogue(
        scheme=scheme,
        categories=[_category(row) for row in _rows("categories")],
        conditions=[_condition(row) for row in _rows("catalogue")],
    )


@lru_cache(maxsize=4)
def exceptional_days(first_year: int, last_year: int) -> tuple[Day, ...]:
    """Return the holidays on weekdays and the make-up days on weekends of these years (State Council notices)."""
    china = holidays.country_holidays("CN", years=range(first_year, last_year + 1), language="zh_CN")
    return tuple(
        Day(
            day=day,
            is_working=china.is_working_day(day),
            note=china.get(day, "调休上班"),
            is_confirmed=day.year <= LAST_CONFIRMED_YEAR,
        )
        for day in _days(first_year, last_year)
        if china.is_working_day(day) == china.is_weekend(day)
    )


def _days(first_year: int, last_year: int) -> Iterator[date]:
    day = date(first_year, 1, 1)
    while day.year <= last_year:
        yield day
        day += timedelta(days=1)


def _rows(name: str) -> list[dict[str, str]]:
    with files("app.city").joinpath("defaults", f"{name}.csv").open(encoding="utf-8") as table:
        return list(csv.DictReader(table))


def _street(row: Mapping[str, str]) -> Street:
    centre = (float(row["centre_lon"]), float(row["centre_lat"]))
    return Street(row["code"], row["name"], centre=centre, area_km2=float(row["area_km2"]))


def _scheme(row: Mapping[str, str]) -> Scheme:
    until = date.fromisoformat(row["valid_until"]) if row["valid_until"] else None
    return Scheme(row["code"], row["name"], date.fromisoformat(row["valid_from"]), until)


def _category(row: Mapping[str, str]) -> CategorySeed:
    return CategorySeed(
        code=row["code"],
        name=row["name"],
        position=int(row["position"]),
        is_public=row["is_public"] == "1",
        hint=row["hint"],
        icon=row["icon"],
        duplicate_radius_m=int(row["duplicate_radius_m"]),
        duplicate_window_h=int(row["duplicate_window_h"]),
        duplicate_photo_radius_m=int(row["duplicate_photo_radius_m"]),
        duplicate_photo_window_h=int(row["duplicate_photo_window_h"]),
        duplicate_photo_bits=int(row["duplicate_photo_bits"]),
    )


def _condition(row: Mapping[str, str]) -> ConditionSeed:
    return ConditionSeed(
        class_code=row["class_code"],
        class_name=row["class_name"],
        category=row["category"],
        name=row["condition"],
        is_default=row["is_default"] == "1",
        limit_amount=Decimal(row["limit_amount"]),
        limit_unit=LimitUnit(row["limit_unit"]),
        closing_condition=row["closing_condition"],
        needs_verification=row["needs_verification"] == "1",
        auto_dispatch=row["auto_dispatch"] == "1",
        basis=row["basis"],
    )
