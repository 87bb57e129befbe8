"""Make up street polygons from centres, and cut any streets into unit grid cells; pure geometry in metres."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.plane import Numbers, Shapes

Indices = npt.NDArray[np.int64]

GRID_M = 0.001
"""Every vertex lies on this grid, so neighbours share their border exactly."""

_REACH = 1.4
"""How far a street reaches, in radii of the disc of its area; less tears holes into the city, more swallows sea."""

_SLIVER = 0.02
"""A piece below this share of a full cell joins its neighbour."""

_CELLS_PER_COMMUNITY = 999


@dataclass(frozen=True, slots=True)
class CutCell:
    """A cell of the plane; the code holds 9 digits of street, 3 of a block of 999 cells, 3 of sequence."""

    code: str
    shape: BaseGeometry


@dataclass(slots=True)
class _Pieces:
    """What is left of the squares after cutting, in parallel arrays; `row` counts from the north, `col` east."""

    shape: Shapes
    street: Indices
    row: Indices
    col: Indices

    def only(self, chosen: npt.NDArray[np.bool_] | Indices) -> "_Pieces":
        return _Pieces(self.shape[chosen], self.street[chosen], self.row[chosen], self.col[chosen])


def street_shapes(centres: Numbers, areas_km2: Numbers) -> Shapes:
    """Return one polygon per centre: its Voronoi cell inside the reach of all streets together.

    The shapes do not overlap, leave no gap between each other, and each holds its centre.

    :param centres: (n, 2) metres; :param areas_km2: (n,)
    """
    radii = _REACH * np.sqrt(areas_km2 * 1e6 / np.pi)
    reach = shapely.union_all(shapely.buffer(shapely.points(centres), radii, quad_segs=16), grid_size=GRID_M)
    islands = shapely.polygons(shapely.get_exterior_ring(shapely.get_parts(reach)))  # holes belong to the city
    reach = shapely.union_all(islands, grid_size=GRID_M)
    frame = shapely.box(*shapely.bounds(reach)).buffer(10_000)
    cells = shapely.voronoi_polygons(shapely.multipoints(centres), extend_to=frame, ordered=True)
    shapes: Shapes = shapely.intersection(shapely.get_parts(cells), reach, grid_size=GRID_M)
    return shapes


def cut_cells(
    codes: Sequence[str], shapes: Shapes, *, size_m: float, anchor: tuple[float, float] = (0.0, 0.0)
) -> list[CutCell]:
    """Cut streets (9-digit codes, shapes in metres) into squares of `size_m` that share the corner `anchor`.

    Cells fill each street without gap or overlap and are numbered row by row from the north-west; the same
    input gives the same cells.
    """
    pieces = _merge_slivers(_cut(shapes, size_m=size_m, anchor=anchor), below_m2=_SLIVER * size_m**2)
    middle = shapely.get_coordinates(shapely.centroid(pieces.shape))
    order = np.lexsort((middle[:, 0], -middle[:, 1], pieces.col, pieces.row, pieces.street))
    pieces = pieces.only(order)
    first = np.searchsorted(pieces.street, pieces.street)
    return [
        CutCell(codes[street] + _local_code(number), shape)
        for street, number, shape in zip(
            pieces.street.tolist(), (np.arange(len(order)) - first).tolist(), pieces.shape, strict=True
        )
    ]


def _local_code(number: int) -> str:
    """Return six digits for the n-th cell of a street, counted from 0."""
    block, sequence = divmod(number, _CELLS_PER_COMMUNITY)
    return f"{block + 1:03}{sequence + 1:03}"


def _cut(shapes: Shapes, *, size_m: float, anchor: tuple[float, float]) -> _Pieces:
    """Cut street by street: squares over the whole city would fill the memory where streets lie far apart."""
    each = [
        _cut_one(shape, number, size_m=size_m, anchor=anchor)
        for number, shape in enumerate(shapes)
        if not shapely.is_empty(shape)
    ]
    return _Pieces(
        np.concatenate([pieces.shape for pieces in each]),
        np.concatenate([pieces.street for pieces in each]),
        np.concatenate([pieces.row for pieces in each]),
        np.concatenate([pieces.col for pieces in each]),
    )


def _cut_one(shape: BaseGeometry, street: int, *, size_m: float, anchor: tuple[float, float]) -> _Pieces:
    west, south, east, north = shapely.bounds(shape)
    columns = np.arange(np.floor((west - anchor[0]) / size_m), np.ceil((east - anchor[0]) / size_m))
    rows = np.arange(np.floor((anchor[1] - north) / size_m), np.ceil((anchor[1] - south) / size_m))
    col, row = (axis.ravel() for axis in np.meshgrid(columns, rows))
    left, top = anchor[0] + col * size_m, anchor[1] - row * size_m
    squares = shapely.box(left, top - size_m, left + size_m, top)
    shapely.prepare(shape)
    touched = shapely.intersects(shape, squares)
    cut, row, col = squares[touched], row[touched], col[touched]
    whole = shapely.covers(shape, cut)
    cut[~whole] = shapely.intersection(shape, cut[~whole], grid_size=GRID_M)
    parts, origin = shapely.get_parts(cut, return_index=True)
    streets = np.full(len(parts), street, dtype=np.int64)
    pieces = _Pieces(parts, streets, row[origin].astype(int), col[origin].astype(int))
    return pieces.only(shapely.area(parts) > 0)  # a square that only touches gives a line or a point


def _merge_slivers(pieces: _Pieces, *, below_m2: float) -> _Pieces:
    """Give each sliver, smallest first, to the neighbour in its street with which it shares the longest border."""
    areas = shapely.area(pieces.shape)
    kept = np.ones(len(areas), dtype=bool)
    slivers = np.flatnonzero(areas < below_m2)
    for sliver in slivers[np.argsort(areas[slivers], kind="stable")].tolist():
        near = _neighbours(pieces, sliver, among=kept)
        if not near.size:
            continue
        borders = shapely.length(shapely.intersection(pieces.shape[near], pieces.shape[sliver]))
        if borders.max() > 0:
            heir = near[borders.argmax()]
            pieces.shape[heir] = shapely.union(pieces.shape[heir], pieces.shape[sliver], grid_size=GRID_M)
            kept[sliver] = False
    return pieces.only(kept)


def _neighbours(pieces: _Pieces, index: int, *, among: npt.NDArray[np.bool_]) -> Indices:
    near = (
        among
        & (pieces.street == pieces.street[index])
        & (np.abs(pieces.row - pieces.row[index]) <= 1)
        & (np.abs(pieces.col - pieces.col[index]) <= 1)
    )
    near[index] = False
    return np.flatnonzero(near)
