"""Find the cell of a point: an index of polygons in degrees, and the nearest one in metres when none holds it."""

import numpy as np
import shapely

from app.city.plane import Plane, Shapes

NEAR_M = 2_000.0
"""How far outside every cell a point may lie and still be given to the nearest: a beach, a pier, a breakwater."""

CRACK_M = 0.5
"""Borders delivered twice differ by less than this; a point in such a crack belongs to the nearest cell, certainly."""


class CellIndex:
    """An R-tree over cells; built once, safe to ask from many threads."""

    __slots__ = ("_shapes", "_tree")

    def __init__(self, shapes: Shapes) -> None:
        """Take the cells in the order of their codes: on a border shared by several, the first of them answers."""
        self._shapes = shapes
        self._tree = shapely.STRtree(shapes)

    def find(self, lon: float, lat: float) -> tuple[int, float] | None:
        """Return the position of a cell and the metres to it (0 inside or on its border), or None beyond `NEAR_M`."""
        hits = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
        if len(hits) == 1:
            return int(hits[0]), 0.0
        if len(hits):
            return int(hits.min()), 0.0
        return self._nearest(lon, lat)

    def _nearest(self, lon: float, lat: float) -> tuple[int, float] | None:
        plane = Plane(lon, lat)
        west, south, east, north = plane.degrees([[-NEAR_M, -NEAR_M], [NEAR_M, NEAR_M]]).ravel()
        near = np.sort(self._tree.query(shapely.box(west, south, east, north)))
        if not near.size:
            return None
        distances = shapely.distance(plane.shapes_in_metres(self._shapes[near]), shapely.Point(0, 0))
        best = int(distances.argmin())
        offset_m = float(distances[best])
        if offset_m > NEAR_M:
            return None
        return int(near[best]), 0.0 if offset_m <= CRACK_M else offset_m
