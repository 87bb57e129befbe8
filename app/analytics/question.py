"""What may be asked: the query parameters, checked against the city, and the period they mean."""

from collections.abc import Container, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from typing import Any, Final
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from app.analytics.definitions import Basis, Duration
from app.analytics.grouping import GroupBy
from app.analytics.refusals import PeriodInverted, PeriodTooLong, UnknownFilterValue
from app.city.snapshot import CitySnapshot
from app.domain.cells import Level
from app.domain.limits import Clock
from app.domain.workflow import Status
from app.domain.working_time import BEIJING, FIRST_YEAR, LAST_YEAR, beijing_day
from app.infra.paging import PageRequest
from app.infra.wire import Day
from app.reports.models import Source

MAX_DAYS: Final = 92
DEFAULT_DAYS: Final = 7
REPORTS_PATH: Final = "/api/v1/analytics/handling-time/reports"

_FIRST_DAY: Final = date(FIRST_YEAR, 1, 1)
_LAST_DAY: Final = date(LAST_YEAR, 12, 31)


class HandlingTimeQuery(BaseModel):
    """Which duration, of which reports, in which rows.

    In Python the days go by the names of the API: `HandlingTimeQuery.model_validate({"from": day, "to": day})`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    duration: Duration = Field(default=Duration.REPORT_TO_FEEDBACK, description="统计哪一段时长")
    clock: Clock = Field(default=Clock.NATURAL, description="自然时或工作时")
    basis: Basis = Field(default=Basis.REPORTED, description="按上报、结案还是期限归入时段")
    group_by: GroupBy = Field(default=GroupBy.NONE, description="分组")
    since: Day | None = Field(
        default=None, alias="from", ge=_FIRST_DAY, le=_LAST_DAY, description="开始日期（北京时间，含），默认最近 7 天"
    )
    until: Day | None = Field(
        default=None, alias="to", ge=_FIRST_DAY, le=_LAST_DAY, description="结束日期（北京时间，含），默认今天"
    )
    district: str | None = Field(default=None, max_length=6, description="区市编码，6 位")
    street: str | None = Field(default=None, max_length=9, description="街道编码，9 位")
    unit: str | None = Field(default=None, max_length=64, description="单位编码；单位持有时长按当时持有的单位")
    category: str | None = Field(default=None, max_length=40, description="问题类别")
    class_code: str | None = Field(default=None, alias="class", max_length=5, description="小类编码，5 位")
    source: Source | None = Field(default=None, description="来源")
    status: Status | None = Field(default=None, description="当前状态")


class Order(str, Enum):
    """Of a drill-down: newest report first, or by the duration."""

    NEWEST = "newest"
    LONGEST = "longest"
    SHORTEST = "shortest"


class HandlingTimeReportsQuery(HandlingTimeQuery, PageRequest):
    """The same question, and which row of its answer to open."""

    key: str | None = Field(default=None, max_length=64, description="打开哪一行：该行的 key；不给则为合计")
    order: Order = Field(default=Order.NEWEST, description="最新上报在前，或按用时")
    is_open: bool | None = Field(default=None, description="只看未完成的，或只看已完成的")


@dataclass(frozen=True, slots=True)
class Period:
    """Beijing days, both included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        return (self.last - self.first).days + 1

    @property
    def since(self) -> datetime:
        """Midnight at the start of the first day, UTC."""
        return _midnight(self.first)

    @property
    def until(self) -> datetime:
        """Midnight after the last day, UTC, exclusive."""
        return _midnight(self.last) + timedelta(days=1)

    def holds(self, instant: datetime) -> bool:
        return self.since <= instant < self.until


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=BEIJING).astimezone(UTC)


def period_of(query: HandlingTimeQuery, *, now: datetime) -> Period:
    """Return the days asked for; by default the seven that end today, or that end with `to`.

    :raises PeriodInverted: `from` is after `to`
    :raises PeriodTooLong: more than 92 days
    """
    last = query.until or beijing_day(now)
    first = query.since or last - timedelta(days=DEFAULT_DAYS - 1)
    if first > last:
        raise PeriodInverted(first_day=first.isoformat(), last_day=last.isoformat())
    period = Period(first, last)
    if period.days > MAX_DAYS:
        raise PeriodTooLong(days=period.days, max_days=MAX_DAYS)
    return period


def check_filters(query: HandlingTimeQuery, *, city: CitySnapshot) -> None:
    """Refuse values the city does not know: a misspelt code must not look like a quiet week.

    :raises UnknownFilterValue: for the first of them
    """
    known: Mapping[str, tuple[str | None, Container[str]]] = {
        "district": (query.district, _areas(city, Level.DISTRICT)),
        "street": (query.street, _areas(city, Level.STREET)),
        "unit": (query.unit, city.units),
        "category": (query.category, {category.code for category in city.categories}),
        "class": (query.class_code, {each.code for each in city.classes}),
    }
    for parameter, (value, values) in known.items():
        if value is not None and value not in values:
            raise UnknownFilterValue(parameter=parameter, value=value)


def days_of(period: Period) -> list[date]:
    return [period.first + timedelta(days=number) for number in range(period.days)]


def _areas(city: CitySnapshot, level: Level) -> set[str]:
    return {area.code for area in city.areas.values() if area.level is level}


def reports_url(query: HandlingTimeQuery, *, period: Period, key: str | None) -> str:
    """Return the drill-down to exactly the reports of a row (`key`) or of the total (None)."""
    asked: dict[str, Any] = query.model_dump(mode="json", by_alias=True, exclude_none=True)
    asked |= {"from": period.first.isoformat(), "to": period.last.isoformat()}
    if key is None:
        asked.pop("group_by")
    else:
        asked["key"] = key
    return f"{REPORTS_PATH}?{urlencode(asked)}"
