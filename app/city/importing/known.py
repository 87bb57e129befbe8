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

STREET_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Delivery:
    """What made a generation: the same three make the same cells."""

    sha256: str | None
    datum: str
    note: str


@dataclass(frozen=True, slots=True)
class KnownCity:
    version: int
    areas: Mapping[str, AreaFact]
    streets_in_force: frozenset[str]
    newest: Delivery | None

    @property
    def districts_in_force(self) -> frozenset[str]:
        return frozenset(map(district_of, self.streets_in_force))

    def named(self, level: Level) -> dict[str, str]:
        """Return the names of all areas of a level by code."""
        return {code: area.name for code, area in self.areas.items() if area.level is level}

    def name_of(self, code: str) -> str:
        return self.areas[code].name if code in self.areas else code


def known_city(session: Session, *, today: date) -> KnownCity:
    street = func.substr(Cell.code, 1, STREET_DIGITS)
    in_force = or_(col(Cell.valid_until).is_(None), col(Cell.valid_until) > today)
    newest = session.exec(select(GridGeneration).order_by(col(GridGeneration.id).desc()).limit(1)).first()
    return KnownCity(
        version=current_version(session),
        areas=reading.areas(session),
        streets_in_force=frozenset(session.exec(select(street).where(in_force).distinct())),
        newest=Delivery(newest.file_sha256, newest.datum, newest.note) if newest else None,
    )
