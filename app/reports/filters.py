"""What people narrow lists down by: one model, the condition that each of its fields is, and what a query means."""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy import ColumnElement, and_, not_, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import col

from app.domain.bigrams import bigrams, names_a_person, words
from app.domain.errors import Invalid
from app.domain.report_number import InvalidReportNumber, beginning
from app.domain.roles import Caller
from app.domain.workflow import Status
from app.infra.paging import PageRequest
from app.infra.wire import HumanText, Since
from app.reports.actions.schemas import Code, WrittenNumber
from app.reports.models import Report, Source

_CLASS_DIGITS = 5
_NUMBER_DIGITS = 18
_TYPED_DIGITS = 11
"""From so many digits on, what is typed into a search is taken for a number's beginning: date and second."""
_NUMBER_IN_A_QUERY = re.compile(rf"[ -]*(?:\d[ -]*){{{_TYPED_DIGITS},{_NUMBER_DIGITS}}}")
_MOBILE = re.compile(r"1[3-9]\d{9}")


class SearchTooShort(Invalid):
    """No word of the query has two characters."""

    code = "SEARCH_TOO_SHORT"


class SearchForPerson(Invalid):
    """The query holds the number of a phone, an identity card or a bank card; those are not searched."""

    code = "SEARCH_FOR_PERSON"


class Filters(BaseModel):
    """What narrows a list down; fields are joined by "and"."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[list[Status], Field(max_length=len(Status), description="状态，可给多个")] = []
    category: Code | None = Field(default=None, description="市民类别代码")
    class_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{2}([0-9]{3})?$")] | None = Field(
        default=None, description="大类（两位）或小类（五位）代码"
    )
    area: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}([0-9]{3}){0,3}$")] | None = Field(
        default=None, description="区市、街道、社区或单元网格代码"
    )
    unit: Code | None = Field(default=None, description="责任单位代码")
    due_before: Since | None = Field(default=None, description="当前环节在此时刻之前到期")
    is_overdue: bool | None = Field(default=None, description="当前环节是否已超时")
    mine: bool | None = Field(default=None, description="是否由我领取或指派给我")
    source: Source | None = Field(default=None, description="来源")
    submitted_from: Since | None = Field(default=None, description="上报时间自（含）")
    submitted_to: Since | None = Field(default=None, description="上报时间至（不含）")
    number: WrittenNumber | None = Field(default=None, description="编号或其开头，至少六位数字，可带分隔符")
    q: Annotated[str, HumanText(min_length=1, max_length=40, is_line=True)] | None = Field(
        default=None, description="文字：描述、地址、补充和备注中都要出现的词，用空格分开，每词至少两个字；也可以是编号"
    )


class ListFilters(Filters):
    """Of all reports, closed ones too."""

    reopen_requested: bool | None = Field(default=None, description="市民是否申请了重新办理，尚未答复")


class QueueRequest(Filters, PageRequest):
    """A page of a queue."""


class ListRequest(ListFilters, PageRequest):
    """A page of the list of all reports."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a query means: the words to be found in the text, or a number's beginning."""

    words: tuple[str, ...] = ()
    number: str | None = None

    @property
    def bigrams(self) -> list[str]:
        return list(dict.fromkeys(pair for word in self.words for pair in bigrams(word)))


def understand(filters: Filters) -> Wanted:
    """Return what is searched for.

    :raises SearchTooShort: no word has two characters
    :raises SearchForPerson: somebody is looked for by the number of a phone or a card
    :raises InvalidReportNumber: no report's number begins as the one asked for
    """
    if filters.number is not None:
        beginning(filters.number)
    if filters.q is None:
        return Wanted()
    if _is_number(filters.q):
        return Wanted(number=filters.q)
    if names_a_person(filters.q):
        raise SearchForPerson
    wanted = Wanted(words(filters.q))
    if not wanted.bigrams:
        raise SearchTooShort
    return wanted


def _is_number(query: str) -> bool:
    if not _NUMBER_IN_A_QUERY.fullmatch(query) or _MOBILE.fullmatch(re.sub("[ -]", "", query)):
        return False
    try:
        beginning(query)
    except InvalidReportNumber:
        return False
    return True


def conditions(
    filters: Filters, *, caller: Caller, now: datetime, without: Collection[str] = ()
) -> list[ColumnElement[bool]]:
    """Return a condition on `report` for each field that is set, except those a road answers by itself."""
    given = {name: getattr(filters, name, None) for name in _CONDITIONS if name not in without}
    return [_CONDITIONS[name](value, caller, now) for name, value in given.items() if value is not None and value != []]


def ranges(filters: Filters, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Return the bounds on the instant of submission, by which every road of the list is ordered."""
    bounds: list[ColumnElement[bool]] = []
    if filters.submitted_from is not None:
        bounds.append(col(Report.submitted_at) >= filters.submitted_from)
    if filters.submitted_to is not None:
        bounds.append(col(Report.submitted_at) < filters.submitted_to)
    for number in (filters.number, wanted.number):
        if number is not None:
            bounds += _of_number(number)
    return bounds


def _of_number(written: str) -> list[ColumnElement[bool]]:
    """Return that numbers begin so; they tell when their reports were submitted."""
    digits, since, until = beginning(written)
    if len(digits) == _NUMBER_DIGITS:
        return [col(Report.number) == digits]
    first, last = digits.ljust(_NUMBER_DIGITS, "0"), digits.ljust(_NUMBER_DIGITS, "9")
    return [
        col(Report.submitted_at) >= since,
        col(Report.submitted_at) < until,
        col(Report.number).between(first, last),
    ]


class _NotByIndex(FunctionElement[Any]):
    """A column looked at on the way: SQLite would leave an ordered road for its index, and sort all it finds."""

    inherit_cache = True

    def __init__(self, column: Any) -> None:  # noqa: ANN401 - a mapped column
        super().__init__(column)
        self.type = column.type


@compiles(_NotByIndex)
def _the_column(element: _NotByIndex, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    return compiler.process(element.clauses, **options)


@compiles(_NotByIndex, "sqlite")
def _plus_the_column(element: _NotByIndex, compiler: SQLCompiler, **options: Any) -> str:  # noqa: ANN401 - SQLAlchemy's
    return f"+{compiler.process(element.clauses, **options)}"


def _of_class(code: str) -> ColumnElement[bool]:
    column = col(Report.class_code)
    return column == code if len(code) == _CLASS_DIGITS else column.startswith(code, autoescape=True)


def _of_me(is_mine: bool, caller: Caller, now: datetime) -> ColumnElement[bool]:  # noqa: FBT001 - as in the table below
    assigned = col(Report.handler_id).is_not_distinct_from(caller.user_id)
    leased = and_(
        col(Report.lease_owner_id).is_not_distinct_from(caller.user_id),
        col(Report.lease_until).is_not(None),
        col(Report.lease_until) > now,
    )
    return or_(assigned, leased) if is_mine else and_(not_(assigned), not_(leased))


def _overdue(is_overdue: bool, now: datetime) -> ColumnElement[bool]:  # noqa: FBT001 - as in the table below
    due_at = col(Report.due_at)
    return due_at < now if is_overdue else or_(due_at.is_(None), due_at >= now)


def _reopening(is_asked: bool) -> ColumnElement[bool]:  # noqa: FBT001 - as in the table below
    asked = and_(col(Report.reopen_requested_at).is_not(None), col(Report.status) == Status.CLOSED)
    return asked if is_asked else not_(asked)


_CONDITIONS: Mapping[str, Callable[[Any, Caller, datetime], ColumnElement[bool]]] = {
    "status": lambda statuses, _caller, _now: _NotByIndex(col(Report.status)).in_(statuses),
    "category": lambda code, _caller, _now: col(Report.category_code) == code,
    "class_code": lambda code, _caller, _now: _of_class(code),
    "area": lambda code, _caller, _now: col(Report.cell_code).startswith(code, autoescape=True),
    "unit": lambda code, _caller, _now: col(Report.unit_code) == code,
    "due_before": lambda instant, _caller, _now: col(Report.due_at) < instant,
    "is_overdue": lambda is_overdue, _caller, now: _overdue(is_overdue, now),
    "mine": _of_me,
    "source": lambda source, _caller, _now: col(Report.source) == source,
    "reopen_requested": lambda is_asked, _caller, _now: _reopening(is_asked),
}
