"""The words of the API about a decision of the rules: what won, on what, why others lost, how it became a unit."""

from pydantic import BaseModel

from app.infra.wire import BeijingTime


class MatchedRead(BaseModel):
    """One criterion that the rule asks for: its value as the rule writes it, and what that is called."""

    criterion: str
    criterion_text: str
    value: str
    name: str


class PassedOverRead(BaseModel):
    """A rule that also applied, and the first criterion by which it is less specific than the winner.

    `lost_on` is `unit`, and there is no unit, when the city has none that the rule could mean there.
    """

    rule: str
    unit: str | None
    unit_name: str | None
    basis: str
    matched: list[MatchedRead]
    lost_on: str
    why: str


class OverlayRead(BaseModel):
    """A functional area in which the place lies, and whether it may decide about this class."""

    code: str
    name: str
    basis: str
    has_power: bool
    text: str


class RoutingRead(BaseModel):
    """Why the rules chose a unit, as it was written down when they did.

    `when_text`, `then_text`, `how` and `powers_text` are for staff, `why` is what the citizen reads. Reports of earlier
    versions of the program know less: what they do not know is null or empty.
    """

    rule_set: str
    effective_from: BeijingTime | None
    editor: str | None
    decided_at: BeijingTime | None
    rule: str
    basis: str
    why: str
    matched: list[MatchedRead]
    when_text: str
    then_text: str
    unit: str
    unit_name: str
    resolved_by: str | None
    how: str | None
    powers_text: str | None
    jurisdictions: list[OverlayRead]
    assisting: list[str]
    limit_text: str | None
    priority: int
    auto_dispatch: bool | None
    passed_over: list[PassedOverRead]
    passed_over_count: int
    is_gap: bool
    is_tie: bool
