"""The report's row: what was sent, where it stands, who holds it and until when."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import Index, Text, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from app.domain.gcj02 import Datum
from app.domain.workflow import Status
from app.infra.columns import choice, json_column


class Source(str, Enum):
    """Where a report comes from."""

    CITIZEN = "citizen"
    INSPECTOR = "inspector"
    SERVICE = "service"


class LocationSource(str, Enum):
    """How the place was found: by the phone's position or by a pin on the map."""

    GPS = "gps"
    PIN = "pin"


_WAITING = text("due_at IS NOT NULL")
_OPEN = text("holder IS NOT NULL")
_ASSIGNED = text("handler_id IS NOT NULL")
_LEASED = text("lease_owner_id IS NOT NULL")
_REOPENING = text("reopen_requested_at IS NOT NULL")


class Report(SQLModel, table=True):
    """One report. `lon`/`lat` are WGS-84 degrees, `sent_*` what the client sent in `datum`.

    `holder` is a desk's name or a unit's code and null once the report is closed; `due_at` is the running stage's
    deadline and null while no clock runs. `master_id` is the report that a merged one follows, `place_hint` the code of
    a doubt about the place; `reopen_count` counts how often its citizen has asked for another try.
    `journal_seq`/`journal_hash` are the head of the report's chain and `changed_at` its newest instant.
    """

    __tablename__ = "report"
    __table_args__ = (
        Index("ix_report_holder_due_at_id", "holder", "due_at", "id", sqlite_where=_WAITING, postgresql_where=_WAITING),
        Index("ix_report_reporter_id_submitted_at_id", "reporter_id", "submitted_at", "id"),
        Index("ix_report_submitted_at_id", "submitted_at", "id"),
        # The roads of app.reports.roads: each ends with the order of the list.
        Index("ix_report_status_submitted_at_id", "status", "submitted_at", "id"),
        Index("ix_report_unit_code_submitted_at_id", "unit_code", "submitted_at", "id"),
        Index("ix_report_district_code_submitted_at_id", "district_code", "submitted_at", "id"),
        Index("ix_report_street_code_submitted_at_id", "street_code", "submitted_at", "id"),
        Index("ix_report_open", "submitted_at", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        # What may be the same problem (app.reports.near): the place is looked at without opening a row.
        Index(
            "ix_report_open_alike",
            "street_code",
            "category_code",
            "submitted_at",
            "lon",
            "lat",
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
        Index(
            "ix_report_handler", "handler_id", "submitted_at", "id", sqlite_where=_ASSIGNED, postgresql_where=_ASSIGNED
        ),
        Index("ix_report_leased", "lease_owner_id", sqlite_where=_LEASED, postgresql_where=_LEASED),
        Index("ix_report_reopening", "submitted_at", "id", sqlite_where=_REOPENING, postgresql_where=_REOPENING),
        Index("ix_report_closed_at", "closed_at"),
        Index("ix_report_handle_due_at", "handle_due_at"),
        Index("ix_report_closing_due_at", "closing_due_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    number: str = Field(max_length=18, unique=True)
    version: int = 1
    status: Status = choice(Status)
    came_from: Status | None = choice(Status, default=None)

    source: Source = choice(Source)
    category_code: str | None = Field(default=None, foreign_key="category.code", max_length=40)
    scheme: str = Field(max_length=40)
    class_code: str | None = Field(default=None, max_length=5)
    condition_id: int | None = Field(default=None, foreign_key="filing_condition.id")
    description: str = Field(default="", sa_type=Text)
    answers: dict[str, Any] = json_column(default_factory=dict)
    place_type: str = Field(default="", max_length=32)
    component_code: str | None = Field(default=None, max_length=17)

    reporter_id: int = Field(foreign_key="user_account.id")
    is_anonymous: bool = False

    lon: float
    lat: float
    sent_lon: float
    sent_lat: float
    datum: Datum = choice(Datum)
    accuracy_m: float | None = None
    location_source: LocationSource = choice(LocationSource)
    address: str = Field(default="", max_length=200)
    district_code: str = Field(max_length=6)
    street_code: str = Field(max_length=9)
    cell_code: str = Field(max_length=15)
    is_place_certain: bool
    place_offset_m: float = 0
    place_hint: str | None = Field(default=None, max_length=32)

    proposed_unit_code: str = Field(foreign_key="unit.code", max_length=64)
    unit_code: str | None = Field(default=None, foreign_key="unit.code", max_length=64)
    handler_id: int | None = Field(default=None, foreign_key="user_account.id")
    is_verified: bool | None = None
    has_result: bool = False
    returned_by: list[str] = json_column(default_factory=list)
    rule_set_id: int = Field(foreign_key="rule_set.id")
    rule_key: str = Field(max_length=64)
    routing: dict[str, Any] = json_column(default_factory=dict)
    priority: int = 0

    holder: str | None = Field(default=None, max_length=64)
    due_at: datetime | None = None
    handle_due_at: datetime | None = None
    closing_due_at: datetime | None = None
    lease_owner_id: int | None = Field(default=None, foreign_key="user_account.id")
    lease_until: datetime | None = None

    submitted_at: datetime
    changed_at: datetime
    accepted_at: datetime | None = None
    dispatched_at: datetime | None = None
    signed_at: datetime | None = None
    feedback_at: datetime | None = None
    resolved_at: datetime | None = None
    closed_at: datetime | None = None
    master_id: int | None = Field(default=None, foreign_key="report.id", index=True)
    reopen_requested_at: datetime | None = None
    reopen_count: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    return_count: int = 0
    rework_count: int = 0
    rating_score: int | None = None
    rated_at: datetime | None = None

    journal_seq: int = 0
    journal_hash: str = Field(default="", max_length=64)


class AssistingUnit(SQLModel, table=True):
    """A unit that helps the responsible one; it sees the report and has no clock of its own."""

    __tablename__ = "assisting_unit"

    report_id: int = Field(primary_key=True, foreign_key="report.id")
    unit_code: str = Field(primary_key=True, max_length=64, foreign_key="unit.code", index=True)


class Follower(SQLModel, table=True):
    """A citizen who met the same problem (我也遇到) and hears what becomes of the report."""

    __tablename__ = "follower"
    __table_args__ = (
        UniqueConstraint("report_id", "user_id"),
        Index("ix_follower_user_id_joined_at_id", "user_id", "joined_at", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    report_id: int = Field(foreign_key="report.id")
    user_id: int = Field(foreign_key="user_account.id")
    joined_at: datetime
