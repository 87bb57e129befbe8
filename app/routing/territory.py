"""Where the polygons and functional areas of a rule set lie: a point to the codes of those that contain it."""

from collections.abc import Mapping, Sequence

import numpy as np
import shapely

NOWHERE: frozenset[str] = frozenset()


class Territory:
    """An R-tree over the areas of one rule set, in WGS-84 degrees; built once, safe to ask from many threads."""

    __slots__ = ("_codes", "_is_jurisdiction", "_tree")

    def __init__(self, *, areas: Mapping[str, shapely.Geometry], jurisdictions: Mapping[str, shapely.Geometry]) -> None:
        """Take the shapes by code; borders belong to both sides."""
        self._codes = [*areas, *jurisdictions]
        self._is_jurisdiction = [False] * len(areas) + [True] * len(jurisdictions)
        self._tree = shapely.STRtree(np.array([*areas.values(), *jurisdictions.values()], dtype=object))

    def around(self, lon: float, lat: float) -> tuple[frozenset[str], frozenset[str]]:
        """Return the codes of the polygons and of the functional areas that contain a WGS-84 point."""
        if not self._codes:
            return NOWHERE, NOWHERE
        hits = self._tree.query(shapely.Point(lon, lat), predicate="intersects")
        polygons = frozenset(self._codes[hit] for hit in hits if not self._is_jurisdiction[hit])
        jurisdictions = frozenset(self._codes[hit] for hit in hits if self._is_jurisdiction[hit])
        return polygons, jurisdictions

    def around_all(self, lons: Sequence[float], lats: Sequence[float]) -> list[tuple[frozenset[str], frozenset[str]]]:
        """Return what `around` says of each of many points, in one pass over the tree."""
        found: list[tuple[frozenset[str], frozenset[str]]] = [(NOWHERE, NOWHERE)] * len(lons)
        if not self._codes or not lons:
            return found
        points, hits = self._tree.query(shapely.points(lons, lats), predicate="intersects")
        for point, hit in zip(points.tolist(), hits.tolist(), strict=True):
            polygons, jurisdictions = found[point]
            code = frozenset((self._codes[hit],))
            found[point] = (
                (polygons, jurisdictions | code) if self._is_jurisdiction[hit] else (polygons | code, jurisdictions)
            )
        return found
