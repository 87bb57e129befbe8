"""Reports that belong together: a master and those that follow it; beside them the units that assist."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, literal, select, union_all
from sqlmodel import Session, col

from app.domain.roles import Caller
from app.reports.access import visible_to
from app.reports.clocks import id_of
from app.reports.models import AssistingUnit, Report

MOST_SHOWN = 50
"""How many followers a report names; beyond it they are only counted."""


@dataclass(frozen=True, slots=True)
class Relatives:
    """The number of a report's master, those of its first followers, and the codes of the units that assist.

    The numbers are of reports the caller sees; all followers are counted.
    """

    master: str | None
    followers: Sequence[str]
    follower_count: int
    assisting: Sequence[str]


def has_followers(session: Session, report: Report) -> bool:
    return (
        session.execute(select(col(Report.id)).where(col(Report.master_id) == id_of(report)).limit(1)).first()
        is not None
    )


def relatives_of(session: Session, report: Report, *, caller: Caller) -> Relatives:
    """Return whatever belongs to a report, in one statement; other reports are named only if the caller sees them."""
    followers = col(Report.master_id) == id_of(report)
    first = (
        select(col(Report.number).label("number"))
        .where(followers, visible_to(caller))
        .order_by(col(Report.id))
        .limit(MOST_SHOWN)
        .subquery()
    )
    statement = union_all(
        select(literal("followers"), literal(""), func.count()).where(followers),
        select(literal("follower"), first.c.number, literal(1)),
        select(literal("assisting"), col(AssistingUnit.unit_code), literal(1)).where(
            col(AssistingUnit.report_id) == id_of(report)
        ),
        select(literal("master"), col(Report.number), literal(1)).where(
            col(Report.id) == report.master_id, visible_to(caller)
        ),
    )
    rows = session.execute(statement).all()

    def of(wanted: str) -> list[str]:
        return sorted(code for kind, code, _ in rows if kind == wanted)

    return Relatives(
        master=next(iter(of("master")), None),
        followers=of("follower"),
        follower_count=next(count for kind, _, count in rows if kind == "followers"),
        assisting=of("assisting"),
    )
