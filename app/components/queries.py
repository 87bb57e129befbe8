"""Reads of components: the nearest of some classes, and one by its code."""

from collections.abc import Collection
from dataclasses import dataclass
from math import cos, radians

from sqlalchemy import Select, select
from sqlmodel import Session, col

from app.components.models import Component
from app.components.squares import box_around, squares_of
from app.domain.gcj02 import distance_m

NEAR_M = 100.0
"""How far from the pin a component is still offered: the error of a phone between high houses, twice."""


@dataclass(frozen=True, slots=True)
class Near:
    """A component and the metres to it."""

    component: Component
    distance_m: float


def nearest(session: Session, lon: float, lat: float, *, classes: Collection[str], limit: int) -> list[Near]:
    """Return the components of some classes within `NEAR_M` of a WGS-84 point, the nearest first; no removed ones."""
    if not classes:
        return []
    rows = session.scalars(nearest_statement(lon, lat, classes=classes, limit=limit))
    found = [Near(row, distance_m(lon, lat, row.lon, row.lat)) for row in rows]
    near = [each for each in found if each.distance_m <= NEAR_M]
    return sorted(near, key=lambda each: (each.distance_m, each.component.code))


def nearest_statement(lon: float, lat: float, *, classes: Collection[str], limit: int) -> Select[Component]:
    """Return the statement: a few squares of some classes are short stretches of one index, however large the city.

    The database sorts and cuts, so that ten thousand components that were all delivered at one point do no harm.
    """
    box = box_around(lon, lat, NEAR_M)
    west, south, east, north = box
    wide = cos(radians(lat))
    x, y = (col(Component.lon) - lon) * wide, col(Component.lat) - lat
    return (
        select(Component)
        .where(
            col(Component.class_code).in_(sorted(classes)),
            col(Component.bucket).in_(squares_of(box)),
            col(Component.is_removed).is_(False),
            col(Component.lon).between(west, east),
            col(Component.lat).between(south, north),
        )
        .order_by(x * x + y * y, col(Component.code))
        .limit(limit)
    )


def component_by_code(session: Session, code: str) -> Component | None:
    """Return a component, a removed one as well."""
    return session.get(Component, code)
