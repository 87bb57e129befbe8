"""The tables of the desks: how many reports wait where, what a person filters by, and ready-made reasons."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Integer, UniqueConstraint
from sqlmodel import Field, SQLModel

from app.domain.workflow import Action, Status
from app.infra.columns import choice, json_column

LONGEST_REASON = 500


class QueueChange(SQLModel, table=True):
    """A report came to a queue (`delta` 1) or left it (-1); appended by the database itself (migration 0004).

    Not a counter: a counter's row would make everybody who submits in one street wait for each other.
    """

    __tablename__ = "queue_change"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer(), "sqlite"))
    holder: str = Field(max_length=64)
    street_code: str = Field(max_length=9)
    status: Status = choice(Status)
    delta: int


class QueueTally(SQLModel, table=True):
    """How many reports a holder had of a street in a status, up to the changes that are not yet folded in."""

    __tablename__ = "queue_tally"

    holder: str = Field(primary_key=True, max_length=64)
    street_code: str = Field(primary_key=True, max_length=9)
    status: Status = choice(Status, primary_key=True)
    n: int


class SavedFilter(SQLModel, table=True):
    """What somebody looks for again and again; `filters` are the query's parameters as JSON."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("user_id", "name"),)

    id: int | None = Field(default=None, primary_key=True)
    user_id: int = Field(foreign_key="user_account.id")
    queue: str = Field(max_length=32)
    name: str = Field(max_length=40)
    filters: dict[str, Any] = json_column(default_factory=dict)
    changed_at: datetime


class ReasonTemplate(SQLModel, table=True):
    """A reason ready to be taken over; one taken out of use stays, so that loading the defaults does not revive it."""

    __tablename__ = "reason_template"
    __table_args__ = (UniqueConstraint("action", "text"),)

    id: int | None = Field(default=None, primary_key=True)
    action: Action = choice(Action)
    text: str = Field(max_length=LONGEST_REASON)
    position: int
    is_active: bool = True
    changed_at: datetime
