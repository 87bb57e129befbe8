"""Open reports of one category around a point, of the last day: for a citizen who may be about to send the same."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import cos, radians

from sqlalchemy import Select, select
from sqlmodel import Session, col

from app.domain.gcj02 import distance_m
from app.domain.workflow import Status
from app.reports.models import Report

NEARBY_M = 50.0
"""How far from each other two reports may be and still be the same problem (product.md, Duplicates)."""

NEARBY_SINCE = timedelta(hours=24)
"""How long ago the other one may have been sent (product.md, Duplicates)."""

NEARBY_SHOWN = 10
"""The most that are shown: whoever sees ten need not see more."""

_READ = 100
"""The most that are read, newest first; more in 50 m and a day would be a hundred reports of one pothole."""

_M_PER_DEGREE = 111_195.0


@dataclass(frozen=True, slots=True)
class Nearby:
    """An open report without anything that tells who sent it or which one it is."""

    status: Status
    submitted_at: datetime
    distance_m: float


Box = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""


def box_around(lon: float, lat: float) -> Box:
    """Return the square that holds everything within `NEARBY_M`."""
    north = NEARBY_M / _M_PER_DEGREE
    east = north / cos(radians(lat))
    return lon - east, lat - north, lon + east, lat + north


def open_nearby(
    session: Session, lon: float, lat: float, *, streets: Collection[str], category_code: str, now: datetime
) -> Sequence[Nearby]:
    """Return the open reports of a category around a WGS-84 point, the nearest first.

    :param streets: every street that the box around the point touches
    """
    statement = in_box(lon, lat, streets=streets, category_code=category_code, now=now)
    found = [
        Nearby(status, submitted_at, distance_m(lon, lat, other_lon, other_lat))
        for status, submitted_at, other_lon, other_lat in session.execute(statement)
    ]
    near = [each for each in found if each.distance_m <= NEARBY_M]
    return sorted(near, key=lambda each: each.distance_m)[:NEARBY_SHOWN]


def in_box(
    lon: float, lat: float, *, streets: Collection[str], category_code: str, now: datetime
) -> Select[Status, datetime, float, float]:
    """Return the statement: a day of a street is a stretch of an index, some dozen rows however long the history."""
    west, south, east, north = box_around(lon, lat)
    return (
        select(col(Report.status), col(Report.submitted_at), col(Report.lon), col(Report.lat))
        .where(
            col(Report.street_code).in_(sorted(streets)),
            col(Report.submitted_at) >= now - NEARBY_SINCE,
            col(Report.holder).is_not(None),
            col(Report.category_code) == category_code,
            col(Report.lon).between(west, east),
            col(Report.lat).between(south, north),
        )
        .order_by(col(Report.submitted_at).desc())
        .limit(_READ)
    )
