"""The component (部件) a report is about: found by its code, with the units of its owner chain."""

from sqlmodel import Session

from app.city.snapshot import CitySnapshot
from app.components.find import component_classes
from app.components.models import Component as ComponentRow
from app.components.queries import component_by_code
from app.domain.errors import Invalid
from app.domain.gcj02 import distance_m
from app.domain.routing.rules import Component

FAR_M = 500.0
"""Further from the pin than this, one of the two is wrong: the shift between two datums is 409 m at least."""


class UnknownComponent(Invalid):
    """No component has this code, or it was removed."""

    code = "COMPONENT_UNKNOWN"


class ComponentTooFar(Invalid):
    """The component does not stand where the report says the problem is."""

    code = "COMPONENT_TOO_FAR"


class ComponentUnfit(Invalid):
    """The component is of no class that is filed under the category of the report."""

    code = "COMPONENT_UNFIT"


def component_for_new(
    session: Session,
    code: str | None,
    *,
    spot: tuple[float, float],
    category: str | None,
    city: CitySnapshot,
) -> Component | None:
    """Return the component that a new report names, None for none.

    :param spot: WGS-84 degrees of the report, longitude first
    :param category: what the reporter chose; None leaves the class to a person
    :raises UnknownComponent: no such component, or it was removed
    :raises ComponentTooFar: it is further than `FAR_M` from the spot
    :raises ComponentUnfit: its class is none of the category's
    """
    if code is None:
        return None
    row = component_by_code(session, code)
    if row is None or row.is_removed:
        raise UnknownComponent(component=code)
    away_m = distance_m(*spot, row.lon, row.lat)
    if away_m > FAR_M:
        raise ComponentTooFar(component=code, distance_m=round(away_m), limit_m=round(FAR_M))
    if category is not None and row.class_code not in component_classes(category, city=city):
        raise ComponentUnfit(component=code, category=_name_of(category, city))
    return _as_rules_see(row)


def _name_of(category: str, city: CitySnapshot) -> str:
    return next((each.name for each in city.categories if each.code == category), category)


def component_of(session: Session, code: str | None) -> Component | None:
    """Return the component of a stored report as the rules see it, None for none; a removed one still has its owners.

    :raises UnknownComponent: no such component
    """
    if code is None:
        return None
    row = component_by_code(session, code)
    if row is None:
        raise UnknownComponent(component=code)
    return _as_rules_see(row)


def _as_rules_see(row: ComponentRow) -> Component:
    return Component(row.code, row.maintainer_unit or "", row.owner_unit or "", row.supervisor_unit or "")
