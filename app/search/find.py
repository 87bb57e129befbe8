"""Finds the reports in whose text some words stand: by postings first, by looking at the text in the end.

A request looks at so many reports and no more; the cursor says where the next one goes on.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.domain.bigrams import contains, searchable
from app.domain.roles import Caller
from app.infra.paging import decode_cursor, encode_cursor
from app.reports.access import seen_at_work
from app.reports.clocks import id_of
from app.reports.filters import ListRequest, Wanted, conditions, ranges
from app.reports.models import Report
from app.reports.queries import list_reports
from app.reports.roads import SCOPE
from app.reports.walk import Found
from app.reports.wording import Words, texts_of_reports
from app.search.candidates import newest_with
from app.search.tokens import tokens_for

CANDIDATES = 500
"""Reports with the right bigrams that one request compares with filters no token answers."""

SPARE = 10
"""Candidates beyond the page, for those whose text holds the bigrams but not the words."""


def find_reports(session: Session, request: ListRequest, wanted: Wanted, *, caller: Caller, now: datetime) -> Found:
    """Return a page of what the caller sees, newest first: of all reports, or of those with certain words.

    :raises BadCursor: the cursor is of another list
    """
    if not wanted.words:
        return list_reports(session, request, wanted, caller=caller, now=now)
    tokens = tokens_for(request, caller)
    bounds = ranges(request, wanted)
    others = [*bounds, *conditions(request, caller=caller, now=now, without=tokens.covers)]
    take = request.limit + 1 + SPARE
    candidates = newest_with(
        session,
        wanted.bigrams,
        tokens.grams,
        filters=request,
        below=_below(request.cursor),
        most=take if SCOPE in tokens.covers and not others else CANDIDATES,
    )
    everything = [*bounds, *conditions(request, caller=caller, now=now), seen_at_work(caller)]
    statement = (
        select(Report)
        .where(col(Report.id).in_(candidates.ids), *everything)
        .order_by(col(Report.id).desc())
        .limit(take)
    )
    rows = session.exec(statement).all()
    rest = id_of(rows[-1]) if len(rows) == take else candidates.rest
    return _page(_with_words(session, rows, wanted), request.limit, rest)


def _below(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    (below,) = decode_cursor(cursor, types=[int])
    return int(below)  # type: ignore[arg-type]  # it has just been checked


def _page(rows: Sequence[Report], limit: int, rest: int | None) -> Found:
    shown = rows[:limit]
    if len(rows) > limit:
        rest = id_of(shown[-1])
    return Found(shown, None if rest is None else encode_cursor([rest]))


def _with_words(session: Session, rows: Sequence[Report], wanted: Wanted) -> list[Report]:
    """Return the reports whose text holds every word; what was added later is read for those that need it."""
    doubtful = [row for row in rows if not contains(searchable(row.description, row.address), wanted.words)]
    texts = texts_of_reports(session, [Words(id_of(row), row.description, row.address) for row in doubtful])
    return [row for row in rows if row.id not in texts or contains(texts[row.id], wanted.words)]
