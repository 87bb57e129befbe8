"""The words of reports: what was described, where, and what was added; read for a search, compared with a query."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from app.domain.bigrams import contains, searchable
from app.infra.paging import PageRequest, encode_cursor
from app.journal.queries import words_about
from app.reports.filters import Wanted
from app.reports.models import Report
from app.reports.walk import Found, Walk, found, frontier, stretch

TEXTS_AT_A_TIME = 1_000
"""Reports of a queue whose words one request reads."""


class Words(NamedTuple):
    """What a report's reporter wrote."""

    id: int
    description: str
    address: str


def texts_of_reports(session: Session, reports: Sequence[Words]) -> dict[int, str]:
    """Return the searchable text of each report, with what reporters and staff added later."""
    if not reports:
        return {}
    added = words_about(session, [report.id for report in reports])
    return {report.id: searchable(report.description, report.address, *added.get(report.id, ())) for report in reports}


def page_with_words(session: Session, walk: Walk, page: PageRequest, wanted: Wanted) -> Found:
    """Return a page of the reports on a short road, such as a queue, that hold every word wanted.

    :raises BadCursor: the cursor is of another list
    """
    last = frontier(session, walk, page, budget=TEXTS_AT_A_TIME)
    (part,) = walk.road.any_of
    columns = select(col(Report.id), col(Report.description), col(Report.address), walk.order.instant)
    statement = stretch(columns, walk, part, page, last)
    # A whole weekend's reports may fall due at one instant: there the walk stops in the midst of it.
    *read, beyond = [*session.execute(statement.limit(TEXTS_AT_A_TIME + 1)), None][: TEXTS_AT_A_TIME + 1]
    words = [Words(*row[:3]) for row in read]
    texts = texts_of_reports(session, words)
    ids = [each.id for each in words if contains(texts[each.id], wanted.words)][: page.limit + 1]
    rows = {row.id: row for row in session.scalars(select(Report).where(col(Report.id).in_(ids)))}
    shown = found([rows[each] for each in ids], page, walk.order, last)
    if beyond is None or len(ids) > page.limit:
        return shown
    return Found(shown.rows, encode_cursor((read[-1][3], read[-1][0])))
