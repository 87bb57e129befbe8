"""The squares of the map that components are found by: some 200 m on a side, each with a number."""

from math import cos, floor, radians

Box = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""

_SIDE = 0.002
"""Degrees: 222 m to the north, 180 m to the east at Qingdao; 100 m around a point touch four of them at most."""

_ROWS, _COLUMNS = 2**15, 2**16
"""Numbers repeat after 65 degrees of latitude and 131 of longitude, so that each fits an integer column."""

_M_PER_DEGREE = 111_195.0


def square_of(lon: float, lat: float) -> int:
    """Return the square of a WGS-84 point."""
    return _number(floor(lon / _SIDE), floor(lat / _SIDE))


def box_around(lon: float, lat: float, metres: float) -> Box:
    """Return the box that holds everything within that distance of a point of a city, which no pole is near."""
    north = metres / _M_PER_DEGREE
    east = north / cos(radians(lat))
    return lon - east, lat - north, lon + east, lat + north


def squares_of(box: Box) -> list[int]:
    """Return the squares that a box of some hundred metres touches."""
    west, south, east, north = (floor(edge / _SIDE) for edge in box)
    return [_number(column, row) for row in range(south, north + 1) for column in range(west, east + 1)]


def _number(column: int, row: int) -> int:
    return row % _ROWS * _COLUMNS + column % _COLUMNS
