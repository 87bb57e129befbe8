"""Answers where a position is, who would probably be responsible there, and what is open near by."""

from datetime import datetime

from sqlmodel import Session

from app.city.facts import CategoryFact
from app.city.snapshot import CitySnapshot
from app.domain.duplicates import SHOWN
from app.domain.gcj02 import wgs84_to_gcj02
from app.places.schemas import AreaRef, Coordinates, LikelyUnit, NearbyRead, PlaceFound, PlaceQuestion
from app.reports.models import Source
from app.reports.near import Around, open_around, streets_around
from app.reports.placing import Spot, find_spot, hint_text
from app.reports.routing_step import facts_about
from app.reports.schemas import CategoryRef
from app.reports.world import World
from app.texts import text


def resolve(session: Session, question: PlaceQuestion, *, world: World, now: datetime) -> PlaceFound:
    """Return everything a client shows before a report is sent; with a category also what is open near by.

    :raises BadCoordinate: not a position on Earth
    :raises OutOfArea: not in this city; says which other reading would be
    :raises UnknownCategory: no such category
    """
    spot = find_spot(question, city=world.city)
    unit = _likely_unit(spot, question.category, world=world, now=now)
    category = next((each for each in world.city.categories if each.code == question.category), None)
    nearby = _nearby(session, spot, category, city=world.city, now=now) if category else []
    place, gcj02 = spot.place, wgs84_to_gcj02(spot.lon, spot.lat)
    return PlaceFound(
        district=AreaRef(code=place.district_code, name=place.district_name),
        street=AreaRef(code=place.street_code, name=place.street_name),
        community=AreaRef(code=place.community_code, name=_area_name(place.community_code, world.city)),
        cell=place.cell_code,
        is_certain=place.is_certain,
        offset_m=place.offset_m,
        plausible=list(spot.plausible),
        hint=hint_text(spot.hint) if spot.hint else None,
        wgs84=Coordinates(lon=round(spot.lon, 7), lat=round(spot.lat, 7)),
        gcj02=Coordinates(lon=round(gcj02[0], 6), lat=round(gcj02[1], 6)),
        unit=unit,
        nearby=nearby,
        nearby_radius_m=category.reach.radius_m if category else None,
        now=now,
    )


def _likely_unit(spot: Spot, category: str | None, *, world: World, now: datetime) -> LikelyUnit:
    """Ask the rules as for a citizen's report without answers; without a category the fallback (属地) usually wins."""
    facts = facts_about(
        spot=(spot.lon, spot.lat),
        cell_code=spot.place.cell_code,
        condition=world.city.default_condition(category) if category else None,
        answers={},
        channel=Source.CITIZEN.value,
        component=None,
        world=world,
        now=now,
    )
    decision = world.rules.decide(facts, units=world.city)
    name = world.city.units[decision.unit].name
    return LikelyUnit(code=decision.unit, name=name, basis=decision.basis, is_fallback=decision.is_gap)


def _nearby(
    session: Session, spot: Spot, category: CategoryFact, *, city: CitySnapshot, now: datetime
) -> list[NearbyRead]:
    """Return what is open within the category's own reach; photos are compared when the report is sent."""
    reach = category.reach.without_photos()
    streets = streets_around(spot.lon, spot.lat, reach.furthest_m, city=city) | {spot.place.street_code}
    asked = Around(spot.lon, spot.lat, streets, category.code, reach, now, is_blurred=True)
    found = open_around(session, asked)
    near = [each for each in found if each.distance_m <= reach.radius_m]
    return [
        NearbyRead(
            category=CategoryRef(code=category.code, name=category.name),
            distance_m=10 * round(each.distance_m / 10),
            submitted_at=each.submitted_at.replace(minute=0, second=0, microsecond=0),
            status_text=text(f"status.{each.status.value}"),
        )
        for each in near[:SHOWN]
    ]


def _area_name(code: str, city: CitySnapshot) -> str:
    area = city.areas.get(code)
    return area.name if area else code
