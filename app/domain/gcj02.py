"""Coordinates of Chinese maps: WGS-84, GCJ-02 and BD-09 into each other, and distances.

The GCJ-02 obfuscation and Baidu's second shift are the formulas published in many open libraries; both are
inverted here by iteration, to well under a millimetre. All positions are (longitude, latitude) in degrees.
"""

from enum import Enum
from math import asin, atan2, cos, hypot, pi, radians, sin, sqrt
from typing import Final

from app.domain import mainland
from app.domain.errors import Invalid


class Datum(str, Enum):
    """What a coordinate was measured in; CGCS2000 differs from WGS-84 by centimetres and counts as the same."""

    WGS84 = "wgs84"
    GCJ02 = "gcj02"
    BD09 = "bd09"
    CGCS2000 = "cgcs2000"


class BadCoordinate(Invalid):
    """Not a position on Earth: not finite, or outside 180 degrees of longitude and 90 of latitude."""

    code = "BAD_COORDINATE"


_EARTH_MEAN_RADIUS_M: Final = 6_371_008.8
# The Krasovsky 1940 ellipsoid, which the obfuscation uses to turn metres into degrees.
_AXIS_M: Final = 6_378_245.0
_ECCENTRICITY_SQUARED: Final = 0.00669342162296594323
_DEGREES: Final = 180.0 / pi
# The shift changes by less than 1/150 of the distance moved: each round wins more than two digits.
_ROUNDS: Final = 5

_MAX_LON: Final = 180.0
_MAX_LAT: Final = 90.0

_BD_WAVE: Final = pi * 3000.0 / 180.0
_BD_LON: Final = 0.0065
_BD_LAT: Final = 0.006


def to_wgs84(lon: float, lat: float, datum: Datum) -> tuple[float, float]:
    """Return the WGS-84 position of a position in any datum.

    :raises BadCoordinate: not a position on Earth
    """
    if datum is Datum.GCJ02:
        return gcj02_to_wgs84(lon, lat)
    if datum is Datum.BD09:
        return bd09_to_wgs84(lon, lat)
    _check(lon, lat)
    return lon, lat


def wgs84_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return the GCJ-02 position; outside mainland China the position itself.

    :raises BadCoordinate: not a position on Earth
    """
    _check(lon, lat)
    if not mainland.contains(lon, lat):
        return lon, lat
    east, north = _shift(lon, lat)
    return lon + east, lat + north


def gcj02_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Return the WGS-84 position whose GCJ-02 position this is; outside mainland China the position itself.

    Within the shift's length (20 to 700 m) of the outline, which matters only where Shenzhen meets Hong Kong and
    Zhuhai meets Macau, two positions can share one GCJ-02 position or none have it: then the one inside, or the
    position itself, is returned.

    :raises BadCoordinate: not a position on Earth
    """
    _check(lon, lat)
    wgs_lon, wgs_lat = lon, lat
    for _ in range(_ROUNDS):
        east, north = _shift(wgs_lon, wgs_lat)
        wgs_lon, wgs_lat = lon - east, lat - north
    return (wgs_lon, wgs_lat) if mainland.contains(wgs_lon, wgs_lat) else (lon, lat)


def gcj02_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """Return Baidu's BD-09 position of a GCJ-02 position.

    :raises BadCoordinate: not a position on Earth
    """
    _check(lon, lat)
    radius = hypot(lon, lat) + 0.00002 * sin(lat * _BD_WAVE)
    angle = atan2(lat, lon) + 0.000003 * cos(lon * _BD_WAVE)
    return radius * cos(angle) + _BD_LON, radius * sin(angle) + _BD_LAT


def bd09_to_gcj02(lon: float, lat: float) -> tuple[float, float]:
    """Return the GCJ-02 position whose BD-09 position this is.

    The often copied one-step inverse is up to some centimetres off; this one repeats it until nothing is left.

    :raises BadCoordinate: not a position on Earth
    """
    _check(lon, lat)
    x, y = lon - _BD_LON, lat - _BD_LAT
    radius, angle = hypot(x, y), atan2(y, x)
    for _ in range(_ROUNDS):
        near_radius = radius - 0.00002 * sin(y * _BD_WAVE)
        near_angle = angle - 0.000003 * cos(x * _BD_WAVE)
        x, y = near_radius * cos(near_angle), near_radius * sin(near_angle)
    return x, y


def bd09_to_wgs84(lon: float, lat: float) -> tuple[float, float]:
    """Return the WGS-84 position of a BD-09 position.

    :raises BadCoordinate: not a position on Earth
    """
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def wgs84_to_bd09(lon: float, lat: float) -> tuple[float, float]:
    """Return the BD-09 position of a WGS-84 position.

    :raises BadCoordinate: not a position on Earth
    """
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def distance_m(lon1: float, lat1: float, lon2: float, lat2: float) -> float:
    """Return the metres between two positions of one datum: haversine on the mean radius, within 0.6 %."""
    phi1, phi2 = radians(lat1), radians(lat2)
    half = sin((phi2 - phi1) / 2) ** 2 + cos(phi1) * cos(phi2) * sin(radians(lon2 - lon1) / 2) ** 2
    # Rounding may carry the sum past 1 for antipodes.
    return 2 * _EARTH_MEAN_RADIUS_M * asin(min(1.0, sqrt(half)))


def _check(lon: float, lat: float) -> None:
    # Written so that NaN fails it too.
    if not (-_MAX_LON <= lon <= _MAX_LON and -_MAX_LAT <= lat <= _MAX_LAT):
        raise BadCoordinate(lon=str(lon), lat=str(lat))


def _shift(lon: float, lat: float) -> tuple[float, float]:
    """Degrees east and north that GCJ-02 adds to a WGS-84 position."""
    x, y = lon - 105.0, lat - 35.0
    px, py = pi * x, pi * y
    root, product = sqrt(abs(x)), 0.1 * x * y
    common = 20.0 * (sin(6.0 * px) + sin(2.0 * px))
    north = common + 20.0 * sin(py) + 40.0 * sin(py / 3.0) + 160.0 * sin(py / 12.0) + 320.0 * sin(py / 30.0)
    north = north * 2.0 / 3.0 - 100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + product + 0.2 * root
    east = common + 20.0 * sin(px) + 40.0 * sin(px / 3.0) + 150.0 * sin(px / 12.0) + 300.0 * sin(px / 30.0)
    east = east * 2.0 / 3.0 + 300.0 + x + 2.0 * y + 0.1 * x * x + product + 0.1 * root
    phi = radians(lat)
    flat = 1.0 - _ECCENTRICITY_SQUARED * sin(phi) ** 2
    meridian = _AXIS_M * (1.0 - _ECCENTRICITY_SQUARED) / (flat * sqrt(flat))
    parallel = _AXIS_M / sqrt(flat) * cos(phi)
    return east / parallel * _DEGREES, north / meridian * _DEGREES
