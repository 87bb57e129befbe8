"""The words of the API about reports: what is sent, and what each kind of reader gets back."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.gcj02 import Datum
from app.domain.workflow import Action, Stage, Status
from app.infra.wire import NO_NUL, BeijingTime
from app.reports.actions.schemas import Code, Photos, Point, Score, Text
from app.reports.models import LocationSource, Source

MAX_DESCRIPTION = 2000


class Location(Point):
    """Where the problem is, as the client knows it."""

    accuracy_m: float | None = Field(default=None, ge=0, le=100_000, allow_inf_nan=False)
    source: LocationSource
    address: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=NO_NUL)] = ""


class SubmitReport(BaseModel):
    """A new report; also the command that other faces of the service build."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "category": "street_vending",
                    "description": "路口有人占道摆摊",
                    "location": {"lon": 120.4379, "lat": 36.1648, "datum": "gcj02", "source": "pin"},
                    "photo_ids": ["Zk3u8yQx0mVb2nTq5wRj1A"],
                }
            ]
        },
    )

    category: Code | None = None
    description: Annotated[
        str, StringConstraints(strip_whitespace=True, max_length=MAX_DESCRIPTION, pattern=NO_NUL)
    ] = ""
    location: Location
    photo_ids: Photos = []
    answers: Annotated[dict[Code, Text], Field(max_length=20)] = {}
    anonymous: bool = False


class CategoryRef(BaseModel):
    code: str
    name: str


class PhotoRead(BaseModel):
    """A photo without metadata; both links are signed and expire."""

    photo_id: str
    kind: str
    url: str
    thumb_url: str
    width: int
    height: int


class TimelineEntry(BaseModel):
    """One step in words."""

    at: BeijingTime
    action: Action
    status: Status
    text: str
    note: str | None


class UpdateRead(BaseModel):
    """Something new on one of the caller's reports."""

    number: str
    at: BeijingTime
    action: Action
    status: Status
    text: str


class UpdatesRead(BaseModel):
    """What is new; ask again with `since` = `next_since`. The same step may come twice, none is left out."""

    items: list[UpdateRead]
    next_since: BeijingTime
    now: BeijingTime


class RatingRead(BaseModel):
    score: Score
    at: BeijingTime


class ReportRead(BaseModel):
    """What the reporting citizen sees."""

    number: str
    number_display: str
    version: int
    status: Status
    status_text: str
    category: CategoryRef | None
    description: str
    address: str
    district: str
    street: str
    lon: float
    lat: float
    datum: Datum
    submitted_at: BeijingTime
    unit_name: str | None
    why: str | None
    handle_due_at: BeijingTime | None
    closing_due_at: BeijingTime | None
    feedback_at: BeijingTime | None
    closed_at: BeijingTime | None
    rating: RatingRead | None
    photos: list[PhotoRead]
    timeline: list[TimelineEntry]
    allowed_actions: list[Action]
    now: BeijingTime


class ReportItem(BaseModel):
    """A report in a list."""

    number: str
    number_display: str
    version: int
    status: Status
    status_text: str
    category: CategoryRef | None
    description: str
    district: str
    street: str
    unit_name: str | None
    submitted_at: BeijingTime
    due_at: BeijingTime | None
    is_overdue: bool
    thumb_url: str | None


class TimerRead(BaseModel):
    """A clock of the report; seconds count on the timer's own clock."""

    stage: Stage
    stage_text: str
    state: str
    clock: str
    limit_text: str
    limit_s: int
    used_s: int
    remaining_s: int
    started_at: BeijingTime
    due_at: BeijingTime | None
    stopped_at: BeijingTime | None
    is_late: bool


class PlaceRead(BaseModel):
    """The report's place in the grid and in WGS-84."""

    cell: str
    street_code: str
    district_code: str
    lon_wgs84: float
    lat_wgs84: float
    is_certain: bool
    offset_m: float
    accuracy_m: float | None
    source: LocationSource


class ReportDetail(ReportRead):
    """What staff see beside it; the reporter appears under a pseudonym."""

    source: Source
    reporter: str
    class_code: str | None
    class_name: str | None
    condition_id: str | None
    condition: str | None
    closing_condition: str | None
    place: PlaceRead
    holder: str | None
    due_at: BeijingTime | None
    proposed_unit: str
    proposed_unit_name: str
    unit: str | None
    handler_id: str | None
    routing: dict[str, Any]
    return_count: int
    rework_count: int
    is_verified: bool | None
    is_leased: bool
    leased_until: BeijingTime | None
    timers: list[TimerRead]


class ReportState(BaseModel):
    """Where a report stands after an action."""

    number: str
    version: int
    status: Status
    status_text: str
    holder: str | None
    unit: str | None
    due_at: BeijingTime | None
    handle_due_at: BeijingTime | None
    closing_due_at: BeijingTime | None
    allowed_actions: list[Action]
