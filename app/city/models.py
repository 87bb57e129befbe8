"""Tables of the slow-changing city: units, areas, grid cells, catalogue, calendar and the version of it all."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.domain.cells import Level
from app.domain.limits import LimitUnit
from app.infra.columns import choice

_PERIOD = "valid_until IS NULL OR valid_until > valid_from"


def _period() -> CheckConstraint:
    return CheckConstraint(_PERIOD, name="period")


class UnitLevel(str, Enum):
    """Where a unit stands; an enterprise stands beside the levels."""

    MUNICIPAL = "municipal"
    DISTRICT = "district"
    STREET = "street"
    ENTERPRISE = "enterprise"


class Unit(SQLModel, table=True):
    """A bureau, office, squad or enterprise that can be responsible; `area_code` '' means the whole city."""

    __tablename__ = "unit"
    __table_args__: Any = (
        _period(),
        CheckConstraint("length(area_code) IN (0, 4, 6, 9, 12)", name="area_code_length"),
        CheckConstraint(
            "(level = 'municipal' AND length(area_code) IN (0, 4)) OR (level = 'district' AND length(area_code) = 6)"
            " OR (level = 'street' AND length(area_code) >= 9) OR level = 'enterprise'",
            name="level_fits_area",
        ),
        CheckConstraint("parent_code IS NULL OR parent_code <> code", name="not_its_own_parent"),
        Index(None, "kind", "area_code"),
    )

    code: str = Field(primary_key=True, max_length=64)
    name: str = Field(max_length=100)
    kind: str = Field(max_length=40)
    level: UnitLevel = choice(UnitLevel)
    area_code: str = Field(default="", max_length=12)
    parent_code: str | None = Field(default=None, max_length=64, foreign_key="unit.code", index=True)
    valid_from: date
    valid_until: date | None = None


class GridGeneration(SQLModel, table=True):
    """One delivery of the grid; cells and areas say which they came with."""

    __tablename__ = "grid_generation"

    id: int | None = Field(default=None, primary_key=True)
    created_at: datetime
    source: str = Field(max_length=100)
    note: str = Field(max_length=500)
    file_sha256: str | None = Field(default=None, max_length=64, unique=True)
    datum: str = Field(default="wgs84", max_length=16, sa_column_kwargs={"server_default": "wgs84"})


class Area(SQLModel, table=True):
    """A district (6 digits), street or town (9) or community (12); `shape` is WKB in WGS-84 degrees."""

    __tablename__ = "area"
    __table_args__: Any = (
        CheckConstraint("length(code) IN (6, 9, 12)", name="code_length"),
        CheckConstraint(
            "parent_code IS NULL OR (length(parent_code) < length(code)"
            " AND parent_code = substr(code, 1, length(parent_code)))",
            name="parent_is_a_prefix",
        ),
        CheckConstraint("centre_lon BETWEEN -180 AND 180 AND centre_lat BETWEEN -90 AND 90", name="centre_on_earth"),
    )

    code: str = Field(primary_key=True, max_length=12)
    name: str = Field(max_length=100)
    level: Level = choice(Level)
    parent_code: str | None = Field(default=None, max_length=12, foreign_key="area.code", index=True)
    centre_lon: float
    centre_lat: float
    is_approximate: bool
    shape: bytes | None = None
    generation_id: int = Field(foreign_key="grid_generation.id", index=True)


class Cell(SQLModel, table=True):
    """A unit grid cell (单元网格): 15-digit code, WKB in WGS-84 degrees; `valid_until` is exclusive."""

    __tablename__ = "cell"
    __table_args__: Any = (
        UniqueConstraint("code", "generation_id"),
        CheckConstraint("length(code) = 15", name="code_length"),
        CheckConstraint("area_m2 > 0", name="has_an_area"),
        _period(),
    )

    id: int | None = Field(default=None, primary_key=True)
    code: str = Field(max_length=15)
    generation_id: int = Field(foreign_key="grid_generation.id", index=True)
    shape: bytes
    area_m2: float
    valid_from: date
    valid_until: date | None = None


class CodeScheme(SQLModel, table=True):
    """A classification standard such as `GB/T 47678.5-2026`; its codes mean nothing without it."""

    __tablename__ = "code_scheme"
    __table_args__: Any = (_period(),)

    code: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=100)
    valid_from: date
    valid_until: date | None = None


class EventClass(SQLModel, table=True):
    """A class of a scheme: `06010`, major `06`; majors 99 are the city's own additions."""

    __tablename__ = "event_class"
    __table_args__: Any = (
        CheckConstraint("length(code) = 5", name="code_length"),
        CheckConstraint("major = substr(code, 1, 2)", name="major_is_a_prefix"),
    )

    scheme: str = Field(primary_key=True, max_length=40, foreign_key="code_scheme.code")
    code: str = Field(primary_key=True, max_length=5)
    name: str = Field(max_length=100)
    major: str = Field(max_length=2)


class Category(SQLModel, table=True):
    """What a person picks: ten for citizens (`is_public`), the others for staff.

    Open reports of a category within `duplicate_radius_m` and `duplicate_window_h` hours may be the same problem (0:
    none is), and so may those as far as `duplicate_photo_radius_m` and `duplicate_photo_window_h` whose photo differs
    in at most `duplicate_photo_bits` of 64 bits (negative: photos are not compared).
    """

    __tablename__ = "category"
    __table_args__: Any = (
        CheckConstraint(
            "duplicate_radius_m BETWEEN 0 AND 1000 AND duplicate_window_h BETWEEN 0 AND 8760"
            " AND duplicate_photo_radius_m BETWEEN 0 AND 2000 AND duplicate_photo_window_h BETWEEN 0 AND 8760"
            " AND duplicate_photo_bits BETWEEN -1 AND 20",
            name="duplicate_reach",
        ),
    )

    code: str = Field(primary_key=True, max_length=40)
    name: str = Field(max_length=40, unique=True)
    position: int = Field(unique=True)
    is_public: bool
    hint: str = Field(max_length=200)
    icon: str = Field(max_length=40)
    duplicate_radius_m: int = Field(default=50, sa_column_kwargs={"server_default": "50"})
    duplicate_window_h: int = Field(default=24, sa_column_kwargs={"server_default": "24"})
    duplicate_photo_radius_m: int = Field(default=300, sa_column_kwargs={"server_default": "300"})
    duplicate_photo_window_h: int = Field(default=720, sa_column_kwargs={"server_default": "720"})
    duplicate_photo_bits: int = Field(default=5, sa_column_kwargs={"server_default": "5"})


class FilingCondition(SQLModel, table=True):
    """When a class is filed, and what follows: the limit belongs to (scheme, class, condition), not to the class."""

    __tablename__ = "filing_condition"
    __table_args__: Any = (
        ForeignKeyConstraint(["scheme", "class_code"], ["event_class.scheme", "event_class.code"]),
        UniqueConstraint("scheme", "class_code", "name"),
        CheckConstraint("limit_amount > 0", name="limit_is_positive"),
        # A class that needs verification is never filed by a rule.
        CheckConstraint("NOT (needs_verification AND auto_dispatch)", name="verified_by_a_person"),
        Index(
            "uq_filing_condition_default",
            "scheme",
            "category_code",
            unique=True,
            sqlite_where=text("is_default"),
            postgresql_where=text("is_default"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    scheme: str = Field(max_length=40)
    class_code: str = Field(max_length=5)
    category_code: str = Field(max_length=40, foreign_key="category.code", index=True)
    name: str = Field(max_length=200)
    is_default: bool
    limit_amount: Decimal = Field(max_digits=8, decimal_places=2)
    limit_unit: LimitUnit = choice(LimitUnit)
    closing_condition: str = Field(max_length=200)
    needs_verification: bool
    auto_dispatch: bool
    basis: str = Field(max_length=200)


class CalendarDay(SQLModel, table=True):
    """A day that is not what its weekday says: a holiday on a weekday, a make-up day (调休) on a weekend."""

    __tablename__ = "calendar_day"

    day: date = Field(primary_key=True)
    is_working: bool
    note: str = Field(max_length=200)
    source: str = Field(max_length=100)
    is_confirmed: bool


class CityVersion(SQLModel, table=True):
    """One row: the number that changes with anything in this file."""

    __tablename__ = "city_version"
    __table_args__: Any = (CheckConstraint("id = 1", name="one_row"),)

    id: int = Field(default=1, primary_key=True)
    version: int
    changed_at: datetime
