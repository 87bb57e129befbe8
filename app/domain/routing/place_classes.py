"""The city's places as far as a rule set can tell them apart, as masks: bit n is the n-th class of places."""

from collections.abc import Iterable, Sequence

from app.domain.routing.boxes import mask_of
from app.domain.routing.rules import UnitFinder
from app.domain.routing.universe import PlaceAtom, Progress

_LENGTHS = (0, 4, 6, 9, 12, 15)
_STREET, _COMMUNITY = 9, 12
_TELL_EVERY = 10_000


class PlaceClasses:
    """Classes of places that lie in the same street and for which every rule and every role says the same."""

    def __init__(
        self,
        atoms: Sequence[PlaceAtom],
        *,
        areas: frozenset[str],
        polygons: frozenset[str],
        zones: frozenset[str],
        roles: Sequence[str],
        units: UnitFinder,
        progress: Progress,
    ) -> None:
        """Sort the places.

        :param areas: the area codes that rules name; likewise polygons and functional areas
        :param roles: the unit kinds that rules name
        """
        reach = _Reach(roles, units)
        narrow = frozenset(code for code in areas if len(code) > _STREET)
        numbers: dict[tuple[object, ...], int] = {}
        self.examples: list[PlaceAtom] = []
        able: list[int] = []
        for done, atom in enumerate(atoms):
            if done % _TELL_EVERY == 0:
                progress("places", done, len(atoms))
            roles_here = reach.roles_at(atom.cell)
            key = (
                atom.cell[:_STREET],
                narrow & {atom.cell, atom.cell[:_COMMUNITY]},
                atom.polygons & polygons,
                atom.jurisdictions & zones,
                roles_here,
            )
            if numbers.setdefault(key, len(self.examples)) == len(self.examples):
                self.examples.append(atom)
                able.append(roles_here)
        self.all = (1 << len(self.examples)) - 1
        self.streets = sorted({atom.cell[:_STREET] for atom in self.examples})
        named = areas.union(self.streets)  # a mask for every cell there is would take a gigabyte
        self._areas = self._masks(named & {atom.cell[:length] for length in _LENGTHS} for atom in self.examples)
        self._polygons = self._masks(atom.polygons & polygons for atom in self.examples)
        self._zones = self._masks(atom.jurisdictions & zones for atom in self.examples)
        self._roles = self._masks({role for n, role in enumerate(roles) if here >> n & 1} for here in able)

    def area(self, code: str) -> int:
        return self._areas.get(code, 0)

    def polygon(self, code: str) -> int:
        return self._polygons.get(code, 0)

    def zone(self, code: str) -> int:
        return self._zones.get(code, 0)

    def with_unit(self, role: str) -> int:
        """Return where the territory has a unit of a kind."""
        return self._roles.get(role, 0)

    @staticmethod
    def _masks(names: Iterable[Iterable[str]]) -> dict[str, int]:
        numbers: dict[str, list[int]] = {}
        for number, those in enumerate(names):
            for name in those:
                numbers.setdefault(name, []).append(number)
        return {name: mask_of(found) for name, found in numbers.items()}


class _Reach:
    """Which roles have a unit for a cell. What answers for an area answers for all that lies in it."""

    def __init__(self, roles: Sequence[str], units: UnitFinder) -> None:
        self._roles = roles
        self._units = units
        self._known: dict[str, int] = {}

    def roles_at(self, cell: str) -> int:
        wider = self._of(cell, _COMMUNITY)
        return wider | self._asked(cell, wider)

    def _of(self, cell: str, length: int) -> int:
        code = cell[:length]
        known = self._known.get(code)
        if known is None:
            wider = self._of(cell, _LENGTHS[_LENGTHS.index(length) - 1]) if length else 0
            known = self._known[code] = wider | self._asked(code, wider)
        return known

    def _asked(self, code: str, wider: int) -> int:
        found = 0
        for number, role in enumerate(self._roles):
            if not wider >> number & 1 and self._units.unit_for(role, code) is not None:
                found |= 1 << number
        return found
