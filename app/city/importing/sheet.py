"""A sheet of paper for a map: where degrees fall in pixels, and shapes as the path data of an SVG."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.plane import Numbers, Plane, Shapes

_SIMPLER = 0.35
"""Pixels by which a drawn line may differ from the true one."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A map of `width` x `height` pixels whose upper left corner is the point (`west`, `north`) in metres."""

    plane: Plane
    west: float
    north: float
    scale: float
    width: float
    height: float

    def pixels(self, degrees: Numbers) -> Numbers:
        """Return (n, 2) pixels, y growing downwards."""
        metres = self.plane.metres(degrees)
        return np.column_stack([(metres[:, 0] - self.west) * self.scale, (self.north - metres[:, 1]) * self.scale])

    def middle(self, shape: BaseGeometry) -> tuple[float, float]:
        """Return a pixel inside a shape."""
        x, y = self.pixels(shapely.get_coordinates(shapely.point_on_surface(shape)))[0].tolist()
        return x, y

    def holds(self, x: float, y: float) -> bool:
        return 0 <= x <= self.width and 0 <= y <= self.height

    def shows(self, shapes: Shapes) -> npt.NDArray[np.bool_]:
        """Say of each shape (in degrees) whether its box reaches into the sheet."""
        boxes = shapely.bounds(shapes)
        (left, low), (right, high) = self.pixels(boxes[:, :2]).T, self.pixels(boxes[:, 2:]).T
        shown: npt.NDArray[np.bool_] = (right >= 0) & (left <= self.width) & (low >= 0) & (high <= self.height)
        return shown

    def path(self, shapes: Sequence[BaseGeometry] | Shapes) -> str:
        """Return the data of one path with all rings of shapes in degrees."""
        moved = shapely.transform(np.array(shapes, dtype=object), self.pixels)
        # Rings, not polygons: simplifying an invalid polygon would first repair it, which may take minutes.
        rings = shapely.get_rings(shapely.get_parts(moved))
        return "".join(_line(ring) for ring in shapely.simplify(rings, _SIMPLER, preserve_topology=False))


def sheet_over(box: Numbers, plane: Plane, *, longer: float) -> Sheet:
    """Return a sheet whose longer side has that many pixels.

    :param box: west, south, east, north in degrees
    """
    (west, south), (east, north) = plane.metres(np.reshape(box, (2, 2))).tolist()
    scale = longer / max(east - west, north - south, 1.0)
    return Sheet(plane, west, north, scale, (east - west) * scale, (north - south) * scale)


def _line(ring: BaseGeometry) -> str:
    return "M" + " ".join(f"{x:.1f},{y:.1f}" for x, y in shapely.get_coordinates(ring).tolist()) + "Z"
