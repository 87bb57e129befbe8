"""Other readings of a coordinate pair: the datum and the order of axes that a client may have mistaken."""

from collections.abc import Callable, Iterator
from enum import Enum
from typing import Final

from app.domain.gcj02 import BadCoordinate, Datum, distance_m, to_wgs84


class Fit(Enum):
    """How a position fits the city: in one of its cells, near enough for the nearest one, or not at all."""

    INSIDE = "inside"
    NEAR = "near"
    OUTSIDE = "outside"


class Reading(str, Enum):
    """A way to read a pair of degrees."""

    GCJ02 = "gcj02"
    WGS84 = "wgs84"
    BD09 = "bd09"
    SWAPPED = "swapped"


CAMERA_AGREES_M: Final = 150.0
"""A camera's position error and the steps between camera and problem, added up."""

CAMERA_DISAGREES_M: Final = 300.0
"""Less than the shift between any two datums at Qingdao (409 m at least), more than a camera's error."""

_DATUMS: Final = (Reading.GCJ02, Reading.WGS84, Reading.BD09)
"""The readings that are a datum, the likeliest mistake first."""


def plausible_readings(
    lon: float, lat: float, datum: Datum, *, fit: Callable[[float, float], Fit]
) -> tuple[Reading, ...]:
    """Return the other readings of a pair that does not lie in a cell as it was sent, the likeliest first.

    Another datum moves a point by a kilometre at most, so only one that leads into a cell says something; exchanged
    axes lead to the other side of the Earth, so near the city is enough.

    :param fit: judges a WGS-84 position
    """
    return tuple(reading for reading, place in _other_readings(lon, lat, datum) if _is_plausible(reading, fit(*place)))


def reading_of_camera(lon: float, lat: float, datum: Datum, *, camera: tuple[float, float]) -> Reading | None:
    """Return the other reading that a camera's position (WGS-84 lon, lat) agrees with when it is far from the one sent.

    :raises BadCoordinate: the pair as sent is no position on Earth
    """
    if distance_m(*to_wgs84(lon, lat, datum), *camera) < CAMERA_DISAGREES_M:
        return None
    gaps = ((distance_m(*place, *camera), reading) for reading, place in _other_readings(lon, lat, datum))
    gap_m, nearest = min(gaps, key=lambda each: each[0])
    return nearest if gap_m <= CAMERA_AGREES_M else None


def _is_plausible(reading: Reading, fit: Fit) -> bool:
    return fit is Fit.INSIDE or (fit is Fit.NEAR and reading is Reading.SWAPPED)


def _other_readings(lon: float, lat: float, datum: Datum) -> Iterator[tuple[Reading, tuple[float, float]]]:
    """Yield each other reading that is a position on Earth, with that position in WGS-84."""
    sent = Datum.WGS84 if datum is Datum.CGCS2000 else datum
    for reading in _DATUMS:
        place = None if reading.value == sent.value else _position(lon, lat, Datum(reading.value))
        if place is not None:
            yield reading, place
    swapped = _position(lat, lon, datum)
    if swapped is not None:
        yield Reading.SWAPPED, swapped


def _position(lon: float, lat: float, datum: Datum) -> tuple[float, float] | None:
    try:
        return to_wgs84(lon, lat, datum)
    except BadCoordinate:
        return None
