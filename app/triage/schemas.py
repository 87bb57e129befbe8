"""The words of the API about triage: what was proposed for a report, the models, and how often people agreed."""

from pydantic import BaseModel, ConfigDict, Field

from app.infra.wire import BeijingTime, Since
from app.triage.measuring import Evaluation
from app.triage.models import ProposalSource


class TriageChoice(BaseModel):
    """A class that the words may mean; `confidence` is between 0 and 1, null where keyword rules chose."""

    scheme: str
    class_code: str
    class_name: str
    condition_id: str
    condition: str
    confidence: float | None


class TriageRead(BaseModel):
    """What triage proposed from a report's words, best first, and what a person made of it; staff only.

    `is_adopted`: the rules went on with the first choice. `is_confirmed` is null until a person has named the class.
    """

    source: ProposalSource
    source_text: str
    rule_set_version: str
    model_version: str | None
    threshold: float
    top: list[TriageChoice]
    is_adopted: bool
    proposed_at: BeijingTime
    decided_class: str | None
    decided_condition_id: str | None
    decided_at: BeijingTime | None
    is_confirmed: bool | None


class TriageModelRead(BaseModel):
    """A model with the figures it reached on reports kept out of its training; `note` says what they are worth."""

    version: str
    created_at: BeijingTime
    editor: str
    reports: int
    is_synthetic: bool
    note: str
    threshold: float
    is_active: bool
    evaluation: Evaluation


class AccuracyQuery(BaseModel):
    """From when on."""

    model_config = ConfigDict(extra="forbid")

    since: Since | None = Field(default=None, description="只统计此时刻之后的分检建议；缺省不限")


class Agreement(BaseModel):
    """Of one source: proposals, how many the rules went on with, how many a person decided, and how those fell out."""

    source: ProposalSource
    source_text: str
    model_version: str | None
    proposals: int
    adopted: int
    decided: int
    confirmed: int
    in_top: int


class Accuracy(BaseModel):
    """How often people agreed, over the newest proposals; `is_complete` says that no older one was left out."""

    sources: list[Agreement]
    looked_at: int
    is_complete: bool
    since: BeijingTime | None
