"""The words of reports: what was described, where, and what was added; read for a search, compared with a query."""

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import select
from sqlmodel import Session, col

from app.domain.bigrams import contains, searchable
from app.infra.paging import PageRequest
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
    columns = select(col(Report.id), col(Report.description), col(Report.address))
    statement = stretch(columns, walk, part, page, last)  # type: ignore[arg-type]  # of three columns
    read = [Words(*row) for row in session.execute(statement.limit(None))]  # the frontier is the bound
    texts = texts_of_reports(session, read)
    ids = [words.id for words in read if contains(texts[words.id], wanted.words)][: page.limit + 1]
    rows = {row.id: row for row in session.scalars(select(Report).where(col(Report.id).in_(ids)))}
    return found([rows[each] for each in ids], page, walk.order, last)
