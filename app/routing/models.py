"""Rule sets and their rules, as data with a version, its history and an effective time."""

from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlalchemy import CheckConstraint
from sqlmodel import Field, SQLModel, UniqueConstraint

from app.domain.routing.rules import Powers
from app.infra.columns import choice, json_column


class RuleSetState(str, Enum):
    """Where a version is on its way to deciding reports; Chinese in `app.texts` (`rule_set.state.<value>`)."""

    DRAFT = "draft"
    CHECKED = "checked"
    REHEARSED = "rehearsed"
    PUBLISHED = "published"
    RETIRED = "retired"


class RuleSetVersion(SQLModel, table=True):
    """One version of the city's routing rules.

    `sections` holds what a rule set file says besides its rules: `questions`, `areas`, `jurisdictions`, `units` and
    `keywords`. A check is good for the content and the `checked_city_version` that it saw. The published version with
    the latest `effective_from` that has come decides; of two with the same moment the one published last.
    """

    __tablename__ = "rule_set"
    __table_args__: Any = (
        CheckConstraint("state <> 'published' OR effective_from IS NOT NULL", name="published_from_a_moment"),
    )

    id: int | None = Field(default=None, primary_key=True)
    version: str = Field(max_length=32, unique=True)
    state: RuleSetState = choice(RuleSetState)
    note: str
    editor: str = Field(max_length=64)
    sections: dict[str, Any] = json_column(default_factory=dict, sa_column_kwargs={"server_default": "{}"})
    content_sha256: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    based_on: str | None = Field(default=None, max_length=32)
    checked_city_version: int | None = None
    check_report: dict[str, Any] | None = json_column(default=None)
    effective_from: datetime | None = None
    created_at: datetime


class RuleSetEvent(SQLModel, table=True):
    """One step of a version: who, when, why. Appended, never changed."""

    __tablename__ = "rule_set_event"

    id: int | None = Field(default=None, primary_key=True)
    rule_set_id: int = Field(foreign_key="rule_set.id", index=True)
    at: datetime
    editor: str = Field(max_length=64)
    state: RuleSetState = choice(RuleSetState)
    reason: str = Field(max_length=1000)
    facts: dict[str, Any] = json_column(default_factory=dict)


class RoutingRule(SQLModel, table=True):
    """One rule; `conditions` and `decision` hold the fields of `domain.routing.rules.When` and `Then` that it sets."""

    __tablename__ = "routing_rule"
    __table_args__ = (UniqueConstraint("rule_set_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    rule_set_id: int = Field(foreign_key="rule_set.id", index=True)
    key: str = Field(max_length=64)
    position: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    conditions: dict[str, Any] = json_column()
    decision: dict[str, Any] = json_column()
    basis: str
    powers: Powers = choice(Powers, default=Powers.ORDINARY, sa_column_kwargs={"server_default": "ordinary"})
    # What the program before revision 0005 reads instead of `powers`; a later revision drops it.
    overrides_powers: bool = False
    editor: str = Field(default="", max_length=64, sa_column_kwargs={"server_default": ""})
    valid_from: date | None = None
    valid_until: date | None = None
