"""The words of the API about reports: what is sent, and what each kind of reader gets back."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, PlainSerializer, StringConstraints, WithJsonSchema

from app.domain.gcj02 import Datum
from app.domain.workflow import Action, Stage, Status
from app.domain.working_time import BEIJING
from app.infra.wire import BeijingTime, HumanText
from app.media.models import PhotoState
from app.reports.actions.schemas import Answers, Code, Photos, Point, Score
from app.reports.explanation_schemas import RoutingRead
from app.reports.models import LocationSource, Source
from app.triage.schemas import TriageRead

MAX_DESCRIPTION = 2000


class Location(Point):
    """Where the problem is, as the client knows it."""

    accuracy_m: float | None = Field(default=None, ge=0, le=100_000, allow_inf_nan=False)
    source: LocationSource
    address: Annotated[str, HumanText(max_length=200, is_line=True)] = ""


class SubmitReport(BaseModel):
    """A new report; also the command that other faces of the service build.

    `answers` are those to the questions that `GET /config` lists for the category, `component` is one of those that
    `GET /geo/components` offers.
    """

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
    description: Annotated[str, HumanText(max_length=MAX_DESCRIPTION)] = ""
    location: Location
    photo_ids: Photos = []
    answers: Answers = {}
    component: Annotated[str, StringConstraints(pattern=r"^[0-9]{17}$")] | None = None
    anonymous: bool = False
    duplicates_acknowledged: bool = Field(
        default=False, description="已看过附近可能重复的上报件，仍要单独上报（见 409 POSSIBLE_DUPLICATES）"
    )


ExactTime = Annotated[
    AwareDatetime,
    PlainSerializer(lambda instant: instant.astimezone(BEIJING).isoformat(), return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-20T18:05:00.000001+08:00"]}),
]
"""An instant to come back with, to the microsecond; people never read it."""


class CategoryRef(BaseModel):
    code: str
    name: str


class CameraRead(BaseModel):
    """What the camera noted, held against the report's place and time: a hint, never a fact.

    `time_gap_s` are seconds from the picture to the report, negative when the camera's clock was ahead;
    `taken_at_is_assumed` says that the camera named no offset and Beijing time was taken.
    """

    taken_at: BeijingTime | None
    taken_at_is_assumed: bool
    time_gap_s: int | None
    lon_wgs84: float | None
    lat_wgs84: float | None
    place_gap_m: float | None


class PhotoRead(BaseModel):
    """A photo without metadata; both links are signed and expire, and null unless the photo is `ready`.

    `state_text` says in words why there is nothing to see. `camera` is for the desk, null for everybody else.
    """

    photo_id: str
    kind: str
    state: PhotoState
    state_text: str
    url: str | None
    thumb_url: str | None
    width: int
    height: int
    camera: CameraRead | None


class TimelineEntry(BaseModel):
    """One step in words."""

    at: BeijingTime
    action: Action
    status: Status
    text: str
    note: str | None


class UpdateRead(BaseModel):
    """Something new on one of the caller's reports, on the one that it follows, or on one that the caller has joined.

    One of one's own has a `number`, one that was joined has a `followed_id`.
    """

    number: str | None
    followed_id: str | None
    at: BeijingTime
    action: Action
    status: Status
    text: str
    is_followed: bool = Field(description="此步骤发生在所并入或“我也遇到”的上报件上，status 也是该件的状态")


class UpdatesRead(BaseModel):
    """What is new; ask again with `since` = `next_since`. The same step may come twice, none is left out."""

    items: list[UpdateRead]
    next_since: ExactTime
    now: BeijingTime


class RatingRead(BaseModel):
    score: Score
    at: BeijingTime


class MasterRead(BaseModel):
    """What the reporter of a merged report learns of the one it follows: where it stands, and the result as given.

    Neither its number, which opens nothing to them, nor anything that its own reporter sent.
    """

    status: Status
    status_text: str
    unit_name: str | None
    handle_due_at: BeijingTime | None
    closing_due_at: BeijingTime | None
    feedback_at: BeijingTime | None
    closed_at: BeijingTime | None
    result: str | None
    photos: list[PhotoRead]


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
    reopen_requested_at: BeijingTime | None
    rating: RatingRead | None
    master: MasterRead | None
    met_by: int = Field(description="另有多少人上报或“我也遇到”同一问题")
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
    is_leased: bool
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
    """The report's place in the grid and in WGS-84.

    `hint` is a doubt: `maybe_gcj02` (and so on) when the point lies in no cell but would in that datum, `camera_gcj02`
    when a photo of the reporter was taken where the point would be in that datum, and not where it is.
    """

    cell: str
    street_code: str
    district_code: str
    lon_wgs84: float
    lat_wgs84: float
    is_certain: bool
    offset_m: float
    accuracy_m: float | None
    source: LocationSource
    hint: str | None
    hint_text: str | None


class UnitRef(BaseModel):
    code: str
    name: str


class FollowersRead(BaseModel):
    """Whose reports were merged into this one: how many, and the numbers of the first fifty.

    `joined` is how many citizens have joined it, or one of those (我也遇到).
    """

    count: int
    numbers: list[str]
    joined: int


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
    assisting: list[UnitRef]
    handler_id: str | None
    master_number: str | None
    followers: FollowersRead
    routing: RoutingRead
    return_count: int
    rework_count: int
    is_verified: bool | None
    is_leased: bool
    leased_until: BeijingTime | None
    timers: list[TimerRead]
    triage: TriageRead | None


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
