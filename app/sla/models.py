"""Stage limits, timers and the steps they have fired."""

from datetime import datetime
from decimal import Decimal
from enum import Enum

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from app.domain.deadlines import StepKind
from app.domain.limits import Clock, LimitUnit
from app.domain.workflow import Stage
from app.infra.columns import choice


class TimerState(str, Enum):
    """What a timer does; `stopped` kept its outcome, `cancelled` has none."""

    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    CANCELLED = "cancelled"


class StageLimit(SQLModel, table=True):
    """The limit of a stage on the desk's calendar; handling takes its limit from the filing condition."""

    __tablename__ = "stage_limit"

    stage: str = Field(primary_key=True, max_length=16)
    limit_amount: Decimal = Field(max_digits=8, decimal_places=2)
    limit_unit: LimitUnit = choice(LimitUnit)


class Timer(SQLModel, table=True):
    """One run of one stage's clock for one report.

    `counted_s` of `limit_s` were used before `since`; `since` is null while it stands. `fired` counts the steps that
    have happened, `next_step_at` is when the next one is due.
    """

    __tablename__ = "timer"
    __table_args__ = (
        Index("ix_timer_report_id", "report_id"),
        Index(
            "ix_timer_next_step_at",
            "next_step_at",
            sqlite_where=text("next_step_at IS NOT NULL"),
            postgresql_where=text("next_step_at IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    report_id: int = Field(foreign_key="report.id")
    stage: Stage = choice(Stage)
    unit_code: str | None = Field(default=None, foreign_key="unit.code", max_length=64)
    state: TimerState = choice(TimerState)
    clock: Clock = choice(Clock)
    limit_amount: Decimal = Field(max_digits=8, decimal_places=2)
    limit_unit: LimitUnit = choice(LimitUnit)
    limit_s: int
    counted_s: int = 0
    started_at: datetime
    since: datetime | None = None
    due_at: datetime | None = None
    stopped_at: datetime | None = None
    is_late: bool = False
    fired: int = 0
    next_step_at: datetime | None = None


class TimerFiring(SQLModel, table=True):
    """A step that happened; the primary key makes a second time impossible."""

    __tablename__ = "timer_firing"

    timer_id: int = Field(primary_key=True, foreign_key="timer.id")
    step: int = Field(primary_key=True)
    kind: StepKind = choice(StepKind)
    percent: int
    due_at: datetime
    fired_at: datetime
