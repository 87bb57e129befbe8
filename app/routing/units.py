"""The units a version will find: those of the city, and those that it brings along."""

from collections.abc import Sequence

from app.city.snapshot import CitySnapshot
from app.routing.words import UnitWords

_PREFIXES = (15, 12, 9, 6, 4, 0)


class UnitsWith:
    """The active units of the city and further ones, asked as `UnitFinder` says."""

    def __init__(self, city: CitySnapshot, units: Sequence[UnitWords]) -> None:
        self._city = city
        # Of two units of a kind in an area the one with the smaller code answers, as in the city.
        ordered = sorted(units, key=lambda unit: unit.code, reverse=True)
        self._new = {(unit.kind, unit.area): unit.code for unit in ordered}
        there = {code for code, unit in city.units.items() if unit.is_active}
        self.at_work = frozenset(there | {unit.code for unit in units})

    def unit_for(self, kind: str, area_code: str) -> str | None:
        found = (self.unit_at(kind, area_code[:length]) for length in _PREFIXES if length <= len(area_code))
        return next(filter(None, found), None)

    def unit_at(self, kind: str, area_code: str) -> str | None:
        both = (self._city.unit_at(kind, area_code), self._new.get((kind, area_code)))
        return min(filter(None, both), default=None)

    def is_at_work(self, unit_code: str) -> bool:
        return unit_code in self.at_work
