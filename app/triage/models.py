"""Tables of triage: the trained models, and what was proposed and what a person made of it."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from app.infra.columns import choice, json_column


class ProposalSource(str, Enum):
    """Who proposes a class; Chinese in `app.texts` (`triage.source.<value>`)."""

    KEYWORD = "keyword"
    MODEL = "model"


class TriageModel(SQLModel, table=True):
    """A trained text model. `weights` is an npz archive; at most one model is active."""

    __tablename__ = "triage_model"
    __table_args__: Any = (
        Index(
            "uq_triage_model_active",
            "is_active",
            unique=True,
            sqlite_where=text("is_active"),
            postgresql_where=text("is_active"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    version: str = Field(max_length=64, unique=True)
    created_at: datetime
    editor: str = Field(max_length=64)
    reports: int
    is_synthetic: bool
    threshold: float
    evaluation: dict[str, Any] = json_column(default_factory=dict)
    weights: bytes = Field(sa_type=LargeBinary)
    is_active: bool = False


class TriageProposal(SQLModel, table=True):
    """What triage said of one report, and what became of it.

    `top` holds up to three `{scheme, class, condition_id, confidence}`, best first. `is_adopted`: the rules went on
    with the first of them; `decided_class` is the class that a person confirmed or chose, and who did so.
    """

    __tablename__ = "triage_proposal"

    report_id: int = Field(primary_key=True, foreign_key="report.id")
    source: ProposalSource = choice(ProposalSource)
    rule_set_version: str = Field(max_length=32)
    model_version: str | None = Field(default=None, max_length=64)
    threshold: float
    top: list[dict[str, Any]] = json_column()
    is_adopted: bool
    proposed_at: datetime
    decided_class: str | None = Field(default=None, max_length=5)
    decided_condition_id: int | None = Field(default=None, foreign_key="filing_condition.id")
    decided_by: int | None = Field(default=None, foreign_key="user_account.id")
    decided_at: datetime | None = None
