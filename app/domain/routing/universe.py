"""What a rule set is checked against: the reports a city can have, and the names it knows."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

Topic = tuple[str, str, str]
"""Scheme, class code and filing condition of a report; '' for what is not known."""

IsWorkday = Callable[[date], bool]
"""Tells whether a Beijing day is a working day of the city's calendar."""

Progress = Callable[[str, int, int], None]
"""Hears the name of a step (`places`, `dead`, `ties`, `gaps`), how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class PlaceAtom:
    """A point of the city and everything that rules can say about it.

    `cell` is the 15-digit code. A cell that no shape touches is one atom; a cell that some do is one atom for each
    combination of them that really occurs in it. `lon` and `lat` are an example in WGS-84 degrees.
    """

    cell: str
    lon: float
    lat: float
    polygons: frozenset[str] = frozenset()
    jurisdictions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The filing conditions there are: scheme, five-digit class and name of each."""

    conditions: tuple[Topic, ...]

    @classmethod
    def of(cls, conditions: Iterable[Topic]) -> "Catalogue":
        return cls(tuple(dict.fromkeys(conditions)))

    def topics(self) -> tuple[Topic, ...]:
        """Return what a report can be about: each condition, each class without one, and no class at all.

        A report that nobody has sorted yet has no scheme either.
        """
        classes = dict.fromkeys((scheme, code, "") for scheme, code, _ in self.conditions)
        schemes = dict.fromkeys((scheme, "", "") for scheme, _, _ in self.conditions)
        return tuple(dict.fromkeys((*self.conditions, *classes, *schemes, ("", "", ""))))


@dataclass(frozen=True, slots=True)
class Names:
    """Every name a rule may use. Schemes, classes and conditions are the catalogue's, cells and areas the places'.

    `roles` are unit kinds, `answers` the choices by question. `areas` are further codes, of areas without a cell.
    """

    polygons: frozenset[str] = frozenset()
    units: frozenset[str] = frozenset()
    roles: frozenset[str] = frozenset()
    answers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    channels: frozenset[str] = frozenset()
    areas: frozenset[str] = frozenset()
