"""An immutable copy of the city in memory: where a point lies, who is where, what the rules know, which days work."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated

from fastapi import Depends  # noqa: TID251 - CityDep is the one thing here that endpoints need
from fastapi.requests import HTTPConnection  # noqa: TID251 - as above
from sqlmodel import Session

from app.city import reading
from app.city.facts import AreaFact, CategoryFact, ClassFact, ConditionFact, Place, UnitFact
from app.city.locating import CellIndex
from app.city.packing import PackedCells
from app.city.version import current_version
from app.domain.cells import community_of, district_of, street_of
from app.domain.errors import Invalid, NotFound
from app.domain.gcj02 import Datum, to_wgs84
from app.domain.working_time import WorkingCalendar

__all__ = [
    "AreaFact",
    "CategoryFact",
    "CityDep",
    "CitySnapshot",
    "ClassFact",
    "ConditionFact",
    "OutOfArea",
    "Place",
    "UnitFact",
    "UnknownCategory",
    "UnknownCondition",
    "load_snapshot",
]

_PREFIXES = (15, 12, 9, 6, 4, 0)
"""From a cell up to the city: the lengths of area codes that a unit may stand for."""


class OutOfArea(Invalid):
    """The point is in no cell and not near one: the sea, another city, (0, 0). Carries no position.

    `plausible` names the readings of the pair that were perhaps meant, `hint` says so in Chinese.
    """

    code = "REPORT_OUT_OF_AREA"

    def __init__(self, *, plausible: Sequence[str] = (), hint: str = "") -> None:
        super().__init__(plausible=list(plausible), hint=hint)


class UnknownCategory(NotFound):
    """No category has this code, or none of its conditions is its default."""

    code = "CATEGORY_NOT_FOUND"


class UnknownCondition(NotFound):
    code = "CONDITION_NOT_FOUND"


@dataclass(frozen=True, slots=True)
class CitySnapshot:
    """The city at one version. Everything in it is read only; look-ups touch neither disk nor database."""

    version: int
    calendar: WorkingCalendar
    areas: Mapping[str, AreaFact]
    units: Mapping[str, UnitFact]
    categories: tuple[CategoryFact, ...]
    classes: tuple[ClassFact, ...]
    conditions: tuple[ConditionFact, ...]
    _cells: CellIndex = field(repr=False)
    _units_by_area: Mapping[tuple[str, str], str] = field(repr=False)
    _conditions_by_id: Mapping[int, ConditionFact] = field(repr=False)
    _defaults: Mapping[str, ConditionFact] = field(repr=False)

    def locate(self, lon: float, lat: float) -> Place:
        """Return the place of a WGS-84 point; outside every cell the nearest within 2,000 m, not certain.

        A point on a border belongs to the cell with the smallest code.

        :raises BadCoordinate: not a position on Earth
        :raises OutOfArea: no cell within 2,000 m
        """
        to_wgs84(lon, lat, Datum.WGS84)  # refuses what is no position
        found = self._cells.find(lon, lat)
        if found is None:
            raise OutOfArea
        index, offset_m = found
        cell = self._cells.code(index)
        district, street = district_of(cell), street_of(cell)
        return Place(
            cell_code=cell,
            community_code=community_of(cell),
            street_code=street,
            district_code=district,
            district_name=self.area_name(district),
            street_name=self.area_name(street),
            is_certain=offset_m == 0,
            offset_m=round(offset_m, 1),
        )

    @property
    def cells(self) -> PackedCells:
        """The cells in force, for who has to look at all of them."""
        return self._cells.packed

    def area_name(self, code: str) -> str:
        """Return the name of a district, street or community, of one that nobody knows its code."""
        area = self.areas.get(code)
        return area.name if area is not None else code

    def unit_for(self, kind: str, area_code: str) -> str | None:
        """Return the active unit of a kind that answers for an area code (0 to 15 digits), or None.

        The nearest one upwards: the cell's own, the community's, the street's, the district's, the city's.
        """
        for length in _PREFIXES:
            if length <= len(area_code):
                unit = self._units_by_area.get((kind, area_code[:length]))
                if unit is not None:
                    return unit
        return None

    def unit_at(self, kind: str, area_code: str) -> str | None:
        """Return the active unit of a kind whose own area has exactly this code, or None."""
        return self._units_by_area.get((kind, area_code))

    def is_at_work(self, unit_code: str) -> bool:
        """Tell whether a unit exists and is active."""
        unit = self.units.get(unit_code)
        return unit is not None and unit.is_active

    def default_condition(self, category_code: str) -> ConditionFact:
        """Return the condition a category stands for when nobody has said more, in the scheme now in force.

        :raises UnknownCategory: no such category, or it has no default
        """
        try:
            return self._defaults[category_code]
        except KeyError:
            raise UnknownCategory(category=category_code) from None

    def condition(self, condition_id: int) -> ConditionFact:
        """Return a filing condition, also one of a scheme no longer in force.

        :raises UnknownCondition: no such condition
        """
        try:
            return self._conditions_by_id[condition_id]
        except KeyError:
            raise UnknownCondition(condition_id=condition_id) from None


def load_snapshot(session: Session, *, today: date | None = None) -> CitySnapshot:
    """Read the whole city.

    :param today: the Beijing day; what has not begun or has ended on it is left out of the index and given no
        work. Without it, whatever has no end counts.
    """
    # The version first: a change that commits while we read makes us look old, and we read again.
    version = current_version(session)
    areas = reading.areas(session)
    units = reading.units(session, today=today)
    conditions = reading.conditions(session)
    schemes = reading.schemes_in_force(session, today=today)
    return CitySnapshot(
        version=version,
        calendar=reading.calendar(session),
        areas=areas,
        units={unit.code: unit for unit in units},
        categories=reading.categories(session),
        classes=reading.classes(session),
        conditions=conditions,
        _cells=CellIndex(reading.cells(session, today=today)),
        # Of two units of a kind in an area the one with the smaller code answers, so the larger goes in first.
        _units_by_area={(unit.kind, unit.area_code): unit.code for unit in reversed(units) if unit.is_active},
        _conditions_by_id={condition.id: condition for condition in conditions},
        _defaults={
            condition.category_code: condition
            for scheme in schemes
            for condition in conditions
            if condition.is_default and condition.scheme == scheme
        },
    )


async def _city(connection: HTTPConnection) -> CitySnapshot:
    snapshot: CitySnapshot = connection.app.state.city.current()
    return snapshot


CityDep = Annotated[CitySnapshot, Depends(_city)]
"""The city of this moment: `request.app.state.city.current()`."""
