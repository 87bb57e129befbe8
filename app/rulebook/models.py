"""Tables of dry runs: a draft replayed over past reports, and what it would change."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.infra.columns import choice, json_column

_TO_DO = text("state IN ('waiting', 'running')")


class DryRunState(str, Enum):
    """Where a dry run stands; Chinese in `app.texts` (`dry_run.state.<value>`)."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class DryRunFailure(str, Enum):
    """Why a dry run failed; Chinese in `app.texts` (`dry_run.failure.<value>`)."""

    CHANGED = "changed"
    BROKEN = "broken"
    INTERRUPTED = "interrupted"
    ATTEMPTS = "attempts"


class DryRun(SQLModel, table=True):
    """One replay of the last `wanted` reports through a version; `content_sha256` is the content it saw."""

    __tablename__ = "dry_run"
    __table_args__: Any = (Index("ix_dry_run_to_do", "id", sqlite_where=_TO_DO, postgresql_where=_TO_DO),)

    id: int | None = Field(default=None, primary_key=True)
    rule_set_id: int = Field(foreign_key="rule_set.id", index=True)
    content_sha256: str = Field(max_length=64)
    state: DryRunState = choice(DryRunState)
    editor: str = Field(max_length=64)
    reason: str = Field(default="", max_length=1000)
    wanted: int
    done: int = 0
    total: int = 0
    claimed_at: datetime | None = None
    attempts: int = 0
    summary: dict[str, Any] | None = json_column(default=None)
    failure: DryRunFailure | None = choice(DryRunFailure, length=200, default=None)
    requested_at: datetime
    finished_at: datetime | None = None


class DryRunChange(SQLModel, table=True):
    """One report that the draft would have sent elsewhere. `was_returned`: the unit of the old choice returned it."""

    __tablename__ = "dry_run_change"

    dry_run_id: int = Field(primary_key=True, foreign_key="dry_run.id", ondelete="CASCADE")
    report_id: int = Field(primary_key=True, foreign_key="report.id")
    from_rule: str = Field(max_length=64)
    from_unit: str = Field(max_length=64)
    to_rule: str = Field(max_length=64)
    to_unit: str = Field(max_length=64)
    was_returned: bool
