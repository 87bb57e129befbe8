"""Open reports of one category around a point: read along an index, however long the city's history is."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import ceil, cos, radians
from typing import Any, Final

from sqlalchemy import BindParameter, ColumnElement, Select, and_, bindparam, or_, select
from sqlmodel import Session, col

from app.city.snapshot import CitySnapshot, OutOfArea
from app.domain.duplicates import Reach
from app.domain.gcj02 import distance_m
from app.domain.workflow import Status
from app.reports.models import Report

READ = 200
"""The most that are read, the nearest first; more of them would be two hundred reports of one pothole."""

_M_PER_DEGREE = 111_195.0

_BLUR_DECIMALS = 4
_BLUR_M = 8.0
"""What rounding degrees to that many decimals moves a place by at most."""

_PROBES_APART_M = 300.0
"""Streets are wider than this, so hardly one lies between two probes; if one does, a duplicate stays unseen."""
_MOST_STEPS = 4
"""Along each side of the box."""

Box = tuple[float, float, float, float]
"""West, south, east, north in WGS-84 degrees."""


@dataclass(frozen=True, slots=True)
class Nearby:
    """An open report around the point; `apart` is the time between it and the instant asked about."""

    report_id: int
    reporter_id: int
    number: str
    status: Status
    submitted_at: datetime
    distance_m: float
    apart: timedelta


@dataclass(frozen=True, slots=True)
class Around:
    """What is looked for: reports of a category that may be one problem with something at a WGS-84 point at `at`.

    `is_blurred` takes the places of what is found as rounded to some ten metres, before anything is measured: whoever
    asks from many points and sees where an answer changes learns that square and no more.
    """

    lon: float
    lat: float
    streets: Collection[str]
    category_code: str
    reach: Reach
    at: datetime
    is_blurred: bool = False

    def metres_to(self, lon: float, lat: float) -> float:
        """Return the distance to a report at this WGS-84 point, as whoever asks may know it."""
        if self.is_blurred:
            lon, lat = round(lon, _BLUR_DECIMALS), round(lat, _BLUR_DECIMALS)
        return distance_m(self.lon, self.lat, lon, lat)


def box_around(lon: float, lat: float, radius_m: float) -> Box:
    """Return the square that holds everything within a radius."""
    north = radius_m / _M_PER_DEGREE
    east = north / cos(radians(lat))
    return lon - east, lat - north, lon + east, lat + north


def streets_around(lon: float, lat: float, radius_m: float, *, city: CitySnapshot) -> set[str]:
    """Return the streets of a point and of a net of points over the box around it, its corners among them."""
    west, south, east, north = box_around(lon, lat, radius_m)
    steps = min(_MOST_STEPS, max(1, ceil(2 * radius_m / _PROBES_APART_M)))
    lons = [west + (east - west) * step / steps for step in range(steps + 1)]
    lats = [south + (north - south) * step / steps for step in range(steps + 1)]
    streets = set()
    for probe in [(lon, lat), *((x, y) for x in lons for y in lats)]:
        try:
            streets.add(city.locate(*probe).street_code)
        except OutOfArea:
            continue  # out at sea
    return streets


def open_around(session: Session, around: Around) -> list[Nearby]:
    """Return the open reports in the boxes around either of the category's reaches, the nearest first."""
    if not around.reach.circles:
        return []
    # Rows of columns need nothing of the session's own: its bookkeeping costs as much as the question.
    rows = session.connection().execute(OPEN_IN_BOXES, values_of(around)).all()
    found = [
        Nearby(
            report_id=report_id or 0,
            reporter_id=reporter_id,
            number=number,
            status=status,
            submitted_at=submitted_at,
            distance_m=around.metres_to(lon, lat),
            apart=abs(submitted_at - around.at),
        )
        for report_id, reporter_id, number, status, submitted_at, lon, lat in rows
    ]
    return sorted(found, key=lambda each: each.distance_m)


def values_of(around: Around) -> dict[str, object]:
    """Return what `OPEN_IN_BOXES` is asked with."""
    reaches = around.reach.circles
    values: dict[str, object] = {
        "streets": sorted(around.streets),
        "category": around.category_code,
        "since": around.at - max(window for _, window in reaches),
        "lon": around.lon,
        "lat": around.lat,
        "squeeze": cos(radians(around.lat)),
    }
    nowhere, margin_m = (0, timedelta(0)), _BLUR_M if around.is_blurred else 0.0
    for name, (radius_m, window) in zip(_BOXES, [*reaches, nowhere], strict=False):
        box = dict(zip(_SIDES, box_around(around.lon, around.lat, radius_m + margin_m), strict=True))
        times = {"since": around.at - window, "until": around.at + window}
        values |= {f"{name}_{side}": value for side, value in (box | times).items()}
    return values


_BOXES = ("one", "other")
_SIDES = ("west", "south", "east", "north")


def _in_box(name: str) -> ColumnElement[bool]:
    def value(side: str) -> BindParameter[Any]:
        return bindparam(f"{name}_{side}")

    return and_(
        col(Report.submitted_at).between(value("since"), value("until")),
        col(Report.lon).between(value("west"), value("east")),
        col(Report.lat).between(value("south"), value("north")),
    )


def _open_in_boxes() -> Select[int | None, int, str, Status, datetime, float, float]:
    lon, lat = col(Report.lon), col(Report.lat)
    east, north = (lon - bindparam("lon")) * bindparam("squeeze"), lat - bindparam("lat")
    return (
        select(
            col(Report.id),
            col(Report.reporter_id),
            col(Report.number),
            col(Report.status),
            col(Report.submitted_at),
            lon,
            lat,
        )
        .where(
            col(Report.holder).is_not(None),
            col(Report.street_code).in_(bindparam("streets", expanding=True)),
            col(Report.category_code) == bindparam("category"),
            # Said once for both boxes, so that the index is entered at the right place. Without statistics SQLite would
            # take the index of streets and times alone if the end were said here as well.
            col(Report.submitted_at) >= bindparam("since"),
            or_(*map(_in_box, _BOXES)),
        )
        .order_by(east * east + north * north, col(Report.id))
        .limit(READ)
    )


OPEN_IN_BOXES: Final = _open_in_boxes()
"""What is open of a category in some streets since an instant is a stretch of an index, which holds the place as well:
no row is opened that lies elsewhere. Made once, because putting it together costs as much as asking it."""
