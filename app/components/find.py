"""Answers which components are near a place, for whoever is about to report one of them."""

from typing import Any

from sqlmodel import Session

from app.city.snapshot import CitySnapshot, UnknownCategory
from app.components.errors import ClassMissing, ComponentNotFound
from app.components.models import Component
from app.components.queries import component_by_code, nearest
from app.components.schemas import (
    ComponentDetail,
    ComponentQuestion,
    Degrees,
    NearComponent,
    NearComponents,
    OwnersRead,
    UnitOfComponent,
)
from app.domain.component_codes import is_component_class
from app.domain.gcj02 import to_wgs84, wgs84_to_gcj02
from app.domain.roles import STAFF_ROLES, Caller
from app.texts import text


def find_components(
    session: Session, question: ComponentQuestion, *, city: CitySnapshot, caller: Caller
) -> NearComponents:
    """Return the nearest components of the class, else of all component classes of the category.

    :raises BadCoordinate: not a position on Earth
    :raises OutOfArea: not in this city
    :raises ClassMissing: neither class nor category
    :raises UnknownCategory: no such category
    """
    lon, lat = to_wgs84(question.lon, question.lat, question.datum)
    city.locate(lon, lat)  # refuses what is not in the city
    found = nearest(session, lon, lat, classes=_classes(question, city), limit=question.limit)
    return NearComponents(
        items=[
            NearComponent(**_read(each.component, city=city, caller=caller), distance_m=round(each.distance_m))
            for each in found
        ]
    )


def show_component(session: Session, code: str, *, city: CitySnapshot, caller: Caller) -> ComponentDetail:
    """Return one component, a removed one as well.

    :raises ComponentNotFound: no such component
    """
    row = component_by_code(session, code)
    if row is None:
        raise ComponentNotFound(component=code)
    return ComponentDetail(**_read(row, city=city, caller=caller), is_removed=row.is_removed, source=row.source)


def component_classes(category: str, *, city: CitySnapshot) -> frozenset[str]:
    """Return the classes of components that are filed under a category, none for one of events alone."""
    return frozenset(
        each.class_code
        for each in city.conditions
        if each.category_code == category and is_component_class(each.class_code)
    )


def _classes(question: ComponentQuestion, city: CitySnapshot) -> frozenset[str]:
    if question.class_code is not None:
        return frozenset({question.class_code})
    if question.category is None:
        raise ClassMissing
    if all(each.code != question.category for each in city.categories):
        raise UnknownCategory(category=question.category)
    return component_classes(question.category, city=city)


def _read(row: Component, *, city: CitySnapshot, caller: Caller) -> dict[str, Any]:
    gcj_lon, gcj_lat = wgs84_to_gcj02(row.lon, row.lat)
    return {
        "code": row.code,
        "name": row.name,
        "class_code": row.class_code,
        "class_name": _class_name(row, city),
        "state": row.state,
        "state_text": text(f"component.state.{row.state.value}"),
        "wgs84": Degrees(lon=round(row.lon, 7), lat=round(row.lat, 7)),
        "gcj02": Degrees(lon=round(gcj_lon, 6), lat=round(gcj_lat, 6)),
        "owners": _owners(row) if caller.has(*STAFF_ROLES) else None,
    }


def _class_name(row: Component, city: CitySnapshot) -> str:
    named = (each.name for each in city.classes if (each.scheme, each.code) == (row.scheme, row.class_code))
    return next(named, row.class_code)


def _owners(row: Component) -> OwnersRead:
    return OwnersRead(
        maintainer=UnitOfComponent(name=row.maintainer_name, unit=row.maintainer_unit),
        owner=UnitOfComponent(name=row.owner_name, unit=row.owner_unit),
        supervisor=UnitOfComponent(name=row.supervisor_name, unit=row.supervisor_unit),
    )
