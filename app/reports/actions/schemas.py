"""What each action brings along; texts are bounded, photos are ids from `POST /api/v1/photos`."""

from enum import Enum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.gcj02 import Datum
from app.infra.wire import NO_NUL

MAX_TEXT = 1000
MAX_PHOTOS = 9

Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=MAX_TEXT, pattern=NO_NUL)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=MAX_TEXT, pattern=NO_NUL)]
# base64url
PhotoId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Photos = Annotated[list[PhotoId], Field(max_length=MAX_PHOTOS)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
# Ids are strings on the wire; nine digits fit every integer column.
Id = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Point(Body):
    """A position on Earth in degrees, in the datum the device speaks."""

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False)
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False)
    datum: Datum


class NoteBody(Body):
    """An optional word."""

    note: Text = ""


class ReasonBody(Body):
    """A reason; whoever is concerned reads it."""

    reason: Reason


class AcceptBody(NoteBody):
    """Class by filing condition or by category (its default); nothing when the report already has one."""

    category: Code | None = None
    condition_id: Id | None = None


class FileBody(NoteBody):
    condition_id: Id | None = None


class DispatchBody(NoteBody):
    """The responsible unit; without one the proposal is confirmed."""

    unit: Code | None = None


class AssignBody(NoteBody):
    handler_id: Id


class ResultBody(Body):
    """What was done, with at least one photo of it."""

    result: Reason
    photo_ids: Photos = Field(min_length=1)


class ResolveBody(Body):
    """The unit's confirmed result; without photos it confirms the handler's proposal."""

    result: Reason
    photo_ids: Photos = []


class VisitBody(NoteBody):
    """A visit on the spot: photos and where the inspector stood."""

    photo_ids: Photos = Field(min_length=1)
    point: Point


class VerificationBody(VisitBody):
    is_true: bool


class FailedCheckBody(VisitBody):
    reason: Reason


class Score(str, Enum):
    """A citizen's verdict."""

    SATISFIED = "satisfied"
    MOSTLY = "mostly"
    DISSATISFIED = "dissatisfied"


class RateBody(Body):
    score: Score
    reason: Text = ""
    is_solved: bool | None = None
