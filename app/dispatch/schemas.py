"""The words of the API about queues, saved filters and templates of reasons."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.dispatch.counts import Depth
from app.dispatch.models import LONGEST_REASON, ReasonTemplate, SavedFilter
from app.domain.workflow import Action, Status
from app.infra.wire import BeijingTime, HumanText
from app.reports.filters import Filters, ListFilters
from app.reports.schemas import ReportItem
from app.texts import text

ALL_REPORTS: Literal["reports"] = "reports"
"""Stands for the list of all reports where a queue is named."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class QueueRead(BaseModel):
    queue: str
    name: str


class PullRequest(Body):
    """How many to take at once."""

    limit: int = Field(default=1, ge=1, le=20)


class Pulled(BaseModel):
    items: list[ReportItem]


class QueueCount(BaseModel):
    """How much waits in a queue, suspended reports included; `overdue` is counted up to a thousand."""

    queue: str
    name: str
    total: int
    by_status: dict[Status, int]
    overdue: int
    has_more_overdue: bool


class QueueCounts(BaseModel):
    queues: list[QueueCount]
    now: BeijingTime


FilterName = Annotated[str, HumanText(min_length=1, max_length=40, is_line=True)]


class QueueFilterToSave(Body):
    """What narrows down a queue."""

    queue: Literal["acceptance", "dispatch", "inspection", "unit"]
    name: FilterName
    filters: Filters


class ListFilterToSave(Body):
    """What narrows down the list of all reports."""

    queue: Literal["reports"]
    name: FilterName
    filters: ListFilters


FilterToSave = QueueFilterToSave | ListFilterToSave


class SavedFilterRead(BaseModel):
    """A saved filter; `filters` are the parameters of `GET /queues/{queue}`, for `reports` of `GET /reports`."""

    id: str
    queue: str
    name: str
    filters: dict[str, str | bool | list[str]]
    changed_at: BeijingTime


class SavedFilters(BaseModel):
    items: list[SavedFilterRead]


class TemplateRequest(Body):
    """Which templates to list."""

    action: Action | None = Field(default=None, description="只要此操作的")
    include_inactive: bool = Field(default=False, description="停用的也要")


class TemplateWrite(Body):
    """A reason ready to be taken over into an action."""

    action: Action
    text: Annotated[str, HumanText(min_length=2, max_length=LONGEST_REASON)]
    position: int = Field(default=100, ge=0, le=10_000, description="显示顺序，小的在前")
    is_active: bool = True


class TemplateRead(BaseModel):
    id: str
    action: Action
    action_text: str
    text: str
    position: int
    is_active: bool


class Templates(BaseModel):
    items: list[TemplateRead]


def queue_count(queue: str, depth: Depth) -> QueueCount:
    return QueueCount(
        queue=queue,
        name=text(f"queue.{queue}"),
        total=depth.total,
        by_status=depth.by_status,
        overdue=depth.overdue,
        has_more_overdue=depth.has_more_overdue,
    )


def saved_filter(saved: SavedFilter) -> SavedFilterRead:
    return SavedFilterRead(
        id=str(saved.id), queue=saved.queue, name=saved.name, filters=saved.filters, changed_at=saved.changed_at
    )


def template(row: ReasonTemplate) -> TemplateRead:
    return TemplateRead(
        id=str(row.id),
        action=row.action,
        action_text=text(f"action.{row.action.value}"),
        text=row.text,
        position=row.position,
        is_active=row.is_active,
    )
