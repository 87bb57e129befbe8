"""Rule sets and their rules, as data with a version, an editor and an effective time."""

from datetime import date, datetime
from enum import Enum
from typing import Any

from sqlmodel import Field, SQLModel, UniqueConstraint

from app.infra.columns import choice, json_column


class RuleSetState(str, Enum):
    """Where a version is on its way to deciding reports."""

    DRAFT = "draft"
    PUBLISHED = "published"
    RETIRED = "retired"


class RuleSetVersion(SQLModel, table=True):
    """One version of the city's routing rules."""

    __tablename__ = "rule_set"

    id: int | None = Field(default=None, primary_key=True)
    version: str = Field(max_length=32, unique=True)
    state: RuleSetState = choice(RuleSetState)
    note: str
    editor: str = Field(max_length=64)
    effective_from: datetime | None = None
    created_at: datetime


class RoutingRule(SQLModel, table=True):
    """One rule; `conditions` and `decision` hold the fields of `domain.routing.When` and `Then` that it sets."""

    __tablename__ = "routing_rule"
    __table_args__ = (UniqueConstraint("rule_set_id", "key"),)

    id: int | None = Field(default=None, primary_key=True)
    rule_set_id: int = Field(foreign_key="rule_set.id", index=True)
    key: str = Field(max_length=64)
    conditions: dict[str, Any] = json_column()
    decision: dict[str, Any] = json_column()
    basis: str
    overrides_powers: bool = False
    valid_from: date | None = None
    valid_until: date | None = None
