"""Reports that belong together: a master and those that follow it; beside them the units that assist."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, CompoundSelect, Select, func, literal, or_, select, union, union_all
from sqlmodel import Session, col

from app.domain.roles import Caller
from app.reports.access import visible_to
from app.reports.clocks import id_of
from app.reports.models import AssistingUnit, Follower, Report

MOST_SHOWN = 50
"""How many followers a report names; beyond it they are only counted."""


@dataclass(frozen=True, slots=True)
class Relatives:
    """The number of a report's master, those of its first followers, and the codes of the units that assist.

    The numbers are of reports the caller sees; all followers are counted. `joined` is how many have joined the report
    or one that follows it, `met_by` how many others have met the problem: reported it, joined it, or both, this report
    being one of those that follow the master, or not.
    """

    master: str | None
    followers: Sequence[str]
    follower_count: int
    assisting: Sequence[str]
    joined: int
    met_by: int


def has_followers(session: Session, report: Report) -> bool:
    return (
        session.execute(select(col(Report.id)).where(col(Report.master_id) == id_of(report)).limit(1)).first()
        is not None
    )


def is_followed(session: Session, report: Report) -> bool:
    """Tell whether anybody waits for the result of somebody else's report: merged into it or joined."""
    joined = select(col(Follower.id)).where(col(Follower.report_id) == id_of(report)).limit(1)
    return has_followers(session, report) or session.execute(joined).first() is not None


def relatives_of(session: Session, report: Report, *, caller: Caller) -> Relatives:
    """Return whatever belongs to a report, in one statement; other reports are named only if the caller sees them."""
    rows = session.execute(relatives_statement(report, caller=caller)).all()

    def of(wanted: str) -> list[str]:
        return sorted(code for kind, code, _ in rows if kind == wanted)

    counted = {kind: count for kind, code, count in rows if not code}
    return Relatives(
        master=next(iter(of("master")), None),
        followers=of("follower"),
        follower_count=counted["followers"],
        assisting=of("assisting"),
        joined=counted["joined"],
        met_by=counted["met_by"],
    )


def relatives_statement(report: Report, *, caller: Caller) -> CompoundSelect[str, str, int]:
    """Return the statement: rows of what it is, a number or a unit's code, and how many."""
    followers = col(Report.master_id) == id_of(report)
    first = (
        select(col(Report.number).label("number"))
        .where(followers, visible_to(caller))
        .order_by(col(Report.id))
        .limit(MOST_SHOWN)
        .subquery()
    )
    own = col(Report.id) == id_of(report)
    root_id = report.master_id or id_of(report)
    problem = or_(col(Report.id) == root_id, col(Report.master_id) == root_id)
    reported: Select[int] = select(col(Report.reporter_id).label("who")).where(problem)
    others = union(reported, select(col(Follower.user_id)).where(_joined_to(problem))).subquery()
    joined = func.count(col(Follower.user_id).distinct())
    return union_all(
        select(literal("followers"), literal(""), func.count()).where(followers),
        select(literal("follower"), first.c.number, literal(1)),
        select(literal("joined"), literal(""), joined).where(_joined_to(or_(own, followers))),
        select(literal("met_by"), literal(""), func.count()).where(others.c.who != report.reporter_id),
        select(literal("assisting"), col(AssistingUnit.unit_code), literal(1)).where(
            col(AssistingUnit.report_id) == id_of(report)
        ),
        select(literal("master"), col(Report.number), literal(1)).where(
            col(Report.id) == report.master_id, visible_to(caller)
        ),
    )


def _joined_to(reports: ColumnElement[bool]) -> ColumnElement[bool]:
    """Say which reports were joined in one question: of two with OR between them, PostgreSQL reads the whole table."""
    return col(Follower.report_id).in_(select(col(Report.id)).where(reports))
