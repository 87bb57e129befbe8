"""The words of the API of rule sets."""

from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from app.infra.wire import BeijingTime, HumanText, Since
from app.routing.check_report import CheckReport

DIFFERENCES_SHOWN = 500
"""Of each kind in a section; the counts say how many there are."""

LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Later moments are typing mistakes; the last ones of a calendar have no Beijing time."""


def _not_too_late(instant: datetime) -> datetime:
    if instant >= LATEST:
        raise PydanticCustomError("moment_too_late", "moment_too_late")
    return instant


Reason = Annotated[str, HumanText(min_length=1, max_length=1000)]


class PublishBody(BaseModel):
    """`effective_from`: left out, the version decides at once."""

    model_config = ConfigDict(extra="forbid")

    reason: Reason
    effective_from: Annotated[Since, AfterValidator(_not_too_late)] | None = Field(
        default=None, description="生效时间，不得早于现在；不填则立即生效"
    )


class RetireBody(BaseModel):
    model_config = ConfigDict(extra="forbid")

    reason: Reason


class RuleSetItem(BaseModel):
    """A version; `is_in_force` says whether it decides now."""

    version: str
    state: str
    state_name: str
    note: str
    editor: str
    based_on: str | None
    content_sha256: str
    checked_city_version: int | None
    effective_from: BeijingTime | None
    created_at: BeijingTime
    is_in_force: bool


class RuleSetEventRead(BaseModel):
    """A step: who, when, why, and what it was about."""

    at: BeijingTime
    editor: str
    state: str
    state_name: str
    reason: str
    facts: dict[str, Any]


class RuleSetRead(RuleSetItem):
    """A version with its newest steps, the newest first, and its last check."""

    rule_count: int
    section_counts: dict[str, int]
    events: list[RuleSetEventRead]
    check: CheckReport | None


class RuleRead(BaseModel):
    """A rule as its file has it, and who wrote it."""

    key: str
    when: dict[str, Any]
    then: dict[str, Any]
    basis: str
    powers: str
    valid_from: date | None
    valid_until: date | None
    editor: str


class FieldChangeRead(BaseModel):
    field: str
    before: str
    after: str


class ItemChangeRead(BaseModel):
    item: str
    fields: list[FieldChangeRead]


class SectionDifferenceRead(BaseModel):
    """What differs in one section; of each kind the first 500."""

    section: str
    added_count: int
    removed_count: int
    changed_count: int
    added: list[str]
    removed: list[str]
    changed: list[ItemChangeRead]


class DifferenceRead(BaseModel):
    """What `after` says other than `before`."""

    before: str
    after: str
    sections: list[SectionDifferenceRead]
