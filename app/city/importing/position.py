"""Bring shapes into WGS-84, and see whether they lie together, where the city was, and in the datum they claim."""

from collections.abc import Mapping

import numpy as np
import shapely

from app.city.facts import AreaFact
from app.city.importing.findings import Fault, Findings
from app.city.loading import Progress
from app.city.plane import Numbers, Plane, Shapes
from app.domain.gcj02 import BadCoordinate, Datum, to_wgs84, wgs84_to_gcj02

FAR_M = 300_000.0
"""No city reaches further from its middle; a digit lost from a coordinate does."""

_MOVED_M = 50_000.0
_LEAST_STREETS = 3
_LIKE_THE_SHIFT = 0.3
_STEP = 20_000


def in_wgs84(shapes: Shapes, datum: Datum, *, progress: Progress) -> Shapes:
    """Return shapes turned into WGS-84; a vertex that neighbours share stays shared."""
    if datum in {Datum.WGS84, Datum.CGCS2000}:
        return shapes
    positions, back = np.unique(shapely.get_coordinates(shapes), axis=0, return_inverse=True)
    moved: list[tuple[float, float]] = []
    for start in range(0, len(positions), _STEP):
        progress("import_convert", start, len(positions))
        moved += [_moved(lon, lat, datum) for lon, lat in positions[start : start + _STEP].tolist()]
    progress("import_convert", len(positions), len(positions))
    converted: Shapes = shapely.set_coordinates(shapes.copy(), np.array(moved)[back.ravel()])
    return converted


def _moved(lon: float, lat: float, datum: Datum) -> tuple[float, float]:
    try:
        return to_wgs84(lon, lat, datum)
    except BadCoordinate:  # BD-09 at the edge of the world leads over it; such a shape is far away in any case
        return lon, lat


def middle_of(shapes: Shapes) -> tuple[float, float]:
    """Return the median (lon, lat) of the boxes of shapes: a few stray ones do not move it."""
    west, south, east, north = np.median(shapely.bounds(shapes), axis=0).tolist()
    return (west + east) / 2, (south + north) / 2


def far_ones(shapes: Shapes, plane: Plane) -> list[int]:
    """Return the positions of shapes that reach further than `FAR_M` from the middle of all."""
    boxes = shapely.bounds(shapes)
    corners = np.stack([plane.metres(boxes[:, :2]), plane.metres(boxes[:, 2:])])
    furthest = np.hypot(corners[..., 0], corners[..., 1]).max(axis=0)
    far: list[int] = np.flatnonzero(furthest > FAR_M).tolist()
    return far


def compare_with_before(
    shapes: Mapping[str, object], before: Mapping[str, AreaFact], *, datum: Datum, findings: Findings
) -> None:
    """Compare streets (shapes in WGS-84 by code) with the centres the city has: elsewhere, or shifted as GCJ-02 is."""
    codes = [code for code in shapes if code in before and shapely.is_valid(shapes[code])]
    if len(codes) < _LEAST_STREETS:
        return
    old = np.array([(before[code].centre_lon, before[code].centre_lat) for code in codes])
    new = shapely.get_coordinates(shapely.point_on_surface([shapes[code] for code in codes]))
    lon, lat = np.median(old, axis=0).tolist()
    plane = Plane(lon, lat)
    moved = np.median(plane.metres(new) - plane.metres(old), axis=0)
    shift = plane.metres([wgs84_to_gcj02(lon, lat)])[0]
    away_m = float(np.hypot(*moved))
    if away_m > _MOVED_M:
        findings.add(Fault.FAR_FROM_BEFORE, km=round(away_m / 1000))
    elif _is_like(moved, shift) and datum is not Datum.GCJ02:
        findings.add(Fault.DATUM_DOUBTFUL, metres=round(away_m), stated=datum.value, likely=Datum.GCJ02.value)
    elif _is_like(-moved, shift) and datum is Datum.GCJ02:
        findings.add(Fault.DATUM_DOUBTFUL, metres=round(away_m), stated=datum.value, likely=Datum.WGS84.value)


def _is_like(moved: Numbers, shift: Numbers) -> bool:
    length = float(np.hypot(*shift))
    return length > 0 and float(np.hypot(*(moved - shift))) < _LIKE_THE_SHIFT * length
