"""Write parts of a city into its tables; every function only adds, and leaves commit and version to its caller."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import groupby
from typing import Any

import numpy as np
import shapely
from sqlalchemy import insert
from sqlmodel import Session, SQLModel, col

from app.city.default_data import Catalogue, Day, District, Street, UnitKind, Zone
from app.city.grid_building import CutCell
from app.city.models import (
    Area,
    CalendarDay,
    Category,
    Cell,
    CodeScheme,
    EventClass,
    FilingCondition,
    GridGeneration,
    Unit,
    UnitLevel,
)
from app.city.plane import Plane, Shapes
from app.domain.cells import Level, community_of, district_of, street_of
from app.texts import text

Progress = Callable[[str, int, int], None]
"""Told (stage, done, total) as work goes on; the words of a stage are the text `city.progress.<stage>`."""

_CHUNK = 2_000


def add_generation(
    session: Session, *, source: str, note: str, now: datetime, sha256: str | None = None, datum: str = "wgs84"
) -> int:
    """Begin a delivery of the grid and return its id; `sha256` is that of the file it came from, in `datum`."""
    row = {"created_at": now, "source": source, "note": note, "file_sha256": sha256, "datum": datum}
    begin = insert(GridGeneration).values(row).returning(col(GridGeneration.id))
    generation_id: int = session.connection().execute(begin).mappings().one()["id"]
    return generation_id


def add_areas(
    session: Session,
    *,
    districts: Iterable[District],
    streets: Mapping[str, Street],
    shapes: Mapping[str, Any],
    generation_id: int,
    is_approximate: bool,
) -> None:
    """Add streets with their shapes (by street code, WGS-84 degrees) and districts as the union of theirs.

    Every district needs at least one street.
    """
    common = {"generation_id": generation_id, "is_approximate": is_approximate}
    rows = [
        {
            "code": code,
            "name": streets[code].name,
            "level": Level.STREET,
            "parent_code": district_of(code),
            "centre_lon": streets[code].centre[0],
            "centre_lat": streets[code].centre[1],
            "shape": shapely.to_wkb(shape),
            **common,
        }
        for code, shape in shapes.items()
    ]
    above = []
    for district in districts:
        union = shapely.union_all([shape for code, shape in shapes.items() if district_of(code) == district.code])
        middle = union.representative_point()
        above.append(
            {
                "code": district.code,
                "name": district.name,
                "level": Level.DISTRICT,
                "parent_code": None,
                "centre_lon": middle.x,
                "centre_lat": middle.y,
                "shape": shapely.to_wkb(union),
                **common,
            }
        )
    _insert(session, Area, above)
    _insert(session, Area, rows)


def add_communities(
    session: Session,
    cells: Sequence[CutCell],
    *,
    streets: Mapping[str, Street],
    plane: Plane,
    generation_id: int,
) -> None:
    """Add the 12-digit blocks of generated cells as communities; artificial, so always approximate."""
    rows = []
    for code, block in groupby(sorted(cells, key=lambda cell: cell.code), key=lambda cell: community_of(cell.code)):
        union = shapely.union_all([cell.shape for cell in block])
        shape = plane.shapes_in_degrees(np.array([union], dtype=object))[0]
        middle = shape.representative_point()
        street = street_of(code)
        rows.append(
            {
                "code": code,
                "name": text("city.default.community", street=streets[street].name, number=int(code[-3:])),
                "level": Level.COMMUNITY,
                "parent_code": street,
                "centre_lon": middle.x,
                "centre_lat": middle.y,
                "shape": shapely.to_wkb(shape),
                "generation_id": generation_id,
                "is_approximate": True,
            }
        )
    _insert(session, Area, rows)


def add_cells(
    session: Session,
    cells: Sequence[CutCell],
    *,
    plane: Plane,
    generation_id: int,
    valid_from: date,
    progress: Progress | None = None,
) -> None:
    """Add cells of a plane, turned into WGS-84 degrees."""
    shapes: Shapes = np.array([cell.shape for cell in cells], dtype=object)
    wkb = shapely.to_wkb(plane.shapes_in_degrees(shapes)).tolist()
    rows = [
        {
            "code": cell.code,
            "generation_id": generation_id,
            "shape": shape,
            "area_m2": round(area_m2, 1),
            "valid_from": valid_from,
            "valid_until": None,
        }
        for cell, shape, area_m2 in zip(cells, wkb, plane.areas_m2(shapes).tolist(), strict=True)
    ]
    for done in range(0, len(rows), _CHUNK):
        _insert(session, Cell, rows[done : done + _CHUNK])
        if progress:
            progress("cells", min(done + _CHUNK, len(rows)), len(rows))


def add_units(
    session: Session,
    *,
    kinds: Sequence[UnitKind],
    districts: Iterable[District],
    streets: Iterable[Street],
    zones: Iterable[Zone],
    valid_from: date,
) -> None:
    """Add one unit of each kind wherever its kind exists: city, districts, streets, zones, beside them enterprises.

    Codes are `qd.<kind>`, `<6 digits>.<kind>`, `<9 digits>.<kind>` and `ent.<kind>`.
    """
    places = [("municipal", "", "qd", "青岛市"), ("enterprise", "", "ent", "")]
    places += [("district", district.code, district.code, district.office_name) for district in districts]
    places += [("street", street.code, street.code, street.name) for street in streets]
    places += [("zone", zone.code, zone.code, zone.name) for zone in zones]
    rows: dict[str, dict[str, Any]] = {}
    for exists_on, area_code, prefix, area_name in places:
        for kind in kinds:
            code = f"{prefix}.{kind.kind}"
            # The first row whose ending fits names the unit; the ones below it are for other endings.
            if kind.exists_on == exists_on and area_name.endswith(kind.name_ending) and code not in rows:
                rows[code] = {
                    "code": code,
                    "name": kind.name_pattern.format(area=area_name),
                    "kind": kind.kind,
                    "level": UnitLevel.STREET if exists_on == "zone" else UnitLevel(exists_on),
                    "area_code": area_code,
                    "parent_code": kind.parent_pattern.format(code=area_code) or None,
                    "valid_from": valid_from,
                    "valid_until": None,
                }
    # Parents go in first, or the foreign key refuses their children.
    _insert(session, Unit, sorted(rows.values(), key=lambda row: row["parent_code"] is not None))


def add_catalogue(session: Session, catalogue: Catalogue) -> None:
    """Add a scheme, its classes, the categories and the filing conditions in the order given."""
    scheme = catalogue.scheme
    session.add(
        CodeScheme(code=scheme.code, name=scheme.name, valid_from=scheme.valid_from, valid_until=scheme.valid_until)
    )
    session.add_all(
        Category(
            code=category.code,
            name=category.name,
            position=category.position,
            is_public=category.is_public,
            hint=category.hint,
            icon=category.icon,
            duplicate_radius_m=category.duplicate_radius_m,
            duplicate_window_h=category.duplicate_window_h,
            duplicate_photo_radius_m=category.duplicate_photo_radius_m,
            duplicate_photo_window_h=category.duplicate_photo_window_h,
            duplicate_photo_bits=category.duplicate_photo_bits,
        )
        for category in catalogue.categories
    )
    session.flush()  # the rows below point at these
    names = {condition.class_code: condition.class_name for condition in catalogue.conditions}
    classes = [{"scheme": scheme.code, "code": code, "name": name, "major": code[:2]} for code, name in names.items()]
    _insert(session, EventClass, classes)
    conditions = [
        {
            "scheme": scheme.code,
            "class_code": condition.class_code,
            "category_code": condition.category,
            "name": condition.name,
            "is_default": condition.is_default,
            "limit_amount": condition.limit_amount,
            "limit_unit": condition.limit_unit,
            "closing_condition": condition.closing_condition,
            "needs_verification": condition.needs_verification,
            "auto_dispatch": condition.auto_dispatch,
            "basis": condition.basis,
        }
        for condition in catalogue.conditions
    ]
    _insert(session, FilingCondition, conditions)


def add_days(session: Session, days: Iterable[Day], *, source: str) -> None:
    rows = [
        {
            "day": day.day,
            "is_working": day.is_working,
            "note": day.note,
            "source": source,
            "is_confirmed": day.is_confirmed,
        }
        for day in days
    ]
    _insert(session, CalendarDay, rows)


def _insert(session: Session, table: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows without building an object for each: ten thousand cells in half a second."""
    if rows:
        session.connection().execute(insert(table), rows)
