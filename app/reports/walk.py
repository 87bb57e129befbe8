"""Walking along a road, page by page: an index gives the order, and a request looks at so many reports and no more."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, union, union_all
from sqlmodel import Session, col, select

from app.infra.paging import PageRequest, SortKey, encode_cursor, keyset
from app.reports.models import Report
from app.reports.roads import Road

BUDGET = 2_000
"""Reports a request looks at on a road that does not answer every filter; then it ends, with a cursor to go on."""

_MAX_ID = 2**31 - 1

Key = tuple[datetime, int]


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list: an instant and the id; reports without the instant are not in the list."""

    instant: Any
    descends: bool
    key_of: Callable[[Report], Key]

    @property
    def keys(self) -> tuple[SortKey, SortKey]:
        return (self.instant, self.descends), (col(Report.id), self.descends)

    def up_to(self, last: datetime | None) -> ColumnElement[bool]:
        """Return the condition that a report does not come after the instant `last`.

        A bound says, too, that there is an instant; saying that beside it makes PostgreSQL expect far too few rows.
        """
        if last is None:
            is_there: ColumnElement[bool] = self.instant.is_not(None)
            return is_there
        reaches: ColumnElement[bool] = self.instant >= last if self.descends else self.instant <= last
        return reaches

    def after(self, last: datetime) -> str:
        """Return the cursor that continues after everything of an instant."""
        return encode_cursor((last, 0 if self.descends else _MAX_ID))


@dataclass(frozen=True, slots=True)
class Found:
    """One page: perhaps shorter than asked for, even empty; the list goes on as long as there is a cursor."""

    rows: Sequence[Report]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Walk:
    """A road, its bounds in the order of the list, and what is looked at on the way.

    `also` holds for every report found, and `is_bounded` says that it leaves out so few that no budget is needed.
    """

    road: Road
    order: Order
    within: Sequence[ColumnElement[bool]]
    also: Sequence[ColumnElement[bool]]
    is_bounded: bool


def one_page(session: Session, walk: Walk, page: PageRequest) -> Found:
    """Return a page in one or two statements.

    :raises BadCursor: the cursor is of another list
    """
    last = None if walk.is_bounded else frontier(session, walk, page, budget=BUDGET)
    if len(walk.road.any_of) == 1:
        statement = stretch(select(Report), walk, walk.road.any_of[0], page, last)
    else:
        parts = [stretch(select(Report.id), walk, each, page, last).subquery() for each in walk.road.any_of]
        ids = union(*(select(part.c.id) for part in parts))
        together = select(Report).where(col(Report.id).in_(ids))
        statement = keyset(together, *walk.order.keys, cursor=None, limit=page.limit)
    return found(session.scalars(statement).all(), page, walk.order, last)


def stretch(
    what: Select[Any], walk: Walk, condition: ColumnElement[bool], page: PageRequest, last: datetime | None
) -> Select[Any]:
    """Narrow a statement down to what this request may look at on one part of the road, in order."""
    narrowed = what.where(condition, *walk.within, *walk.also, walk.order.up_to(last))
    return keyset(narrowed, *walk.order.keys, cursor=page.cursor, limit=page.limit)


def found(rows: Sequence[Report], page: PageRequest, order: Order, last: datetime | None) -> Found:
    """Make a page of one row more than it holds; without that row it ends where the walk did."""
    shown = rows[: page.limit]
    if len(rows) > page.limit:
        return Found(shown, encode_cursor(order.key_of(shown[-1])))
    return Found(shown, order.after(last) if last is not None else None)


def frontier(session: Session, walk: Walk, page: PageRequest, *, budget: int) -> datetime | None:
    """Return the last instant whose reports this request may look at, or None when the road ends before."""
    columns = [column for column, _ in walk.order.keys]
    lasts = [
        keyset(
            select(*columns).where(part, *walk.within, walk.order.up_to(None)),
            *walk.order.keys,
            cursor=page.cursor,
            limit=0,
        )
        .offset(budget - 1)
        .subquery()
        for part in walk.road.any_of
    ]
    statement = union_all(*(select(next(iter(last.c))) for last in lasts))
    instants: list[datetime] = [row[0] for row in session.execute(statement)]
    if not instants:
        return None
    # Beyond the nearest of them, some part of the road has not been looked at.
    return max(instants) if walk.order.descends else min(instants)
