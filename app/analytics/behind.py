"""This will list exactly the reports behind a row: n of them finished, the others open."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final, cast

from sqlmodel import Session

from app.analytics.collect import Case, ask, collect_row
from app.analytics.measuring import Measured
from app.analytics.question import HandlingTimeReportsQuery, Order
from app.analytics.schemas import MeasuredReport, UnitName
from app.city.snapshot import CitySnapshot
from app.domain.report_number import display
from app.domain.roles import Caller
from app.infra.paging import Page, decode_cursor, page
from app.reports.world import World
from app.texts import text

Position = tuple[float, int, str]
"""Where a case stands in the order, ascending: by what is asked for, then by report and unit."""

Pair = tuple[Case, Measured]

_PLACE: Final[dict[Order, Callable[[Pair], float]]] = {
    Order.NEWEST: lambda pair: -pair[0].subject.submitted_at.timestamp(),
    Order.LONGEST: lambda pair: -pair[1].seconds,
    Order.SHORTEST: lambda pair: pair[1].seconds,
}


def handling_time_reports(
    session: Session, query: HandlingTimeReportsQuery, *, caller: Caller, world: World, now: datetime
) -> Page[MeasuredReport]:
    """List the reports of a row, as many as its n + open, in the order asked for.

    The pages of one list measure what is open up to the same instant, that of the first page, so that it keeps its
    place while somebody turns them.

    :raises PeriodInverted: `from` is after `to`
    :raises PeriodTooLong: more than 92 days
    :raises UnknownFilterValue: the city knows no such value, or the answer can have no such row
    :raises BadCursor: not a cursor of this list
    :raises OutsideCalendar: a working-time duration leaves the years of the calendar
    """
    as_of, after = _decoded(query.cursor, now=now)
    question = replace(ask(query, caller=caller, city=world.city, now=now), now=as_of)
    pairs = [
        (case, case.outcome)
        for case in collect_row(session, question, query)
        if isinstance(case.outcome, Measured) and query.is_open in {None, case.outcome.until is None}
    ]

    def position(pair: Pair) -> Position:
        # Newest first among equals, whatever the order asked for.
        return (_PLACE[query.order](pair), -pair[0].subject.id, pair[0].unit or "")

    pairs.sort(key=position)
    start = 0 if after is None else bisect_right(pairs, after, key=position)
    return page(
        pairs[start : start + query.limit + 1],
        limit=query.limit,
        key_of=lambda pair: (as_of, *position(pair)),
        present=lambda pair: _present(pair, query=query, city=world.city),
    )


def _decoded(cursor: str | None, *, now: datetime) -> tuple[datetime, Position | None]:
    """Return the instant up to which open durations count, and the position after which a page begins."""
    if cursor is None:
        return now, None
    as_of, place, report_id, unit = cast("tuple[datetime, float, int, str]", decode_cursor(cursor, types=_CURSOR))
    return min(as_of, now), (place, report_id, unit)


_CURSOR: Final[Sequence[type]] = (datetime, float, int, str)


def _present(pair: Pair, *, query: HandlingTimeReportsQuery, city: CitySnapshot) -> MeasuredReport:
    case, measured = pair
    subject = case.subject
    return MeasuredReport(
        number=subject.number,
        number_display=display(subject.number),
        report_url=f"/api/v1/reports/{subject.number}",
        status=subject.status,
        status_text=text(f"status.{subject.status.value}"),
        category=next((each.name for each in city.categories if each.code == subject.category_code), None),
        district=_area(subject.district_code, city),
        street=_area(subject.street_code, city),
        unit=_unit(case.unit, city),
        submitted_at=subject.submitted_at,
        duration=query.duration,
        duration_s=measured.seconds,
        since=measured.since,
        until=measured.until,
        stays=measured.stays,
        is_open=measured.until is None,
        is_in_time=case.in_time,
        is_overturned=case.is_overturned,
    )


def _area(code: str, city: CitySnapshot) -> str:
    area = city.areas.get(code)
    return area.name if area else code


def _unit(code: str | None, city: CitySnapshot) -> UnitName | None:
    if code is None:
        return None
    unit = city.units.get(code)
    return UnitName(code=code, name=unit.name if unit else code)
