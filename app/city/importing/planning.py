"""Turn a judged file without errors into the rows of a new generation: cells, and the areas above them."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.facts import AreaFact
from app.city.grid_building import cut_cells
from app.city.importing.borders import LEAST_AREA_M2
from app.city.importing.fields import Words
from app.city.importing.findings import Fault
from app.city.importing.judging import Judged
from app.city.importing.known import KnownCity
from app.city.importing.wanted import GridLevel, Wanted
from app.city.loading import Progress
from app.city.plane import Plane, Shapes
from app.domain.cells import Level, community_of, district_of, level_of, street_of
from app.texts import text

MAX_CUT_CELLS = 1_200_000
"""As many as a file of cells may hold."""

MAX_SQUARES = 2_000_000
"""Over the bounds of one street, whose parts may lie far apart; a gigabyte or so of memory."""

Row = dict[str, Any]
Drawn = dict[str, BaseGeometry]
"""Shapes in WGS-84 degrees by code."""


@dataclass(frozen=True, slots=True)
class PlannedCells:
    """Cells by code, with shapes in WGS-84 degrees; their rows, which take twice that memory, are made in chunks."""

    drawn: Drawn
    plane: Plane

    def __len__(self) -> int:
        return len(self.drawn)

    def rows(self, size: int) -> Iterator[list[Row]]:
        """Yield the rows, still without what they have in common, `size` at a time."""
        cells = iter(self.drawn.items())
        while chunk := list(islice(cells, size)):
            shapes: Shapes = np.array([shape for _, shape in chunk], dtype=object)
            areas_m2 = self.plane.areas_m2(self.plane.shapes_in_metres(shapes)).tolist()
            yield [
                {"code": code, "shape": shape, "area_m2": round(area_m2, 1)}
                for (code, _), shape, area_m2 in zip(chunk, shapely.to_wkb(shapes).tolist(), areas_m2, strict=True)
            ]


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows of a generation, still without its id; areas in an order in which parents come first."""

    areas: Sequence[Row]
    cells: "PlannedCells"
    offices: Mapping[str, str]
    """The streets, code and name, that need a unit for what no rule decides."""

    def count(self, level: Level) -> int:
        return len(self.cells) if level is Level.CELL else sum(row["level"] is level for row in self.areas)


def plan_rows(judged: Judged, *, wanted: Wanted, known: KnownCity, progress: Progress) -> Plan:
    """Return what the file makes of the city; what had to be invented for it is added to the findings."""
    drawn: Drawn = {words.code: shape for words, shape in zip(judged.words, judged.shapes, strict=True)}
    if wanted.level is GridLevel.STREET:
        streets, cells = drawn, _cut(drawn, judged, cell_m=wanted.cell_m, progress=progress)
        communities = _unions(cells, community_of)
    else:
        cells = drawn
        communities = _unions(cells, community_of)
        streets = _unions(communities, street_of)
    progress("import_areas", 0, 1)
    shapes = _unions(streets, district_of) | streets | communities
    names = _names(shapes, judged, wanted=wanted, known=known)
    areas = [_area(code, names[code], shape, wanted) for code, shape in shapes.items()]
    progress("import_areas", 1, 1)
    offices = {code: names[code] for code in sorted(streets) if wanted.add_offices and known.lacks_office(code)}
    return Plan(areas, PlannedCells(cells, judged.plane), offices)


def is_too_fine(judged: Judged, wanted: Wanted) -> bool:
    """Say whether cutting streets gives too many cells or looks at too many squares, and add that to the findings."""
    if wanted.level is GridLevel.CELL:
        return False
    shapes = judged.plane.shapes_in_metres(np.array(judged.shapes, dtype=object))
    cell_m = round(wanted.cell_m)
    count = round(float(judged.plane.areas_m2(shapes).sum()) / wanted.cell_m**2)
    if count > MAX_CUT_CELLS:
        judged.findings.add(Fault.TOO_MANY_CELLS, count=count, limit=MAX_CUT_CELLS, cell_m=cell_m)
        return True
    west, south, east, north = shapely.bounds(shapes).T
    squares = (east - west) * (north - south) / wanted.cell_m**2
    scattered = np.flatnonzero(squares > MAX_SQUARES).tolist()
    for index in scattered:
        facts = {"label": judged.labels[index], "count": round(squares[index]), "limit": MAX_SQUARES}
        judged.findings.add(Fault.TOO_SCATTERED, index, cell_m=cell_m, **facts)
    return bool(scattered)


def _cut(streets: Drawn, judged: Judged, *, cell_m: float, progress: Progress) -> Drawn:
    progress("import_cut", 0, 1)
    plane = judged.plane
    metres = plane.shapes_in_metres(np.array(list(streets.values()), dtype=object))
    # What is left over of a street on the edge of a square may be a crumb; the index forgives its absence.
    cut = [cell for cell in cut_cells(list(streets), metres, size_m=cell_m) if cell.shape.area >= LEAST_AREA_M2]
    degrees = plane.shapes_in_degrees(np.array([cell.shape for cell in cut], dtype=object))
    progress("import_cut", 1, 1)
    return {cell.code: shape for cell, shape in zip(cut, degrees, strict=True)}


def _unions(shapes: Drawn, above: Callable[[str], str]) -> Drawn:
    groups: dict[str, list[BaseGeometry]] = defaultdict(list)
    for code in sorted(shapes):
        groups[above(code)].append(shapes[code])
    return {code: shapely.union_all(group) for code, group in groups.items()}


def _names(codes: Drawn, judged: Judged, *, wanted: Wanted, known: KnownCity) -> dict[str, str]:
    """Name every area: as the file calls it (but known districts keep theirs), as it was called, else by its code."""
    names = {code: area.name for code, area in known.areas.items() if not _is_block(area)}
    districts = {code for code in names if level_of(code) is Level.DISTRICT}
    for words in judged.words:
        said = {code: name for code, name in _said(words, wanted) if name and code not in districts}
        names |= said
    nameless = [code for code in codes if code not in names]
    for code in nameless:
        names[code] = _invented(code, names, wanted)
    if nameless and wanted.level is GridLevel.CELL:
        judged.findings.add(Fault.NAME_INVENTED, count=len(nameless), names="、".join(nameless[:8]))
    return names


def _is_block(area: AreaFact) -> bool:
    """Whether it is no community but a block of cells cut from a street; its name means nothing to the next grid."""
    return area.level is Level.COMMUNITY and area.is_approximate


def _said(words: Words, wanted: Wanted) -> list[tuple[str, str]]:
    """Return what a feature says of the areas that it is or lies in."""
    district = (district_of(words.code), words.district)
    if wanted.level is GridLevel.STREET:
        return [district, (words.code, words.name)]
    return [district, (street_of(words.code), words.street), (community_of(words.code), words.community)]


def _invented(code: str, names: Mapping[str, str], wanted: Wanted) -> str:
    if level_of(code) is not Level.COMMUNITY:
        return text("city_import.nameless", code=code)
    key = "city.default.community" if wanted.level is GridLevel.STREET else "city_import.nameless_community"
    return text(key, street=names[street_of(code)], number=int(code[-3:]))


def _area(code: str, name: str, shape: BaseGeometry, wanted: Wanted) -> Row:
    level = level_of(code)
    middle = shape.representative_point()
    parents = {Level.STREET: district_of(code), Level.COMMUNITY: street_of(code)}
    return {
        "code": code,
        "name": name,
        "level": level,
        "parent_code": parents.get(level),
        "centre_lon": middle.x,
        "centre_lat": middle.y,
        "shape": shapely.to_wkb(shape),
        "is_approximate": wanted.is_approximate or (level is Level.COMMUNITY and wanted.level is GridLevel.STREET),
    }
