"""Judge the borders of shapes in metres: valid, with an area, without overlaps, without gaps.

A border that was drawn twice leaves slivers. One that is nowhere wider than `SLIVER_M` is only a warning: a point in
such an overlap belongs to the smaller code, and one in such a gap to the nearest cell, with certainty (`CellIndex`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.loading import Progress
from app.city.locating import CRACK_M
from app.city.plane import Shapes

SLIVER_M = CRACK_M
LEAST_AREA_M2 = 1.0
NOISE_M2 = 0.01
HAIR_M = 0.002
"""What rounding makes of a vertex that lies on the edge of a neighbour: less than these."""

_REASON = re.compile(r"(?P<reason>[^\[]+)\[(?P<x>[-+\d.e]+) (?P<y>[-+\d.e]+)\]")
_CHUNK = 5_000
_SHARED_INTERIOR = "2********"


@dataclass(frozen=True, slots=True)
class Invalid:
    """A shape that crosses or touches itself; `spot` is where, if GEOS says so."""

    index: int
    reason: str
    spot: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class Overlap:
    first: int
    second: int
    shape: BaseGeometry
    is_sliver: bool


@dataclass(frozen=True, slots=True)
class Gap:
    shape: BaseGeometry
    is_sliver: bool


def invalid_ones(shapes: Shapes) -> list[Invalid]:
    reasons = shapely.is_valid_reason(shapes)
    return [_invalid(index, str(reasons[index])) for index in np.flatnonzero(~shapely.is_valid(shapes)).tolist()]


def _invalid(index: int, reason: str) -> Invalid:
    found = _REASON.fullmatch(reason)
    if found is None:
        return Invalid(index, reason, None)
    return Invalid(index, found["reason"], shapely.Point(float(found["x"]), float(found["y"])))


def overlaps(shapes: Shapes, *, progress: Progress) -> list[Overlap]:
    """Return every pair of shapes (valid ones) that share more than a border, the smaller position first."""
    tree = shapely.STRtree(shapes)
    return [each for first, second in _pairs(shapes, tree, progress) for each in _shared(shapes, first, second)]


def _pairs(
    shapes: Shapes, tree: shapely.STRtree, progress: Progress
) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    for start in range(0, len(shapes), _CHUNK):
        progress("import_overlaps", start, len(shapes))
        mine, other = tree.query(shapes[start : start + _CHUNK], predicate="intersects")
        mine = mine + start
        mine, other = mine[mine < other], other[mine < other]
        shared = shapely.relate_pattern(shapes[mine], shapes[other], _SHARED_INTERIOR)
        yield mine[shared], other[shared]
    progress("import_overlaps", len(shapes), len(shapes))


def _shared(shapes: Shapes, first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> list[Overlap]:
    common = shapely.intersection(shapes[first], shapes[second])
    return [
        Overlap(*each)
        for each in zip(first.tolist(), second.tolist(), common, _are_slivers(common).tolist(), strict=True)
        if shapely.area(each[2]) > NOISE_M2
    ]


def gaps(shapes: Shapes, *, progress: Progress) -> list[Gap]:
    """Return the holes that shapes (valid ones) leave between each other.

    Cracks are closed first: a hole from which one leads to the outside is a hole all the same.
    """
    progress("import_gaps", 0, 2)
    if shapely.coverage_is_valid(shapes):  # every border is the same on both sides: the quick way
        shapes = shapely.get_parts(shapely.coverage_union_all(shapes))
    narrow = _holes(_grown(shapes, HAIR_M / 2))
    progress("import_gaps", 1, 2)
    closed = _holes(_grown(shapes, SLIVER_M / 2))
    tree = shapely.STRtree(shapes)
    reopened = shapely.buffer(closed, SLIVER_M / 2, join_style="mitre")
    wide = np.array([_without(hole, shapes[tree.query(hole)]) for hole in reopened], dtype=object)
    wide = wide[shapely.area(wide) > NOISE_M2]
    of_wide, _ = shapely.STRtree(wide).query(narrow, predicate="intersects")
    slivers = np.delete(narrow, of_wide)
    slivers = slivers[shapely.area(slivers) > NOISE_M2]
    progress("import_gaps", 2, 2)
    return [Gap(shape, is_sliver=False) for shape in wide] + [Gap(shape, is_sliver=True) for shape in slivers]


def _grown(shapes: Shapes, by_m: float) -> BaseGeometry:
    """Return the union of shapes that reach further by `by_m`: grown one by one, for their sum has too many holes."""
    return shapely.union_all(shapely.buffer(shapes, by_m, quad_segs=1))


def _holes(shape: BaseGeometry) -> Shapes:
    rings, owner = shapely.get_rings(shapely.get_parts(shape), return_index=True)
    is_inner = np.append(False, owner[1:] == owner[:-1])[: len(owner)]  # the outer ring of a part comes first
    holes: Shapes = shapely.polygons(rings[is_inner])
    return holes


def _without(hole: BaseGeometry, near: Shapes) -> BaseGeometry:
    return shapely.difference(hole, shapely.union_all(near))


def _are_slivers(shapes: Shapes) -> npt.NDArray[np.bool_]:
    """Whether nothing is left of each shape when half of `SLIVER_M` is taken off all around."""
    left: npt.NDArray[np.bool_] = shapely.is_empty(shapely.buffer(shapes, -SLIVER_M / 2, quad_segs=1))
    return left
