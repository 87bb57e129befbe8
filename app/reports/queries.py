"""Reads of reports: lists by keyset, chain heads; every list is bounded and has its index."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.domain.roles import Caller
from app.infra.paging import PageRequest, keyset
from app.journal.chain import Head
from app.reports.access import visible_to
from app.reports.models import Report

HEADS_AT_A_TIME = 500


def list_own(session: Session, page: PageRequest, *, caller: Caller) -> Sequence[Report]:
    """Return the caller's reports, newest first, one row more than the page."""
    statement = keyset(
        select(Report).where(Report.reporter_id == caller.user_id),
        (col(Report.submitted_at), True),
        (col(Report.id), True),
        cursor=page.cursor,
        limit=page.limit,
    )
    return session.scalars(statement).all()


def list_waiting(session: Session, page: PageRequest, *, holder: str, caller: Caller) -> Sequence[Report]:
    """Return what waits at a desk or unit, the nearest deadline first, within the caller's area."""
    statement = keyset(
        select(Report).where(Report.holder == holder, col(Report.due_at).is_not(None), visible_to(caller)),
        (col(Report.due_at), False),
        (col(Report.id), False),
        cursor=page.cursor,
        limit=page.limit,
    )
    return session.scalars(statement).all()


def waiting_key(report: Report) -> tuple[datetime, int]:
    return (report.due_at or report.submitted_at, report.id or 0)


def newest_key(report: Report) -> tuple[datetime, int]:
    return (report.submitted_at, report.id or 0)


def chain_heads(
    session: Session, *, number: str | None = None, at_a_time: int = HEADS_AT_A_TIME
) -> Iterator[tuple[int, str, Head]]:
    """Yield (id, number, head) of one or of all reports, read a few hundred at a time."""
    last_id = 0
    while True:
        statement = (
            select(Report.id, Report.number, Report.journal_seq, Report.journal_hash)
            .where(col(Report.id) > last_id)
            .order_by(col(Report.id))
            .limit(at_a_time)
        )
        if number is not None:
            statement = statement.where(Report.number == number)
        rows = session.exec(statement).all()
        for report_id, each, seq, chain_hash in rows:
            yield report_id or 0, each, Head(seq, chain_hash)
        if len(rows) < at_a_time:
            return
        last_id = rows[-1][0] or 0


def count_reports(session: Session, *, number: str | None = None) -> int:
    """Count what `chain_heads` will yield; for a progress bar, not for a page."""
    statement = select(func.count()).select_from(Report)
    return session.exec(statement.where(Report.number == number) if number else statement).one()
