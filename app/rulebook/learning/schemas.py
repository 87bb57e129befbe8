"""The words of the API about what returns teach."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from app.infra.wire import NO_NUL, Since

MOST_COUNTED = 50_000
MOST_LEARNED_FROM = 20_000
"""Reports that one request looks at; the command line may look at more."""

RuleSetName = Annotated[str, Field(min_length=1, max_length=32, pattern=NO_NUL)]


class StatisticsRequest(BaseModel):
    """Which reports are counted."""

    model_config = ConfigDict(extra="forbid")

    rule_set: RuleSetName | None = Field(default=None, description="只统计由这个规则版本决定的上报件")
    since: Since | None = Field(default=None, description="只统计此时刻及以后上报的")
    limit: int = Field(default=20_000, ge=1, le=MOST_COUNTED, description="最多看最近多少件")


class SuggestionRequest(BaseModel):
    """Which reports are learned from."""

    model_config = ConfigDict(extra="forbid")

    since: Since | None = Field(default=None, description="只从此时刻及以后上报的学习")
    limit: int = Field(default=MOST_LEARNED_FROM, ge=1, le=MOST_LEARNED_FROM, description="最多看最近多少件")


class RuleFigures(BaseModel):
    """What became of the choices of one rule.

    Of `reports` that it decided, `dispatched` went to a unit and `returned` were handed back by the unit it had chosen.
    `settled` have a unit that answers for them (closed or on the way), `elsewhere` of them another one than chosen;
    `accuracy` is the rest's share, null while none is settled.
    """

    rule_set: str
    rule: str
    reports: int
    dispatched: int
    returned: int
    settled: int
    elsewhere: int
    accuracy: float | None


class RuleStatistics(BaseModel):
    """The rules whose choices ended elsewhere most often, out of `reports` in the caller's area."""

    reports: int
    items: list[RuleFigures]
    left_out: int


class EvidenceRead(BaseModel):
    """What speaks for a proposal: reports, those handed back, and the share that is right before and after.

    `least_after` is the lower end of the 99 % interval (Wilson) of `accuracy_after`.
    """

    reports: int
    returned: int
    accuracy_before: float
    accuracy_after: float
    least_after: float


class SuggestionRead(BaseModel):
    """A rule that a person may take over into a draft; nothing changes by itself.

    `replaces`: it takes the place of the rule of this key, otherwise it is a new rule beside `losing`. `found` led to
    it, `tested` was measured on newer reports that were not used to find it. `rule` has the words of a rule set file,
    `yaml` is the same, ready to be pasted.
    """

    losing: str
    replaces: bool
    rule: dict[str, Any]
    yaml: str
    found: EvidenceRead
    tested: EvidenceRead


class Suggestions(BaseModel):
    """Proposals for a version, out of so many closed reports: `older` to find them, `newer` to measure them."""

    rule_set: str
    older: int
    newer: int
    items: list[SuggestionRead]
