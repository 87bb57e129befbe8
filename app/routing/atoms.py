"""Cut the city into atoms: cells, and the parts of cells in which different areas of a rule set lie."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.packing import PackedCells
from app.domain.routing.universe import PlaceAtom, Progress
from app.routing.shapes import near_cells

_AT_ONCE = 5_000
_LEAST_DEGREES2 = 1e-12
"""Some 0.01 m²: what rounding leaves along a border. A point on a border itself belongs to both sides (`Territory`)."""

Code = tuple[bool, str]
"""Whether it is a functional area, and its code."""


@dataclass(slots=True)
class _Touched:
    """What lies in a cell: areas that cover all of it, and those whose border goes through it."""

    whole: set[Code] = field(default_factory=set)
    partly: list[Code] = field(default_factory=list)


def place_atoms(
    cells: PackedCells,
    *,
    areas: Mapping[str, BaseGeometry],
    jurisdictions: Mapping[str, BaseGeometry],
    progress: Progress,
) -> list[PlaceAtom]:
    """Return every cell, each cut into the combinations of shapes (WGS-84, by code) that really occur in it."""
    shapes: dict[Code, BaseGeometry] = {(False, code): shape for code, shape in areas.items()}
    shapes |= {(True, code): shape for code, shape in jurisdictions.items()}
    touched = _touched(cells, shapes)
    atoms: list[PlaceAtom] = []
    for start in range(0, len(cells), _AT_ONCE):
        progress("cut", start, len(cells))
        indices = range(start, min(start + _AT_ONCE, len(cells)))
        geometries = cells.shapes(indices)
        spots = shapely.get_coordinates(shapely.point_on_surface(geometries)).tolist()
        for index, geometry, (lon, lat) in zip(indices, geometries, spots, strict=True):
            here = touched.get(index)
            if here is None:
                atoms.append(PlaceAtom(cells.code(index), lon, lat))
            else:
                atoms.extend(_atoms(cells.code(index), geometry, here, shapes))
    progress("cut", len(cells), len(cells))
    return atoms


def _touched(cells: PackedCells, shapes: Mapping[Code, BaseGeometry]) -> dict[int, _Touched]:
    found: dict[int, _Touched] = {}
    for code, shape in shapes.items():
        shapely.prepare(shape)
        near = near_cells(shape, cells)
        for start in range(0, len(near), _AT_ONCE):
            part = near[start : start + _AT_ONCE].tolist()
            geometries = cells.shapes(part)
            covered = shapely.covers(shape, geometries)
            crossed = shapely.intersects(shape, geometries) & ~covered
            for index in np.array(part)[covered].tolist():
                found.setdefault(index, _Touched()).whole.add(code)
            for index in np.array(part)[crossed].tolist():
                found.setdefault(index, _Touched()).partly.append(code)
    return found


def _atoms(
    cell: str, geometry: BaseGeometry, here: _Touched, shapes: Mapping[Code, BaseGeometry]
) -> Iterator[PlaceAtom]:
    pieces: list[tuple[BaseGeometry, frozenset[Code]]] = [(geometry, frozenset(here.whole))]
    for code in here.partly:
        pieces = [
            part
            for piece, codes in pieces
            for part in (
                (shapely.intersection(piece, shapes[code]), codes | {code}),
                (shapely.difference(piece, shapes[code]), codes),
            )
            if shapely.area(part[0]) > _LEAST_DEGREES2
        ]
    for piece, codes in pieces:
        spot = shapely.point_on_surface(piece)
        yield PlaceAtom(
            cell,
            spot.x,
            spot.y,
            polygons=frozenset(code for is_jurisdiction, code in codes if not is_jurisdiction),
            jurisdictions=frozenset(code for is_jurisdiction, code in codes if is_jurisdiction),
        )
