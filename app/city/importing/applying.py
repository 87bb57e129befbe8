"""Write a new generation of the grid in the transaction of its caller: the old cells end, the new ones begin."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, insert, or_, update
from sqlmodel import Session, col

from app.city.default_data import Street, unit_kinds
from app.city.importing.known import Delivery
from app.city.importing.planning import Plan, PlannedCells, Row
from app.city.importing.wanted import ImportRefused
from app.city.loading import Progress, add_generation, add_units
from app.city.models import Area, Cell, GridGeneration
from app.city.version import bump_version, current_version
from app.domain.routing.rules import FALLBACK_ROLE
from app.infra.upsert import insert_into

_CHUNK = 2_000
_AREA_COLUMNS = ("name", "level", "parent_code", "centre_lon", "centre_lat", "shape", "is_approximate", "generation_id")


def apply_generation(
    session: Session,
    plan: Plan,
    *,
    delivery: Delivery,
    source: str,
    known_version: int,
    today: date,
    now: datetime,
    progress: Progress,
) -> int:
    """Put the plan in force from today (a Beijing day) and return the id of its generation.

    A cell that began today was in force for no whole day and is removed, for the table forbids a period without a
    day; reports of that day keep its code, whose border is then gone. Areas
    that are not in the plan keep their names for old reports, and lose their shape.

    :param known_version: the version of the city that the plan was made from
    :raises ImportRefused: somebody else has changed the city since
    """
    bump_version(session, now=now)  # first: it locks, so of two imports the second sees the first
    if current_version(session) != known_version + 1:
        raise ImportRefused("changed_meanwhile")
    # The same file may come back after another; its checksum belongs to the newest of its generations.
    forget = update(GridGeneration).where(col(GridGeneration.file_sha256) == delivery.sha256)
    session.execute(forget.values(file_sha256=None))
    generation_id = add_generation(
        session, source=source, note=delivery.note, now=now, sha256=delivery.sha256, datum=delivery.datum
    )
    _end_cells(session, today=today)
    _write_areas(session, plan.areas, generation_id=generation_id)
    _write_cells(session, plan.cells, generation_id=generation_id, today=today, progress=progress)
    _add_offices(session, plan.offices, today=today)
    return generation_id


def _add_offices(session: Session, offices: Mapping[str, str], *, today: date) -> None:
    """Found the units, named as those of the default city."""
    kinds = [each for each in unit_kinds() if each.kind == FALLBACK_ROLE]
    streets = [Street(code, name, centre=(0.0, 0.0), area_km2=0.0) for code, name in offices.items()]
    add_units(session, kinds=kinds, districts=[], streets=streets, zones=[], valid_from=today)


def _end_cells(session: Session, *, today: date) -> None:
    session.execute(delete(Cell).where(col(Cell.valid_from) >= today))
    in_force = or_(col(Cell.valid_until).is_(None), col(Cell.valid_until) > today)
    session.execute(update(Cell).where(in_force).values(valid_until=today))


def _write_areas(session: Session, areas: Sequence[Row], *, generation_id: int) -> None:
    for start in range(0, len(areas), _CHUNK):
        rows = [{**area, "generation_id": generation_id} for area in areas[start : start + _CHUNK]]
        add = insert_into(session, Area)
        new: Any = add.excluded
        session.connection().execute(
            add.on_conflict_do_update(index_elements=["code"], set_={name: new[name] for name in _AREA_COLUMNS}), rows
        )
    session.execute(update(Area).where(col(Area.generation_id) != generation_id).values(shape=None))


def _write_cells(session: Session, cells: PlannedCells, *, generation_id: int, today: date, progress: Progress) -> None:
    common = {"generation_id": generation_id, "valid_from": today, "valid_until": None}
    for number, rows in enumerate(cells.rows(_CHUNK)):
        progress("cells", number * _CHUNK, len(cells))
        session.connection().execute(insert(Cell), [row | common for row in rows])
    progress("cells", len(cells), len(cells))
