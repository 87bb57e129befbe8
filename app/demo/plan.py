"""Draws a week of reports: when, where, about what, by whom and how it will go; nothing is stored here.

Shares and weights are invented, close to what cities publish; the same seed gives the same week.
"""

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate

import shapely
from sqlmodel import Session, col, select

from app.city.facts import AreaFact
from app.city.models import Cell
from app.demo.people import DESKS, login_of
from app.domain.cells import district_of, street_of
from app.domain.gcj02 import Datum, wgs84_to_gcj02
from app.domain.questions import PLACE_TYPE
from app.domain.roles import Role
from app.domain.working_time import BEIJING
from app.media.models import PhotoKind
from app.reports.models import LocationSource
from app.reports.schemas import Location
from app.texts import text

WEEK = timedelta(days=7)
CITIZENS = 420
WORDS_PER_CATEGORY = 6

# Reports per hour of the day: the way to work, lunch, the evening walk.
_BY_HOUR = (2, 1, 1, 1, 1, 3, 7, 14, 19, 18, 15, 13, 14, 11, 11, 12, 14, 18, 20, 18, 15, 11, 7, 4)
_WEEKEND = 1.15

BY_CATEGORY: Mapping[str, float] = {
    "sanitation": 22,
    "parking": 21,
    "clutter": 11,
    "facilities": 12,
    "illegal_ads": 6,
    "street_vending": 10,
    "cables": 4,
    "greenery": 5,
    "public_notices": 2,
    "shop_signs": 3,
    "construction": 2.5,
    "other": 1.5,
}
STAFF_SIDE = frozenset({"construction", "other"})
BY_DISTRICT: Mapping[str, float] = {
    "370202": 14,
    "370203": 20,
    "370211": 16,
    "370212": 9,
    "370213": 14,
    "370214": 11,
    "370215": 7,
    "370281": 5,
    "370283": 2.5,
    "370285": 2,
}
_PARKED_ON: tuple[Mapping[str, str], ...] = ({PLACE_TYPE: "carriageway"}, {PLACE_TYPE: "pavement"}, {})
"""A third of the people pass the question over."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What somebody will send, and when. `shows` is the category the photos are of; `category` may be left open."""

    at: datetime
    role: Role
    reporter: str
    shows: str
    category: str | None
    words: str
    location: Location
    views: tuple[PhotoKind, ...]
    answers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Fate:
    """What will happen on the way, as far as the report gets there; `pace` is the handling time per limit."""

    pace: float
    is_withdrawn: bool
    is_rejected: bool
    is_false: bool
    is_returned: bool
    is_reworked: bool
    is_failed: bool
    is_rated: bool
    is_done_by_lead: bool


@dataclass(frozen=True, slots=True)
class Planned:
    submission: Submission
    fate: Fate


@dataclass(frozen=True, slots=True)
class Streets:
    """Where reports may lie: the cells of each street, WKB in WGS-84 degrees, and the names of areas."""

    cells: Mapping[str, Sequence[bytes]]
    names: Mapping[str, str]

    def by_district(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for street in sorted(self.cells):
            found.setdefault(district_of(street), []).append(street)
        return found


def load_streets(session: Session, *, areas: Mapping[str, AreaFact]) -> Streets:
    cells: dict[str, list[bytes]] = {}
    for code, shape in session.exec(select(Cell.code, Cell.shape).where(col(Cell.valid_until).is_(None))):
        cells.setdefault(street_of(code), []).append(shape)
    return Streets(cells, {code: area.name for code, area in areas.items()})


def plan_week(streets: Streets, *, reports: int, seed: int, now: datetime) -> list[Planned]:
    """Return `reports` planned reports of the seven days before `now`, oldest first."""
    dice = random.Random(seed)  # noqa: S311 - a play, not a secret
    instants = sorted(_arrivals(dice, reports=reports, now=now))
    districts = streets.by_district()
    weights = {district: BY_DISTRICT.get(district, 1) for district in districts}
    return [_planned(dice, at, streets, districts, weights) for at in instants]


def _arrivals(dice: random.Random, *, reports: int, now: datetime) -> Iterator[datetime]:
    since = now - WEEK
    hours = [since + timedelta(hours=hour) for hour in range(round(WEEK / timedelta(hours=1)))]
    bounds = list(accumulate(_weight(hour) for hour in hours))
    for _ in range(reports):
        (hour,) = dice.choices(hours, cum_weights=bounds)
        yield (hour + timedelta(seconds=dice.randrange(3600))).replace(microsecond=0)


def _weight(instant: datetime) -> float:
    local = instant.astimezone(BEIJING)
    return _BY_HOUR[local.hour] * (_WEEKEND if local.isoweekday() > 5 else 1)  # noqa: PLR2004 - Saturday, Sunday


def _planned(
    dice: random.Random,
    at: datetime,
    streets: Streets,
    districts: Mapping[str, list[str]],
    weights: Mapping[str, float],
) -> Planned:
    (category,) = dice.choices(list(BY_CATEGORY), weights=list(BY_CATEGORY.values()))
    (district,) = dice.choices(list(weights), weights=list(weights.values()))
    street = dice.choice(districts[district])
    role = Role.INSPECTOR if category in STAFF_SIDE or dice.random() < 0.06 else Role.CITIZEN  # noqa: PLR2004 - collected on rounds
    is_open = role is Role.CITIZEN and dice.random() < 0.12  # noqa: PLR2004 - a word without a category
    submission = Submission(
        at=at,
        role=role,
        reporter=_reporter(dice, role),
        shows=category,
        category=None if is_open else category,
        words=text(f"demo.say.{category}.{dice.randrange(WORDS_PER_CATEGORY)}"),
        location=_location(dice, streets, street),
        views=(PhotoKind.NEAR,) if dice.random() < 0.3 else (PhotoKind.NEAR, PhotoKind.FAR),  # noqa: PLR2004 - a share of the dice
        answers=dice.choice(_PARKED_ON) if category == "parking" and not is_open else {},
    )
    return Planned(submission, _fate(dice))


def _reporter(dice: random.Random, role: Role) -> str:
    if role is Role.INSPECTOR:
        return login_of(role, dice.randint(1, DESKS[role]))
    return f"demo-{dice.randrange(CITIZENS):03d}"


def _fate(dice: random.Random) -> Fate:
    """Draw the turns of one report; a chance at a desk counts only for the reports that come by there."""

    def chance(share: float) -> bool:
        return dice.random() < share

    return Fate(
        pace=dice.lognormvariate(-0.9, 0.76),  # median 0.41 of the limit, one in ten above it
        is_withdrawn=chance(0.011),
        is_rejected=chance(0.19),
        is_false=chance(0.15),
        is_returned=chance(0.05),
        is_reworked=chance(0.04),
        is_failed=chance(0.025),
        is_rated=chance(0.48),
        is_done_by_lead=chance(0.25),
    )


def _location(dice: random.Random, streets: Streets, street: str) -> Location:
    lon, lat = _point_in(shapely.from_wkb(dice.choice(streets.cells[street])), dice)
    district = streets.names.get(district_of(street), "")
    address = text("demo.address", district=district, street=streets.names.get(street, ""))
    if dice.random() < 0.25:  # noqa: PLR2004 - browsers and older phones
        accuracy_m = round(dice.uniform(4, 40), 1)
        return Location(
            lon=lon, lat=lat, datum=Datum.WGS84, accuracy_m=accuracy_m, source=LocationSource.GPS, address=address
        )
    lon, lat = wgs84_to_gcj02(lon, lat)
    return Location(lon=round(lon, 6), lat=round(lat, 6), datum=Datum.GCJ02, source=LocationSource.PIN, address=address)


def _point_in(shape: shapely.Geometry, dice: random.Random) -> tuple[float, float]:
    west, south, east, north = shape.bounds
    for _ in range(100):
        lon, lat = dice.uniform(west, east), dice.uniform(south, north)
        if shapely.contains_xy(shape, lon, lat):
            return round(lon, 6), round(lat, 6)
    inside = shape.representative_point()
    return inside.x, inside.y
