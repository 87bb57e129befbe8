"""Every name that a rule set may use: the city's, and those that it brings along."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from app.city.facts import UnitFact
from app.city.snapshot import CitySnapshot
from app.domain.questions import PLACE_TYPE
from app.routing.words import RuleSetWords

CHANNELS = frozenset({"citizen", "inspector", "service"})
"""From where reports come; the values of `reports.models.Source`, which is above this package."""

_CITY_DIGITS, _CELL_DIGITS = 4, 15


@dataclass(frozen=True)
class Known:
    """The city and the words of one rule set, asked for names."""

    city: CitySnapshot
    words: RuleSetWords

    @cached_property
    def prefixes(self) -> frozenset[tuple[str, str]]:
        """(scheme, class or major) of all classes, and each once more with '' for any scheme."""
        pairs = {(each.scheme, prefix) for each in self.city.classes for prefix in (each.code, each.major, "")}
        return frozenset(pairs | {("", prefix) for _, prefix in pairs})

    @cached_property
    def conditions(self) -> Mapping[str, list[tuple[str, str]]]:
        """(scheme, class) of the filing conditions of each name."""
        found: dict[str, list[tuple[str, str]]] = {}
        for each in self.city.conditions:
            found.setdefault(each.name, []).append((each.scheme, each.class_code))
        return found

    @cached_property
    def schemes(self) -> frozenset[str]:
        return frozenset(each.scheme for each in self.city.classes)

    @cached_property
    def categories(self) -> frozenset[str]:
        return frozenset(each.code for each in self.city.categories)

    @cached_property
    def units(self) -> Mapping[str, UnitFact]:
        return self.city.units

    @cached_property
    def new_units(self) -> frozenset[str]:
        return frozenset(each.code for each in self.words.units)

    @cached_property
    def roles(self) -> frozenset[str]:
        """Kinds of which there is a unit at work."""
        here = {each.kind for each in self.city.units.values() if each.is_active}
        return frozenset(here | {each.kind for each in self.words.units})

    @cached_property
    def polygons(self) -> frozenset[str]:
        return frozenset(each.code for each in self.words.areas)

    @cached_property
    def jurisdictions(self) -> frozenset[str]:
        return frozenset(each.code for each in self.words.jurisdictions)

    @cached_property
    def answers(self) -> Mapping[str, frozenset[str]]:
        """The choices of each question, of all categories for which it is asked."""
        found: dict[str, frozenset[str]] = {}
        for each in self.words.questions:
            found[each.code] = found.get(each.code, frozenset()) | {choice.code for choice in each.choices}
        return found

    @property
    def place_types(self) -> frozenset[str]:
        return self.answers.get(PLACE_TYPE, frozenset())

    @cached_property
    def _cities(self) -> frozenset[str]:
        return frozenset(code[:_CITY_DIGITS] for code in self.city.areas)

    def has_area(self, code: str) -> bool:
        """Tell whether a code of 0, 4, 6, 9, 12 or 15 digits is an area or a cell of the city."""
        if len(code) == _CELL_DIGITS:
            codes = self.city.cells.codes
            wanted = np.bytes_(code.encode("ascii"))
            at = int(np.searchsorted(codes, wanted))
            return at < len(codes) and bool(codes[at] == wanted)
        return not code or code in self._cities or code in self.city.areas

    def has_area_for_units(self, code: str) -> bool:
        """Tell whether units may answer for a code: an area, a functional area, or a zone that has units already."""
        return self.has_area(code) or code in self.jurisdictions or code in self._zones

    @cached_property
    def _zones(self) -> frozenset[str]:
        return frozenset(each.area_code for each in self.city.units.values())

    def has_condition(self, name: str, *, scheme: str, prefix: str) -> bool:
        return any(
            code.startswith(prefix) and scheme in {"", its_scheme} for its_scheme, code in self.conditions.get(name, ())
        )
