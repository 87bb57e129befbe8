"""What is measured: the reports of a question with the attributes that make rows, and the conditions that pick them."""

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, false, select
from sqlmodel import Session, col

from app.domain.roles import Caller, Permission
from app.domain.workflow import Action, Status
from app.journal.models import JournalEntry
from app.reports.models import Report, Source


class Subject(NamedTuple):
    """A report without its instants, which only the journal tells, and without its text."""

    id: int
    number: str
    status: Status
    submitted_at: datetime
    district_code: str
    street_code: str
    unit_code: str | None
    category_code: str | None
    scheme: str
    class_code: str | None
    source: Source
    handle_due_at: datetime | None
    closing_due_at: datetime | None


_COLUMNS = tuple(getattr(Report, name) for name in Subject._fields)


def in_scope(caller: Caller) -> ColumnElement[bool]:
    """Return what a caller's figures are made of: the reports of their area, or none without the permission."""
    if not caller.may(Permission.VIEW_ANALYTICS):
        return false()
    return col(Report.cell_code).startswith(caller.area_code, autoescape=True)


def closed_between(since: datetime, until: datetime) -> ColumnElement[bool]:
    """Return the reports that were closed at some time of [since, until); the last close is for the history to tell."""
    closes = (Action.CLOSE, Action.FORCE_CLOSE)
    closed = select(col(JournalEntry.report_id)).where(
        col(JournalEntry.at) >= since, col(JournalEntry.at) < until, col(JournalEntry.action).in_(closes)
    )
    return col(Report.id).in_(closed)


def subjects(session: Session, *conditions: ColumnElement[bool]) -> dict[int, Subject]:
    """Return the reports under these conditions by id."""
    return {row[0]: Subject(*row) for row in session.execute(select(*_COLUMNS).where(*conditions))}


def ids(*conditions: ColumnElement[bool]) -> Select[Any]:
    return select(col(Report.id)).where(*conditions)
