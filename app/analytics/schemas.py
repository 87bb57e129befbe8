"""What the API says about handling times; seconds are whole seconds of the clock asked for."""

from datetime import date

from pydantic import BaseModel, Field

from app.analytics.definitions import Basis, Duration, DurationDefinition
from app.analytics.grouping import GroupBy
from app.domain.limits import Clock
from app.domain.workflow import Status
from app.infra.wire import BeijingTime


class PeriodRead(BaseModel):
    """Beijing days, both included."""

    since: date = Field(serialization_alias="from")
    until: date = Field(serialization_alias="to")
    days: int


class LeftOutCounts(BaseModel):
    """Reports of the period that have no duration and will have none, by reason."""

    merged: int
    withdrawn: int
    voided: int
    rejected: int
    force_closed: int
    not_passed: int


class HandlingTimeRow(BaseModel):
    """The figures of one row; every one of them is defined in docs/metrics.md, a zero denominator is null."""

    key: str
    name: str
    reports: int
    n: int
    open: int
    left_out: LeftOutCounts
    min_s: int | None
    min_report: str | None
    max_s: int | None
    max_report: str | None
    mean_s: float | None
    p50_s: int | None
    p75_s: int | None
    p90_s: int | None
    p95_s: int | None
    p99_s: int | None
    within_1h: float | None
    within_4h: float | None
    within_24h: float | None
    within_limit: float | None
    judged: int
    overturned: int | None
    longest_open_s: int | None
    longest_open_report: str | None
    p50_with_open_s: int | None
    p90_with_open_s: int | None
    is_small: bool
    rank: int | None
    reports_url: str


class HandlingTime(BaseModel):
    """An answer: what was asked in words, the total, and a row per group (none when not grouped)."""

    duration: DurationDefinition
    clock: Clock
    clock_text: str
    basis: Basis
    basis_text: str
    group_by: GroupBy
    period: PeriodRead
    area_code: str
    area_name: str
    as_of: BeijingTime
    is_calendar_provisional: bool
    small_n: int
    total: HandlingTimeRow
    rows: list[HandlingTimeRow]


class UnitName(BaseModel):
    code: str
    name: str


class MeasuredReport(BaseModel):
    """A report behind a figure; while it is open `duration_s` is up to now and `to` is null."""

    number: str
    number_display: str
    report_url: str
    status: Status
    status_text: str
    category: str | None
    district: str
    street: str
    unit: UnitName | None
    submitted_at: BeijingTime
    duration: Duration
    duration_s: int
    since: BeijingTime = Field(serialization_alias="from")
    until: BeijingTime | None = Field(serialization_alias="to")
    stays: int
    is_open: bool
    is_in_time: bool | None
    is_overturned: bool
