"""What each action brings along; texts are bounded, photos are ids from `POST /api/v1/photos`."""

from enum import Enum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.domain.gcj02 import Datum
from app.infra.wire import NO_NUL, HumanText

MAX_TEXT = 1000
MAX_PHOTOS = 9
MAX_ASSISTING = 5

Text = Annotated[str, HumanText(max_length=MAX_TEXT)]
Reason = Annotated[str, HumanText(min_length=2, max_length=MAX_TEXT)]
# base64url
PhotoId = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
Photos = Annotated[list[PhotoId], Field(max_length=MAX_PHOTOS)]
Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
# Ids are strings on the wire; nine digits fit every integer column.
Id = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,8}$")]
WrittenNumber = Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=NO_NUL)]
"""A report's number as a person writes it, with or without spaces and dashes."""


Question = Annotated[str, HumanText(min_length=1, max_length=64, is_line=True)]
"""What an answer answers; kept with it."""
Answers = Annotated[dict[Question, Text], Field(max_length=20)]
"""Choices by the codes of their questions, which `GET /config` lists for each category."""


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Point(Body):
    """A position on Earth in degrees, in the datum the device speaks.

    A latitude may be as large as a longitude here, so that exchanged axes can be recognised for what they are.
    """

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, description="经度，十进制度")
    lat: float = Field(ge=-180, le=180, allow_inf_nan=False, description="纬度，十进制度")
    datum: Datum = Field(description="坐标系；微信小程序的定位为 gcj02")


class NoteBody(Body):
    """An optional word."""

    note: Text = ""


class ReasonBody(Body):
    """A reason; whoever is concerned reads it."""

    reason: Reason


class AcceptBody(NoteBody):
    """Class by filing condition or by category (its default); nothing when the report already has one.

    `answers` add to what the reporter answered, or correct it; the rules are asked again.
    """

    category: Code | None = None
    condition_id: Id | None = None
    answers: Answers = {}


class FileBody(NoteBody):
    condition_id: Id | None = None


class MergeBody(NoteBody):
    """The report that shows the same problem and stays."""

    master: WrittenNumber


class DispatchBody(NoteBody):
    """The responsible unit, without one the proposal is confirmed; who assists, without a list whom the rule names."""

    unit: Code | None = None
    assisting: Annotated[list[Code], Field(max_length=MAX_ASSISTING)] | None = None


class AssignBody(NoteBody):
    handler_id: Id


class ResultBody(Body):
    """What was done, with at least one photo of it."""

    result: Reason
    photo_ids: Photos = Field(min_length=1)


class ResolveBody(Body):
    """The unit's confirmed result; without photos it confirms the handler's proposal.

    Whoever gives it says that the closing condition of the filing condition is met.
    """

    result: Reason
    photo_ids: Photos = []
    is_closing_condition_met: bool = True


class CloseBody(NoteBody):
    is_closing_condition_met: bool = True


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
    """A verdict; who is dissatisfied says why."""

    score: Score
    reason: Text = ""
    is_solved: bool | None = None


class SupplementBody(Body):
    """What the reporter adds while the report is open: words, photos or both."""

    text: Text = ""
    photo_ids: Photos = []


class RemarkBody(Body):
    """A word among staff."""

    text: Annotated[str, HumanText(min_length=1, max_length=MAX_TEXT)]
