"""Load the default Qingdao: a city that works at once and that its owner replaces piece by piece."""

from datetime import date, datetime

import numpy as np
from sqlmodel import Session, col, select

from app.city import default_data, loading
from app.city.grid_building import cut_cells, street_shapes
from app.city.loading import Progress
from app.city.models import CalendarDay, CodeScheme, GridGeneration, Unit
from app.city.plane import Plane
from app.city.version import bump_version
from app.texts import text

PLANE = Plane(lon=120.3, lat=36.1)
CELL_M = 1_000.0
"""The side of a made-up cell; real ones are delivered by the city, about a tenth of this in built-up areas."""

_YEARS_AHEAD = 2


def load_default_city(session: Session, *, today: date, now: datetime, progress: Progress | None = None) -> None:
    """Add what is missing: units, areas and cells, the catalogue, the days of 2019 up to two years from now.

    A part of which anything is there already is left alone, so a second call changes nothing and does not count
    as a change of the city.

    :param today: the Beijing day from which units and cells are valid
    :param progress: told the stages `units`, `areas`, `cells`, `catalogue`, `calendar`
    """
    tell = progress or _nobody
    changes = [
        _load_units(session, today=today, tell=tell),
        _load_grid(session, today=today, now=now, tell=tell),
        _load_catalogue(session, tell=tell),
        _load_calendar(session, today=today, tell=tell),
    ]
    if any(changes):
        bump_version(session, now=now)


def _nobody(_stage: str, _done: int, _total: int) -> None:
    pass


def _load_units(session: Session, *, today: date, tell: Progress) -> bool:
    if session.exec(select(Unit.code).limit(1)).first():
        return False
    tell("units", 0, 1)
    loading.add_units(
        session,
        kinds=default_data.unit_kinds(),
        districts=default_data.districts(),
        streets=default_data.streets(),
        zones=default_data.zones(),
        valid_from=today,
    )
    tell("units", 1, 1)
    return True


def _load_grid(session: Session, *, today: date, now: datetime, tell: Progress) -> bool:
    if session.exec(select(GridGeneration.id).limit(1)).first():
        return False
    tell("areas", 0, 1)
    streets = {street.code: street for street in default_data.streets()}
    codes = list(streets)
    centres = PLANE.metres([street.centre for street in streets.values()])
    shapes = street_shapes(centres, np.array([street.area_km2 for street in streets.values()]))
    generation_id = loading.add_generation(
        session, source=text("city.default.source"), note=text("city.default.note"), now=now
    )
    loading.add_areas(
        session,
        districts=default_data.districts(),
        streets=streets,
        shapes=dict(zip(codes, PLANE.shapes_in_degrees(shapes), strict=True)),
        generation_id=generation_id,
        is_approximate=True,
    )
    tell("areas", 1, 1)
    cells = cut_cells(codes, shapes, size_m=CELL_M)
    loading.add_communities(session, cells, streets=streets, plane=PLANE, generation_id=generation_id)
    loading.add_cells(session, cells, plane=PLANE, generation_id=generation_id, valid_from=today, progress=tell)
    return True


def _load_catalogue(session: Session, *, tell: Progress) -> bool:
    if session.exec(select(CodeScheme.code).limit(1)).first():
        return False
    tell("catalogue", 0, 1)
    loading.add_catalogue(session, default_data.catalogue())
    tell("catalogue", 1, 1)
    return True


def _load_calendar(session: Session, *, today: date, tell: Progress) -> bool:
    """Add the years of which no day is there yet."""
    known = {day.year for day in session.exec(select(col(CalendarDay.day)))}
    last = today.year + _YEARS_AHEAD
    if known.issuperset(range(default_data.FIRST_CALENDAR_YEAR, last + 1)):
        return False
    tell("calendar", 0, 1)
    days = default_data.exceptional_days(default_data.FIRST_CALENDAR_YEAR, last)
    loading.add_days(
        session, [day for day in days if day.day.year not in known], source=text("city.default.calendar_source")
    )
    tell("calendar", 1, 1)
    return True
