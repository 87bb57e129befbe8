"""The limits in force: stage limits from the table, kept in memory with the city."""

from collections.abc import Mapping
from decimal import Decimal

from sqlalchemy import insert
from sqlmodel import Session, select

from app.domain.limits import Limit, LimitUnit
from app.domain.workflow import Stage
from app.sla.models import StageLimit

StageLimits = Mapping[Stage, Limit]

# Defaults of the product's design: what Chinese cities publish for their desks, in 工作时.
DEFAULT_STAGE_LIMITS: dict[Stage, Limit] = {
    Stage.ACCEPT: Limit(Decimal("0.25"), LimitUnit.WORK_HOUR),
    Stage.VERIFY: Limit(Decimal(2), LimitUnit.WORK_HOUR),
    Stage.FILE: Limit(Decimal("0.25"), LimitUnit.WORK_HOUR),
    Stage.DISPATCH: Limit(Decimal("0.25"), LimitUnit.WORK_HOUR),
    Stage.REVIEW: Limit(Decimal(2), LimitUnit.WORK_HOUR),
    Stage.CHECK: Limit(Decimal(4), LimitUnit.WORK_HOUR),
    Stage.CLOSE: Limit(Decimal(1), LimitUnit.WORK_HOUR),
}

REWORK_LEAST_PERCENT = 25
"""A rework resumes the handling clock with at least this share of its limit."""


def load_default_limits(session: Session) -> None:
    """Fill an empty table with the defaults; a table that has rows is somebody's decision and stays."""
    if session.exec(select(StageLimit)).first() is not None:
        return
    rows = [
        {"stage": stage.value, "limit_amount": limit.amount, "limit_unit": limit.unit}
        for stage, limit in DEFAULT_STAGE_LIMITS.items()
    ]
    session.execute(insert(StageLimit), rows)


def load_stage_limits(session: Session) -> StageLimits:
    rows = session.exec(select(StageLimit)).all()
    return {Stage(row.stage): Limit(Decimal(row.limit_amount), row.limit_unit) for row in rows}
