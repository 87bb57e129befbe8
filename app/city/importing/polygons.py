"""Turn one geometry as delivered (GeoJSON, or text with WKT or GeoJSON in it) into a polygon, or say what is wrong."""

import re
from collections.abc import Mapping

import numpy as np
import orjson
import shapely
from shapely.geometry.base import BaseGeometry

from app.city.importing.findings import Fault
from app.city.plane import Numbers

_WKT = re.compile(r"\s*(MULTI)?POLYGON\b", re.IGNORECASE)
_EXCEL_LONGEST = 32_767
_LEAST_POINTS = 4
_MAX_LON, _MAX_LAT = 180.0, 90.0


class BadGeometry(Exception):
    """The geometry of one feature cannot be used; `facts` fill the sentence of `fault`."""

    def __init__(self, fault: Fault, **facts: object) -> None:
        super().__init__(fault.value)
        self.fault = fault
        self.facts = facts


def polygon_or_fault(raw: object) -> BaseGeometry | BadGeometry:
    """Return what `polygon_of` returns or raises."""
    try:
        return polygon_of(raw)
    except BadGeometry as bad:
        return bad.with_traceback(None)  # or a million of them keep their frames alive


def polygon_of(raw: object) -> BaseGeometry:
    """Return a polygon or multipolygon in two dimensions, its rings closed, every vertex on Earth.

    Whether it crosses itself is not looked at.

    :raises BadGeometry: it is none
    """
    if isinstance(raw, str):
        return _from_text(raw)
    if raw is None:
        raise BadGeometry(Fault.GEOMETRY_MISSING)
    if not isinstance(raw, Mapping):
        raise BadGeometry(Fault.GEOMETRY_BROKEN)
    return _from_geojson(raw)


def _from_text(written: str) -> BaseGeometry:
    if not written.strip():
        raise BadGeometry(Fault.GEOMETRY_MISSING)
    if written.lstrip().startswith("{"):
        try:
            return polygon_of(orjson.loads(written))
        except orjson.JSONDecodeError:
            raise _unreadable(written) from None
    if not _WKT.match(written):  # GEOS follows nested collections until its stack ends
        raise BadGeometry(Fault.GEOMETRY_KIND, found=written.strip()[:20])
    try:
        with np.errstate(invalid="ignore"):  # NaN is dealt with below
            polygon = shapely.force_2d(shapely.from_wkt(written))
    except shapely.GEOSException as broken:
        if "closed" in str(broken):
            raise BadGeometry(Fault.RING_OPEN) from None
        raise _unreadable(written) from None
    if polygon.is_empty:
        raise BadGeometry(Fault.GEOMETRY_MISSING)
    _check_positions(shapely.get_coordinates(polygon))
    return polygon


def _unreadable(written: str) -> BadGeometry:
    return BadGeometry(Fault.GEOMETRY_CUT_OFF if len(written) >= _EXCEL_LONGEST else Fault.GEOMETRY_BROKEN)


def _from_geojson(geometry: Mapping[str, object]) -> BaseGeometry:
    kind, nested = str(geometry.get("type")), geometry.get("coordinates")
    if kind not in {"Polygon", "MultiPolygon"}:
        raise BadGeometry(Fault.GEOMETRY_KIND, found=kind[:20])
    parts = nested if kind == "MultiPolygon" else [nested]
    if not isinstance(parts, list) or not parts:
        raise BadGeometry(Fault.GEOMETRY_MISSING)
    polygons = [_polygon(part) for part in parts]
    return polygons[0] if len(polygons) == 1 else shapely.multipolygons(polygons)


def _polygon(rings: object) -> BaseGeometry:
    if not isinstance(rings, list) or not rings:
        raise BadGeometry(Fault.GEOMETRY_MISSING)
    shell, *holes = [_ring(ring) for ring in rings]
    return shapely.polygons(shell, holes or None)


def _ring(points: object) -> BaseGeometry:
    try:
        positions = np.array(points, dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        raise BadGeometry(Fault.GEOMETRY_BROKEN) from None
    if positions.ndim != 2 or positions.shape[1] < 2:  # noqa: PLR2004 - an array of (lon, lat, perhaps height)
        raise BadGeometry(Fault.GEOMETRY_BROKEN)
    positions = positions[:, :2]
    _check_positions(positions)
    if (positions[0] != positions[-1]).any():
        raise BadGeometry(Fault.RING_OPEN)
    if len(positions) < _LEAST_POINTS:
        raise BadGeometry(Fault.RING_SHORT)
    return shapely.linearrings(positions)


def _check_positions(positions: Numbers) -> None:
    """Refuse what is no longitude and latitude, and guess what it is instead."""
    if not np.isfinite(positions).all():
        raise BadGeometry(Fault.NOT_FINITE)
    lon, lat = (float(axis) for axis in np.abs(positions).max(axis=0))
    if lon <= _MAX_LON and lat <= _MAX_LAT:
        return
    worst = positions[(np.abs(positions) > (_MAX_LON, _MAX_LAT)).any(axis=1)][0].tolist()
    facts = {"x": f"{worst[0]:.10g}", "y": f"{worst[1]:.10g}"}
    if lon <= _MAX_LAT and lat <= _MAX_LON:
        raise BadGeometry(Fault.AXES_SWAPPED, **facts)
    raise BadGeometry(Fault.PROJECTED if lat > 10 * _MAX_LON else Fault.OFF_EARTH, **facts)
