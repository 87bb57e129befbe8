"""Reads of reports: lists by keyset, chain heads; every list is bounded and has its index."""

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from app.domain.roles import Caller
from app.infra.paging import PageRequest, keyset
from app.journal.chain import Head
from app.reports.access import seen_at_work, served_by
from app.reports.filters import ListRequest, QueueRequest, Wanted, conditions, ranges
from app.reports.models import Report
from app.reports.roads import SCOPE, Road, road_for, sees_all
from app.reports.walk import Found, Key, Order, Walk, one_page
from app.reports.wording import page_with_words

HEADS_AT_A_TIME = 500


def waiting_key(report: Report) -> Key:
    return (report.due_at or report.submitted_at, report.id or 0)


def newest_key(report: Report) -> Key:
    return (report.submitted_at, report.id or 0)


NEWEST_FIRST = Order(col(Report.submitted_at), descends=True, key_of=newest_key)
MOST_URGENT_FIRST = Order(col(Report.due_at), descends=False, key_of=waiting_key)


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


def list_reports(session: Session, request: ListRequest, wanted: Wanted, *, caller: Caller, now: datetime) -> Found:
    """Return a page of all reports the caller sees, newest first; words wanted are not looked for here."""
    road = road_for(request, caller=caller, now=now)
    left = conditions(request, caller=caller, now=now, without=road.covers)
    return one_page(
        session,
        Walk(
            road=road,
            order=NEWEST_FIRST,
            within=ranges(request, wanted),
            also=[*left, seen_at_work(caller)],
            is_bounded=not left and (SCOPE in road.covers or sees_all(caller)),
        ),
        request,
    )


def list_waiting(
    session: Session, request: QueueRequest, wanted: Wanted, *, holder: str, caller: Caller, now: datetime
) -> Found:
    """Return a page of what waits at a desk or unit, the nearest deadline first, within the caller's scope."""
    left = [*conditions(request, caller=caller, now=now, without=_DEADLINE), *ranges(request, wanted)]
    walk = Walk(
        road=Road(0, (col(Report.holder) == holder,)),
        order=MOST_URGENT_FIRST,
        within=_deadline(request, now),
        also=[*left, served_by(caller, holder)],
        is_bounded=not left and (sees_all(caller) or holder == caller.unit_code),
    )
    return page_with_words(session, walk, request, wanted) if wanted.words else one_page(session, walk, request)


_DEADLINE = {"due_before", "is_overdue"}


def _deadline(request: QueueRequest, now: datetime) -> list[ColumnElement[bool]]:
    """Return the bounds on the deadline, by which a queue is ordered."""
    due_at = col(Report.due_at)
    bounds: list[ColumnElement[bool]] = [] if request.due_before is None else [due_at < request.due_before]
    if request.is_overdue is not None:
        bounds.append(due_at < now if request.is_overdue else due_at >= now)
    return bounds


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
