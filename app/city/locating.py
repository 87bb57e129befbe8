"""Find the cell of a point: the one that holds it, or the nearest one in metres when none does."""

import numpy as np
import shapely

from app.city.buckets import Buckets
from app.city.packing import PackedCells
from app.city.plane import Numbers, Plane

NEAR_M = 2_000.0
"""How far outside every cell a point may lie and still be given to the nearest: a beach, a pier, a breakwater."""

CRACK_M = 0.5
"""Borders delivered twice differ by less than this; a point in such a crack belongs to the nearest cell, certainly."""

_LIKELY = 32
"""As many are measured first; hardly ever is one of the others nearer than the best of these."""


class CellIndex:
    """Cells with buckets of their boxes; built once, safe to ask from many threads.

    Shapes stay packed: making the one or two that matter from their bytes takes 2 us, keeping all of them 1 kB each.
    """

    __slots__ = ("_boxes", "_buckets", "_cells", "_ends", "_starts", "_wkb")

    def __init__(self, cells: PackedCells) -> None:
        """Take the cells in the order of their codes: on a border shared by several, the first of them answers."""
        self._cells = cells
        self._buckets = Buckets(cells.boxes)
        # Python reads one number from a view three times as fast as from an array.
        self._boxes = np.ascontiguousarray(cells.boxes).ravel().data
        self._starts, self._ends, self._wkb = cells.starts.data, cells.ends.data, cells.wkb

    def __len__(self) -> int:
        return len(self._cells)

    @property
    def packed(self) -> PackedCells:
        return self._cells

    def code(self, index: int) -> str:
        return self._cells.code(index)

    def find(self, lon: float, lat: float) -> tuple[int, float] | None:
        """Return the position of a cell and the metres to it (0 inside or on its border), or None beyond `NEAR_M`."""
        boxes = self._boxes
        for index in self._buckets.at(lon, lat):
            west, south, east, north = boxes[4 * index : 4 * index + 4]
            if west <= lon <= east and south <= lat <= north and self._holds(index, lon, lat):
                return index, 0.0
        return self._nearest(lon, lat)

    def _holds(self, index: int, lon: float, lat: float) -> bool:
        shape = shapely.from_wkb(bytes(self._wkb[self._starts[index] : self._ends[index]]))
        return bool(shapely.intersects_xy(shape, lon, lat))

    def _nearest(self, lon: float, lat: float) -> tuple[int, float] | None:
        plane = Plane(lon, lat)
        west, south, east, north = plane.degrees([[-NEAR_M, -NEAR_M], [NEAR_M, NEAR_M]]).ravel().tolist()
        near = self._buckets.within(west, south, east, north)
        at_least = _distances_of_boxes(self._cells.boxes[near], plane)
        near, at_least = near[at_least <= NEAR_M], at_least[at_least <= NEAR_M]
        if not near.size:
            return None
        likely = np.argpartition(at_least, min(_LIKELY, len(near)) - 1)[:_LIKELY]
        best = float(self._distances(near[likely], plane).min())
        left = near[at_least <= best]  # of those equally near the first counts, so they are measured together
        distances = self._distances(left, plane)
        offset_m = float(distances.min())
        if offset_m > NEAR_M:
            return None
        return int(left[distances.argmin()]), 0.0 if offset_m <= CRACK_M else offset_m

    def _distances(self, indices: np.typing.NDArray[np.int32], plane: Plane) -> Numbers:
        """Return the metres from the origin of the plane to each cell."""
        shapes = self._cells.shapes(indices.tolist())
        metres: Numbers = shapely.distance(plane.shapes_in_metres(shapes), shapely.Point(0, 0))
        return metres


def _distances_of_boxes(boxes: Numbers, plane: Plane) -> Numbers:
    """Return the metres to each box, rounded down: no shape in it is nearer."""
    least, most = plane.metres(boxes[:, :2]), plane.metres(boxes[:, 2:])
    away = np.maximum(np.maximum(least, -most), 0.0)
    distances: Numbers = np.hypot(away[:, 0], away[:, 1]) - 1e-6
    return distances
