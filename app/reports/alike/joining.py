"""A citizen joins a report of the same problem instead of sending one more (我也遇到), or stops following it."""

from datetime import datetime

from sqlalchemy import delete
from sqlmodel import Session, col, select

from app.domain.roles import Caller
from app.domain.workflow import TERMINAL, Status
from app.infra.upsert import insert_into
from app.reports.alike.refusals import FollowedNotFound, JoinOwnReport, JoinReportOver, JoinTokenInvalid
from app.reports.alike.tokens import report_of_token
from app.reports.models import Follower, Report


def join(session: Session, token: str, *, caller: Caller, secret: bytes, now: datetime) -> int:
    """Let the caller follow the report of a token, and return the id of that; joining twice is joining once.

    A report that was merged meanwhile is followed as it is, and so is its master.

    :raises JoinTokenInvalid: not made by us for this caller, altered, or expired
    :raises JoinOwnReport: the caller reported it, or its master
    :raises JoinReportOver: nobody works on it any more
    """
    report_id = report_of_token(token, user_id=caller.user_id, secret=secret, now=now)
    for report in _with_master(session, report_id):
        if report.reporter_id == caller.user_id:
            raise JoinOwnReport
        if report.status in TERMINAL - {Status.MERGED}:
            raise JoinReportOver
    row = {"report_id": report_id, "user_id": caller.user_id, "joined_at": now}
    session.execute(insert_into(session, Follower).values(row).on_conflict_do_nothing())
    own = (col(Follower.report_id) == report_id, col(Follower.user_id) == caller.user_id)
    return session.execute(select(col(Follower.id)).where(*own)).scalar_one() or 0


def _with_master(session: Session, report_id: int) -> list[Report]:
    """Return a report, locked against ending meanwhile, and the one it was merged into.

    Only the first: it is found before its master, and who merges locks two by their ids. A master whose follower is
    here cannot be withdrawn, and whoever joins a moment before it ends otherwise learns how it ended.
    """
    report = session.exec(select(Report).where(Report.id == report_id).with_for_update(read=True)).first()
    if report is None:
        raise JoinTokenInvalid
    if report.master_id is None:
        return [report]
    return [report, session.get_one(Report, report.master_id)]


def leave(session: Session, followed_id: int, *, caller: Caller) -> None:
    """Follow a report no longer.

    :raises FollowedNotFound: the caller follows no such report by joining it
    """
    own = (col(Follower.id) == followed_id, col(Follower.user_id) == caller.user_id)
    removed = session.execute(delete(Follower).where(*own).returning(col(Follower.id)))
    if removed.first() is None:
        raise FollowedNotFound
