"""The cases behind an answer: every report of the period with its duration, in two statements whatever their number."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from app.analytics.definitions import DUE_WITH_CLOSING, Basis, Duration, LeftOut
from app.analytics.grouping import is_known, key_of
from app.analytics.measuring import Measured, Stopwatch, judge, measure
from app.analytics.question import (
    HandlingTimeQuery,
    HandlingTimeReportsQuery,
    Period,
    check_filters,
    days_of,
    period_of,
)
from app.analytics.refusals import UnknownFilterValue
from app.analytics.subjects import Subject, closed_between, ids, in_scope, subjects
from app.city.snapshot import CitySnapshot
from app.domain.durations import Happening, Milestone, feedback_overturned, milestones
from app.domain.limits import elapsed
from app.domain.roles import Caller
from app.journal.queries import each_history
from app.reports.models import Report


@dataclass(frozen=True, slots=True)
class Case:
    """A report in the period, with its duration or the reason why it has none.

    `key` is its row, `unit` the unit that answers for the duration. `in_time` is None where no deadline decides.
    """

    subject: Subject
    key: str
    unit: str | None
    outcome: Measured | LeftOut
    is_overturned: bool
    in_time: bool | None


@dataclass(frozen=True, slots=True)
class Question:
    """A checked query: who asks, about which days, in which city, and when."""

    query: HandlingTimeQuery
    period: Period
    caller: Caller
    city: CitySnapshot
    now: datetime


def ask(query: HandlingTimeQuery, *, caller: Caller, city: CitySnapshot, now: datetime) -> Question:
    """Check a query.

    :raises PeriodInverted: `from` is after `to`
    :raises PeriodTooLong: more than 92 days
    :raises UnknownFilterValue: the city has no such unit, category, class, district or street
    """
    check_filters(query, city=city)
    return Question(query, period_of(query, now=now), caller, city, now)


def collect(session: Session, question: Question) -> list[Case]:
    """Return every case of a question, reports in the order of their ids.

    :raises OutsideCalendar: a working-time duration leaves the years of the calendar
    """
    conditions = _conditions(question)
    found = subjects(session, *conditions)
    watch = Stopwatch(
        count=partial(elapsed, question.city.calendar, question.query.clock),
        now=question.now,
    )
    return [
        case
        for report_id, history in each_history(session, ids(*conditions))
        if report_id in found
        for case in _cases(found[report_id], history, question=question, watch=watch)
    ]


def collect_row(session: Session, question: Question, query: HandlingTimeReportsQuery) -> list[Case]:
    """Return the cases of one row, or of the total.

    :raises UnknownFilterValue: there can be no such row
    """
    cases = collect(session, question)
    if query.key is None:
        return cases
    in_row = [case for case in cases if case.key == query.key]
    days = days_of(question.period)
    if not in_row and not is_known(query.group_by, query.key, days=days, city=question.city):
        raise UnknownFilterValue(parameter="key", value=query.key)
    return in_row


def _conditions(question: Question) -> list[ColumnElement[bool]]:
    query = question.query
    wanted = {
        col(Report.district_code): query.district,
        col(Report.street_code): query.street,
        # Who held a report is in its journal; its own unit is only the last of them.
        col(Report.unit_code): None if query.duration is Duration.HELD_BY_UNIT else query.unit,
        col(Report.category_code): query.category,
        col(Report.class_code): query.class_code,
        col(Report.source): query.source,
        col(Report.status): query.status,
    }
    filters = [column == value for column, value in wanted.items() if value is not None]
    return [_in_period(question), in_scope(question.caller), *filters]


def _in_period(question: Question) -> ColumnElement[bool]:
    since, until = question.period.since, question.period.until
    if question.query.basis is Basis.CLOSED:
        return closed_between(since, until)
    column: Mapped[Any]
    if question.query.basis is Basis.REPORTED:
        column = col(Report.submitted_at)
    elif question.query.duration in DUE_WITH_CLOSING:
        column = col(Report.closing_due_at)
    else:
        column = col(Report.handle_due_at)
    return and_(column >= since, column < until)


def _cases(subject: Subject, history: Sequence[Happening], *, question: Question, watch: Stopwatch) -> Iterator[Case]:
    duration = question.query.duration
    due_at = subject.closing_due_at if duration in DUE_WITH_CLOSING else subject.handle_due_at
    at = _basis_instant(question, subject, history, due_at=due_at)
    if at is None:
        return
    measured = measure(history, duration, watch=watch)
    is_overturned = duration is Duration.REPORT_TO_FEEDBACK and feedback_overturned(history)
    in_time = judge(history, duration, due_at=due_at, now=question.now)
    for outcome in [measured] if isinstance(measured, LeftOut) else measured:
        unit = _unit(subject, outcome)
        if question.query.unit in {None, unit}:
            key = key_of(question.query.group_by, subject, unit=unit, at=at)
            yield Case(subject, key, unit, outcome, is_overturned, in_time)


def _basis_instant(
    question: Question, subject: Subject, history: Sequence[Happening], *, due_at: datetime | None
) -> datetime | None:
    """Return the instant that puts a report into the period; None if it was closed in it, but not for the last time."""
    if question.query.basis is Basis.CLOSED:
        closed_at = milestones(history).get(Milestone.CLOSE)
        return closed_at if closed_at is not None and question.period.holds(closed_at) else None
    return subject.submitted_at if question.query.basis is Basis.REPORTED else due_at


def _unit(subject: Subject, outcome: Measured | LeftOut) -> str | None:
    if isinstance(outcome, Measured) and outcome.unit is not None:
        return outcome.unit
    return subject.unit_code


def groups_of(cases: Sequence[Case], keys: Sequence[str]) -> dict[str, list[Case]]:
    """Return the cases by row; `keys` are rows that are there even when empty, in their order."""
    groups: dict[str, list[Case]] = {key: [] for key in keys}
    for case in cases:
        groups.setdefault(case.key, []).append(case)
    return groups
