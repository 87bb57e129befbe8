"""Past reports as the rules saw them and what became of each: the newest first, in chunks, without growing memory.

A report's class, condition and component are as they are known now, everything else is as it was sent.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from app.city.snapshot import CitySnapshot
from app.components.models import Component as ComponentRow
from app.domain.questions import PLACE_TYPE
from app.domain.routing.rules import Component, Facts
from app.domain.workflow import AFTER_DISPATCH, Status
from app.domain.working_time import beijing_day
from app.infra.paging import encode_cursor, keyset
from app.reports.models import Report
from app.routing.territory import Territory

CHUNK = 2_000
"""Reports in memory at a time."""

Opener = Callable[[], AbstractContextManager[Session]]
"""Opens a session for reading one chunk: `database.reading`, or what hands out a session that is open already."""

_WITH_THEIR_UNIT = (AFTER_DISPATCH | {Status.CLOSED}) - {Status.RETURNED}
"""Where `unit_code` says who answers for the report; a returned one still names who does not."""

_OUTCOME: tuple[Any, ...] = (
    Report.id,
    Report.submitted_at,
    Report.cell_code,
    Report.status,
    Report.rule_set_id,
    Report.rule_key,
    Report.routing,
    Report.proposed_unit_code,
    Report.unit_code,
    Report.dispatched_at,
    Report.returned_by,
)
_FACTS: tuple[Any, ...] = (
    Report.lon,
    Report.lat,
    Report.scheme,
    Report.condition_id,
    Report.answers,
    Report.source,
    Report.component_code,
)


@dataclass(frozen=True, slots=True)
class Stretch:
    """The newest `last` reports, none of them submitted before `since`."""

    last: int
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules decided then, and what became of it.

    `rule` and `unit` are the last decision by rules. `final_unit` is who answers for the report, '' while nobody does
    and after a return; it is final for good once `is_closed`. `returned_by` are the units that handed it back.
    """

    cell: str
    rule_set_id: int
    rule: str
    unit: str
    unit_name: str
    is_gap: bool
    is_tie: bool
    final_unit: str
    is_dispatched: bool
    is_closed: bool
    returned_by: tuple[str, ...]

    @property
    def was_returned(self) -> bool:
        """Whether the unit that the rules had chosen handed it back."""
        return self.unit in self.returned_by


@dataclass(frozen=True, slots=True)
class PastReport:
    """A report, what was known of it when it was sent, and what became of it."""

    id: int
    facts: Facts
    outcome: Outcome


def with_their_unit(status: Status, unit_code: str | None) -> str:
    """Return who answers for a report, '' while nobody does and after a return."""
    return (unit_code or "") if status in _WITH_THEIR_UNIT else ""


def count_past(session: Session, stretch: Stretch) -> int:
    """Return how many reports a stretch holds; it looks at no more than that."""
    wanted = select(Report.id).limit(stretch.last)
    if stretch.since is not None:
        wanted = wanted.where(col(Report.submitted_at) >= stretch.since)
    counted = select(func.count()).select_from(wanted.subquery())
    return session.exec(counted).one()


def outcomes(opened: Opener, stretch: Stretch) -> Iterator[list[Outcome]]:
    """Yield what became of the reports of a stretch, one statement per chunk."""
    for _, rows in _chunks(opened, stretch, _OUTCOME, lambda _session, rows: rows):
        yield [_outcome(row) for row in rows]


def past_reports(
    opened: Opener, stretch: Stretch, *, city: CitySnapshot, territory: Territory
) -> Iterator[list[PastReport]]:
    """Yield the reports of a stretch as a version's rules would see them, two statements per chunk at most.

    :param territory: that of the version; areas of the versions before do not matter
    """
    for components, rows in _chunks(opened, stretch, (*_OUTCOME, *_FACTS), _components):
        around = territory.around_all([row.lon for row in rows], [row.lat for row in rows])
        yield [
            PastReport(row.id, _facts(row, place, city=city, components=components), _outcome(row))
            for row, place in zip(rows, around, strict=True)
        ]


def _chunks(
    opened: Opener, stretch: Stretch, columns: tuple[Any, ...], also: Callable[[Session, Sequence[Any]], Any]
) -> Iterator[tuple[Any, Sequence[Any]]]:
    """Yield what is read beside the rows of a chunk, and the rows; nothing is open while the caller works on them."""
    cursor, left = None, stretch.last
    while left > 0:
        size = min(left, CHUNK)
        statement: Any = select(*columns)
        if stretch.since is not None:
            statement = statement.where(col(Report.submitted_at) >= stretch.since)
        # `keyset` asks for one row more than its limit.
        wanted = keyset(
            statement, (col(Report.submitted_at), True), (col(Report.id), True), cursor=cursor, limit=size - 1
        )
        with opened() as session:
            rows = session.execute(wanted).all()
            beside = also(session, rows)
        if rows:
            yield beside, rows
        if len(rows) < size:
            return
        left -= size
        cursor = encode_cursor((rows[-1].submitted_at, rows[-1].id))


def _components(session: Session, rows: Sequence[Any]) -> dict[str, Component]:
    codes = {row.component_code for row in rows} - {None}
    if not codes:
        return {}
    found = session.exec(select(ComponentRow).where(col(ComponentRow.code).in_(codes)))
    return {
        each.code: Component(each.code, each.maintainer_unit or "", each.owner_unit or "", each.supervisor_unit or "")
        for each in found
    }


def _facts(
    row: Any,  # noqa: ANN401 - a row of these very columns
    around: tuple[frozenset[str], frozenset[str]],
    *,
    city: CitySnapshot,
    components: dict[str, Component],
) -> Facts:
    condition = city.condition(row.condition_id) if row.condition_id else None
    polygons, jurisdictions = around
    return Facts(
        scheme=condition.scheme if condition else row.scheme,
        class_code=condition.class_code if condition else "",
        condition=condition.name if condition else "",
        cell=row.cell_code,
        at=row.submitted_at,
        is_working_day=city.calendar.is_workday(beijing_day(row.submitted_at)),
        place_type=row.answers.get(PLACE_TYPE, ""),
        answers=row.answers,
        channel=row.source.value,
        polygons=polygons,
        jurisdictions=jurisdictions,
        component=components.get(row.component_code),
    )


def _outcome(row: Any) -> Outcome:  # noqa: ANN401 - as above
    routing = row.routing
    unit = routing.get("unit") or row.proposed_unit_code
    return Outcome(
        cell=row.cell_code,
        rule_set_id=row.rule_set_id,
        rule=row.rule_key,
        unit=unit,
        unit_name=routing.get("unit_name") or unit,
        is_gap=bool(routing.get("is_gap")),
        is_tie=bool(routing.get("is_tie")),
        final_unit=with_their_unit(row.status, row.unit_code),
        is_dispatched=row.dispatched_at is not None,
        is_closed=row.status is Status.CLOSED,
        returned_by=tuple(row.returned_by),
    )
