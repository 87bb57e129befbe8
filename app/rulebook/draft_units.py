"""The city's units together with those that a version of the rules would bring along, with their names and kinds."""

from collections.abc import Iterable

from app.city.snapshot import CitySnapshot
from app.routing.units import UnitsWith
from app.routing.words import UnitWords


class DraftUnits(UnitsWith):
    """A `UnitFinder` in which a version's own units work already, as they will from its effective moment on."""

    def __init__(self, city: CitySnapshot, units: Iterable[UnitWords]) -> None:
        """Take the units not at work in the city by now, as a publication does; the others are as the city says."""
        own = [each for each in units if not city.is_at_work(each.code)]
        super().__init__(city, own)
        self._known = city.units
        self._own = {each.code: each for each in own}
        if not own:  # most versions bring none along, and a replay asks 100,000 times
            self.unit_for = city.unit_for  # type: ignore[method-assign]  # the same question, asked directly

    def name_of(self, unit_code: str) -> str:
        """Return a unit's name, also of one that is closed; its code when nobody knows it."""
        unit = self._known.get(unit_code) or self._own.get(unit_code)
        return unit.name if unit else unit_code

    def kind_of(self, unit_code: str) -> str:
        """Return a unit's kind, '' when nobody knows it."""
        unit = self._known.get(unit_code) or self._own.get(unit_code)
        return unit.kind if unit else ""
