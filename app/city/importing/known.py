"""What the city holds before an import: its areas, which of them have cells in force, and the newest delivery."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from app.city import reading
from app.city.facts import AreaFact
from app.city.models import Cell, GridGeneration
from app.city.version import current_version
from app.domain.cells import Level, district_of
from app.domain.routing.rules import FALLBACK_ROLE

STREET_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Delivery:
    """What made a generation: the same three make the same cells."""

    sha256: str | None
    datum: str
    note: str


@dataclass(frozen=True, slots=True)
class KnownCity:
    """`offices` are the areas of the active units that take what no rule decides, `unit_codes` those of all units."""

    version: int
    areas: Mapping[str, AreaFact]
    streets_in_force: frozenset[str]
    newest: Delivery | None
    offices: frozenset[str]
    unit_codes: frozenset[str]

    @property
    def districts_in_force(self) -> frozenset[str]:
        return frozenset(map(district_of, self.streets_in_force))

    def lacks_office(self, street: str) -> bool:
        """Whether nobody would take a report there that no rule decides; a city without units is still in the making.

        As `CitySnapshot.unit_for`: the street's own unit, the district's, the city's.
        """
        return bool(self.unit_codes) and not any(street[:length] in self.offices for length in (9, 6, 4, 0))

    def named(self, level: Level) -> dict[str, str]:
        """Return the names of all areas of a level by code."""
        return {code: area.name for code, area in self.areas.items() if area.level is level}

    def name_of(self, code: str) -> str:
        return self.areas[code].name if code in self.areas else code


def known_city(session: Session, *, today: date) -> KnownCity:
    street = func.substr(Cell.code, 1, STREET_DIGITS)
    in_force = or_(col(Cell.valid_until).is_(None), col(Cell.valid_until) > today)
    newest = session.exec(select(GridGeneration).order_by(col(GridGeneration.id).desc()).limit(1)).first()
    units = reading.units(session, today=today)
    return KnownCity(
        version=current_version(session),
        areas=reading.areas(session),
        streets_in_force=frozenset(session.exec(select(street).where(in_force).distinct())),
        newest=Delivery(newest.file_sha256, newest.datum, newest.note) if newest else None,
        offices=frozenset(unit.area_code for unit in units if unit.kind == FALLBACK_ROLE and unit.is_active),
        unit_codes=frozenset(unit.code for unit in units),
    )


def office_code(street: str) -> str:
    """Return the code that the office of a street has, as in the default city."""
    return f"{street}.{FALLBACK_ROLE}"
