"""The polygons and functional areas of a rule set: read, turned into WGS-84, judged alone, together and in the city."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.importing import borders
from app.city.importing.polygons import BadGeometry, polygon_of
from app.city.packing import PackedCells
from app.city.plane import Numbers, Plane
from app.domain.gcj02 import Datum, to_wgs84
from app.routing.file_format import RuleFile
from app.routing.findings import Findings, Spot
from app.routing.words import AreaWords, RuleSetWords
from app.texts import has_text, text

MAX_VERTICES = 200_000
"""Of all shapes together; each is turned into another datum by itself, 10 us a piece."""

_DIGITS = 8
"""Decimals of a degree that are kept: a millimetre."""

_LEAST_M2 = 100.0
_AT_ONCE = 2_000

Area = TypeVar("Area", bound=AreaWords)


@dataclass(frozen=True, slots=True)
class _Placed:
    """A shape in WGS-84 with its place in the file."""

    words: AreaWords
    spot: Spot
    shape: BaseGeometry


def settle_shapes(file: RuleFile, *, cells: PackedCells, findings: Findings) -> RuleSetWords:
    """Return the words with every good shape as WKT in WGS-84; what is wrong with the others is found."""
    judge = _Judge(file, cells, findings)
    areas = judge.settle("areas", file.words.areas)
    jurisdictions = judge.settle("jurisdictions", file.words.jurisdictions)
    judge.refuse_overlaps()
    return file.words.model_copy(update={"areas": areas, "jurisdictions": jurisdictions})


class _Judge:
    def __init__(self, file: RuleFile, cells: PackedCells, findings: Findings) -> None:
        self._file = file
        self._cells = cells
        self._findings = findings
        self._left = MAX_VERTICES
        self._jurisdictions: list[_Placed] = []

    def settle(self, section: str, areas: Sequence[Area]) -> tuple[Area, ...]:
        settled = []
        for n, words in enumerate(areas):
            spot = self._file.where((section, n, "shape"))
            shape = self._shape(words, spot)
            if shape is None:
                continue
            settled.append(words.model_copy(update={"shape": written(shape), "datum": Datum.WGS84}))
            if section == "jurisdictions":
                self._jurisdictions.append(_Placed(words, spot, shape))
        return tuple(settled)

    def _shape(self, words: AreaWords, spot: Spot) -> BaseGeometry | None:
        """Return the shape in WGS-84 as it will be stored, None after saying what is wrong with it."""
        try:
            shape = polygon_of(words.shape)
        except BadGeometry as bad:
            reason = text(f"city_import.{bad.fault.value}", label=words.name, **bad.facts)
            self._findings.say(spot, words.code, "shape", reason)
            return None
        vertices = int(shapely.get_num_coordinates(shape))
        if vertices > self._left:
            self._findings.add(spot, words.code, "shape", "too_many_vertices", limit=MAX_VERTICES)
            return None
        self._left -= vertices
        settled = shapely.from_wkt(written(_in_wgs84(shape, words.datum)))
        return settled if self._is_sound(settled, words, spot) else None

    def _is_sound(self, shape: BaseGeometry, words: AreaWords, spot: Spot) -> bool:
        for bad in borders.invalid_ones(np.array([shape], dtype=object)):
            key = f"city_import.reason.{bad.reason.lower().replace(' ', '_')}"
            reason = text(key) if has_text(key) else bad.reason
            where = f"{bad.spot.x:.6f}, {bad.spot.y:.6f}" if bad.spot is not None else "—"
            self._findings.add(spot, words.code, "shape", "shape_invalid", reason=reason, where=where)
            return False
        if _plane_of([shape]).areas_m2(_metres([shape]))[0] < _LEAST_M2:
            self._findings.add(spot, words.code, "shape", "shape_without_area", least=_LEAST_M2)
            return False
        if not _touches(shape, self._cells):
            self._findings.add(spot, words.code, "shape", "shape_outside")
            return False
        return True

    def refuse_overlaps(self) -> None:
        """Refuse two functional areas over one spot, but for the slivers that a border drawn twice leaves."""
        placed = self._jurisdictions
        if not placed:
            return
        for each in borders.overlaps(_metres([one.shape for one in placed]), progress=_silently):
            if not each.is_sliver:
                first, second = placed[each.first], placed[each.second]
                self._findings.add(
                    second.spot,
                    second.words.code,
                    "shape",
                    "overlap",
                    first=f"{first.words.name}（{first.words.code}）",
                    second=f"{second.words.name}（{second.words.code}）",
                    m2=f"{each.shape.area:,.0f}",
                )


def written(shape: BaseGeometry) -> str:
    """Return the WKT that is stored; read and written again, it is the same."""
    wkt: str = shapely.to_wkt(shape, rounding_precision=_DIGITS, trim=True)
    return wkt


def _in_wgs84(shape: BaseGeometry, datum: Datum) -> BaseGeometry:
    if datum in {Datum.WGS84, Datum.CGCS2000}:
        return shape

    def moved(degrees: Numbers) -> Numbers:
        return np.array([to_wgs84(lon, lat, datum) for lon, lat in degrees.tolist()], dtype=np.float64)

    return shapely.transform(shape, moved)


def _plane_of(shapes: Sequence[BaseGeometry]) -> Plane:
    west, south, east, north = shapely.total_bounds(np.array(shapes, dtype=object)).tolist()
    return Plane((west + east) / 2, (south + north) / 2)


def _metres(shapes: Sequence[BaseGeometry]) -> np.typing.NDArray[np.object_]:
    return _plane_of(shapes).shapes_in_metres(np.array(shapes, dtype=object))


def _touches(shape: BaseGeometry, cells: PackedCells) -> bool:
    """Tell whether a shape shares a point with any cell."""
    near = near_cells(shape, cells)
    shapely.prepare(shape)
    return any(
        shapely.intersects(shape, cells.shapes(near[start : start + _AT_ONCE].tolist())).any()
        for start in range(0, len(near), _AT_ONCE)
    )


def near_cells(shape: BaseGeometry, cells: PackedCells) -> np.typing.NDArray[np.int64]:
    """Return the positions of the cells whose box meets that of a shape, in ascending order."""
    west, south, east, north = shapely.bounds(shape).tolist()
    boxes = cells.boxes
    meets = (boxes[:, 0] <= east) & (boxes[:, 2] >= west) & (boxes[:, 1] <= north) & (boxes[:, 3] >= south)
    return np.flatnonzero(meets)


def _silently(_step: str, _done: int, _total: int) -> None:
    """Hear of progress and do nothing: a rule set has few shapes."""
