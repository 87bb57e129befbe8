"""A local plane in metres, good enough for a city: east and north of an origin, equirectangular."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

Numbers = npt.NDArray[np.float64]
Shapes = npt.NDArray[np.object_]
"""A numpy array of shapely geometries."""

_M_PER_DEGREE = 6_371_008.8 * math.pi / 180


@dataclass(frozen=True, slots=True)
class Plane:
    """Metres around an origin in degrees; areas are `cos(lat) / cos(origin)` too large or small away from it."""

    lon: float
    lat: float

    @property
    def _scale(self) -> Numbers:
        return np.array([_M_PER_DEGREE * math.cos(math.radians(self.lat)), _M_PER_DEGREE])

    def metres(self, degrees: npt.ArrayLike) -> Numbers:
        """Return an (n, 2) array of (east, north) for one of (lon, lat)."""
        return (np.asarray(degrees, dtype=np.float64) - [self.lon, self.lat]) * self._scale

    def degrees(self, metres: npt.ArrayLike) -> Numbers:
        return np.asarray(metres, dtype=np.float64) / self._scale + [self.lon, self.lat]

    def shapes_in_metres(self, shapes: Shapes) -> Shapes:
        moved: Shapes = shapely.transform(shapes, self.metres)
        return moved

    def shapes_in_degrees(self, shapes: Shapes) -> Shapes:
        moved: Shapes = shapely.transform(shapes, self.degrees)
        return moved

    def areas_m2(self, shapes: Shapes) -> Numbers:
        """Return the areas of shapes of this plane, corrected for their latitude."""
        lat = self.degrees(shapely.get_coordinates(shapely.centroid(shapes)))[:, 1]
        areas: Numbers = shapely.area(shapes) * np.cos(np.radians(lat)) / math.cos(math.radians(self.lat))
        return areas
