"""The journal's two tables: facts that are never edited, and the free text that can be erased."""

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from app.domain.workflow import Action, Status
from app.infra.columns import choice, json_column


class JournalEntry(SQLModel, table=True):
    """One thing that happened to one report; `seq` counts from 1 without gaps.

    `hash` covers every other column, `prev_hash` included, so a changed, missing or reordered entry shows.
    """

    __tablename__ = "journal_entry"
    __table_args__ = (Index("ix_journal_entry_at", "at"),)

    report_id: int = Field(primary_key=True, foreign_key="report.id")
    seq: int = Field(primary_key=True)
    at: datetime
    action: Action = choice(Action)
    actor_kind: str = Field(max_length=16)
    actor_id: int | None = Field(default=None, foreign_key="user_account.id")
    actor_role: str = Field(default="", max_length=16)
    from_status: Status | None = choice(Status, default=None)
    to_status: Status = choice(Status)
    holder: str | None = Field(default=None, max_length=64)
    facts: dict[str, Any] = json_column(default_factory=dict)
    text_hash: str | None = Field(default=None, max_length=64)
    prev_hash: str = Field(max_length=64)
    hash: str = Field(max_length=64)


class JournalText(SQLModel, table=True):
    """The words of an entry (reason, result, rating); erasable, the entry keeps only their salted hash."""

    __tablename__ = "journal_text"

    report_id: int = Field(primary_key=True, foreign_key="report.id")
    seq: int = Field(primary_key=True)
    salt: str = Field(max_length=32)
    text: str | None = None
