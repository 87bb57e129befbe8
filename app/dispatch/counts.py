"""How much waits in each queue, without counting what waits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, func, literal, select, union_all
from sqlmodel import Session, col

from app.dispatch.tallies import tallies
from app.domain.roles import Caller
from app.domain.workflow import Status
from app.reports.models import Report

OVERDUE_AT_MOST = 1_000
"""As far as overdue reports are counted one by one."""

WAITING_AT_MOST = 5_000
"""As far as a queue is counted one by one, for an area smaller than a street."""

_STREET_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Depth:
    """What waits in one queue; `has_more_overdue` says that the overdue ones were not counted to the end."""

    by_status: dict[Status, int]
    overdue: int
    has_more_overdue: bool

    @property
    def total(self) -> int:
        return sum(self.by_status.values())


def depths(session: Session, holders: Mapping[str, str], *, caller: Caller, now: datetime) -> dict[str, Depth]:
    """Return the depth of each queue; `holders` gives the holder by the queue's name.

    A unit's queue is counted whole, a desk's in the caller's area.
    """
    by_status = _by_status(session, holders, caller=caller)
    overdue = _overdue(session, holders, caller=caller, now=now)
    return {queue: Depth(by_status[holder], *overdue[queue]) for queue, holder in holders.items()}


def area_of(caller: Caller, holder: str) -> str:
    """Return the area in which a caller sees the queue of a holder; a unit sees its own everywhere."""
    return "" if holder == caller.unit_code else caller.area_code


def _by_status(session: Session, holders: Mapping[str, str], *, caller: Caller) -> dict[str, dict[Status, int]]:
    counts: dict[str, dict[Status, int]] = {}
    for area in {area_of(caller, holder) for holder in holders.values()}:
        of_area = [holder for holder in holders.values() if area_of(caller, holder) == area]
        if len(area) <= _STREET_DIGITS:
            counts |= tallies(session, of_area, area_code=area)
        else:
            counts |= {holder: _counted(session, holder, area=area) for holder in of_area}
    return counts


def _counted(session: Session, holder: str, *, area: str) -> dict[Status, int]:
    """Count the most urgent reports of a queue in an area for which no tallies are kept."""
    urgent = (
        select(col(Report.status), col(Report.cell_code))
        .where(col(Report.holder) == holder, col(Report.due_at).is_not(None))
        .order_by(col(Report.due_at), col(Report.id))
        .limit(WAITING_AT_MOST)
        .subquery()
    )
    statement = select(urgent.c.status, func.count()).where(urgent.c.cell_code.startswith(area, autoescape=True))
    return dict(session.execute(statement.group_by(urgent.c.status)).all())


def _overdue(
    session: Session, holders: Mapping[str, str], *, caller: Caller, now: datetime
) -> dict[str, tuple[int, bool]]:
    """Return how many are overdue by queue, and whether more are: the earliest deadlines first, so many and no more."""
    parts = [_late(queue, holder, area=area_of(caller, holder), now=now) for queue, holder in holders.items()]
    if not parts:
        return {}
    rows = session.execute(union_all(*parts))
    return {queue: (min(late, OVERDUE_AT_MOST), seen > OVERDUE_AT_MOST) for queue, late, seen in rows}


def _late(queue: str, holder: str, *, area: str, now: datetime) -> Select[str, int, int]:
    earliest = (
        select(col(Report.cell_code))
        .where(col(Report.holder) == holder, col(Report.due_at) < now)
        .order_by(col(Report.due_at), col(Report.id))
        .limit(OVERDUE_AT_MOST + 1)
        .subquery()
    )
    here = func.count().filter(earliest.c.cell_code.startswith(area, autoescape=True))
    return select(literal(queue), here, func.count())
