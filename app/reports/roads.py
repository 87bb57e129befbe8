"""Along which index a list of reports is walked: the narrowest road that holds everything asked for.

A road is a set of reports that an index keeps in the order of the list. What the road does not answer is looked at on
the way, and a request goes a bounded part of the way (`app.reports.walk`), so no list sorts or reads through history.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, true
from sqlmodel import col, select

from app.domain.roles import Caller, Rows
from app.domain.workflow import OPEN, Status
from app.reports.access import kinds_at_work
from app.reports.filters import Filters
from app.reports.models import AssistingUnit, Report

SCOPE = "scope"
"""Among what a road covers: it holds nothing but what the caller may see."""

# What part of a city's reports a road holds, more or less; only the order of these figures matters.
_PERSON, _ASKED_AGAIN, _ASSISTED, _UNIT, _STREET, _STATUS, _OPEN, _DISTRICT, _MOST, _ALL = (
    0.0001, 0.0002, 0.0005, 0.005, 0.007, 0.01, 0.03, 0.1, 0.9, 1.0,
)  # fmt: skip
_STREET_DIGITS = 9
_DISTRICT_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Road:
    """Reports of which one of `any_of` holds; `covers` names the filters it answers, `share` its part of the city."""

    share: float
    any_of: tuple[ColumnElement[bool], ...]
    covers: frozenset[str] = frozenset()


def road_for(filters: Filters, *, caller: Caller, now: datetime) -> Road:
    """Return the narrowest road on which everything lies that the filters leave of what the caller sees."""
    offers = [offer(filters, caller, now) for offer in _OFFERS]
    return min((road for road in offers if road is not None), key=lambda road: road.share)


def sees_all(caller: Caller) -> bool:
    return Rows.AREA in kinds_at_work(caller) and caller.area_code == ""


def _mine(filters: Filters, caller: Caller, now: datetime) -> Road | None:
    if not filters.mine:
        return None
    leased = (col(Report.lease_owner_id) == caller.user_id) & (col(Report.lease_until) > now)
    return Road(_PERSON, (col(Report.handler_id) == caller.user_id, leased), frozenset({"mine"}))


def _asked_again(filters: Filters, _caller: Caller, _now: datetime) -> Road | None:
    if not getattr(filters, "reopen_requested", None):
        return None
    return Road(_ASKED_AGAIN, (col(Report.reopen_requested_at).is_not(None),))


def _of_unit(filters: Filters, _caller: Caller, _now: datetime) -> Road | None:
    if filters.unit is None:
        return None
    return Road(_UNIT, (col(Report.unit_code) == filters.unit,), frozenset({"unit"}))


def _in_area(filters: Filters, _caller: Caller, _now: datetime) -> Road | None:
    if filters.area is None:
        return None
    share, condition, is_exact = _area(filters.area)
    return Road(share, (condition,), frozenset({"area"} if is_exact else ()))


def _in_status(filters: Filters, _caller: Caller, _now: datetime) -> Road | None:
    if len(set(filters.status)) != 1:
        return None
    share = _MOST if filters.status[0] is Status.CLOSED else _STATUS
    return Road(share, (col(Report.status) == filters.status[0],), frozenset({"status"}))


def _open(filters: Filters, _caller: Caller, _now: datetime) -> Road | None:
    has_clock = filters.is_overdue or filters.due_before is not None
    if not has_clock and not (filters.status and OPEN.issuperset(filters.status)):
        return None
    return Road(_OPEN, (col(Report.holder).is_not(None),))


def _seen(_filters: Filters, caller: Caller, _now: datetime) -> Road | None:
    """Return the road of the caller's row scope, in as many parts as they have scopes."""
    if sees_all(caller):
        return None
    parts = [_SCOPES[kind](caller) for kind in Rows if kind in kinds_at_work(caller)]
    is_exact = all(is_exact for _, _, is_exact in parts)
    return Road(
        sum(share for share, _, _ in parts),
        tuple(condition for _, condition, _ in parts) or (false(),),
        frozenset({SCOPE} if is_exact else ()),
    )


def _everything(_filters: Filters, _caller: Caller, _now: datetime) -> Road | None:
    return Road(_ALL, (true(),))


_OFFERS: tuple[Callable[[Filters, Caller, datetime], Road | None], ...] = (
    _mine,
    _asked_again,
    _of_unit,
    _in_area,
    _in_status,
    _open,
    _seen,
    _everything,
)


_Part = tuple[float, ColumnElement[bool], bool]
"""Share, condition, and whether the condition is all there is to it."""


def _area(code: str) -> _Part:
    if len(code) >= _STREET_DIGITS:
        return _STREET, col(Report.street_code) == code[:_STREET_DIGITS], len(code) == _STREET_DIGITS
    if len(code) >= _DISTRICT_DIGITS:
        return _DISTRICT, col(Report.district_code) == code[:_DISTRICT_DIGITS], len(code) == _DISTRICT_DIGITS
    return _ALL, true(), False


def _own_unit(caller: Caller) -> _Part:
    return _UNIT, col(Report.unit_code) == caller.unit_code if caller.unit_code else false(), True


def _assisted(caller: Caller) -> _Part:
    helped = select(AssistingUnit.report_id).where(AssistingUnit.unit_code == caller.unit_code)
    return _ASSISTED, col(Report.id).in_(helped), True


_SCOPES: dict[Rows, Callable[[Caller], _Part]] = {
    Rows.UNIT: _own_unit,
    Rows.ASSISTED: _assisted,
    Rows.AREA: lambda caller: _area(caller.area_code),
}
