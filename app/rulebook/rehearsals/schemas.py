"""The words of the API about dry runs."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from app.infra.wire import BeijingTime, HumanText
from app.rulebook.models import DryRunState

MOST = 1_000_000
"""Reports that one dry run replays at most."""


class DryRunRequest(BaseModel):
    """How far back to go, and why."""

    model_config = ConfigDict(extra="forbid")

    last: int = Field(ge=1, le=MOST, description="重放最近多少件上报件")
    reason: Annotated[str, HumanText(min_length=1, max_length=1000)] = Field(description="为什么要试运行")


class UnitMove(BaseModel):
    """How many reports would have gone to another unit; `returned` of them the old one had handed back."""

    from_unit: str
    from_name: str
    to_unit: str
    to_name: str
    reports: int
    returned: int


class RuleMove(BaseModel):
    """How many reports another rule would have decided; `elsewhere` of them for another unit."""

    from_rule: str
    to_rule: str
    reports: int
    elsewhere: int


class DryRunSummary(BaseModel):
    """What the version would have changed.

    `reports` = `same` + `other_rule` (another rule, the same unit) + `other_unit` + `undecided` (the city has no unit
    left for the place, not even the street office). `newly_gap` and `gap_no_more` compare the fallback; `newly_tied`
    is 0 for every version that passed its check. `returned_by_old` of `other_unit` had been handed back by the old
    choice. Of the `closed` reports, so many had ended with what was decided then (`closed_agreed_before`) and so many
    with what the version decides; `changed_closed` and its two are the same for `other_unit` alone. `units` and `rules`
    hold the 200 most frequent moves and leave out so many others.
    """

    reports: int
    same: int
    other_rule: int
    other_unit: int
    undecided: int
    newly_gap: int
    gap_no_more: int
    newly_tied: int
    returned_by_old: int
    closed: int
    closed_agreed_before: int
    closed_agreed_after: int
    changed_closed: int
    changed_agreed_before: int
    changed_agreed_after: int
    units: list[UnitMove]
    units_left_out: int
    rules: list[RuleMove]
    rules_left_out: int


class DryRunRead(BaseModel):
    """A dry run: what was asked, how far it is, and what came out; `failure` says in Chinese why it failed."""

    id: str
    rule_set: str
    content_sha256: str
    state: DryRunState
    state_text: str
    editor: str
    reason: str
    last: int
    done: int
    total: int
    requested_at: BeijingTime
    finished_at: BeijingTime | None
    failure: str | None
    summary: DryRunSummary | None


class DryRunChangeRead(BaseModel):
    """One report that would have gone elsewhere; `final_unit` is who answers for it now, null while nobody does."""

    number: str
    submitted_at: BeijingTime
    class_code: str | None
    street_code: str
    from_rule: str
    from_unit: str
    from_name: str
    to_rule: str
    to_unit: str
    to_name: str
    was_returned: bool
    final_unit: str | None
    is_closed: bool
