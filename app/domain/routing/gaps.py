"""Gaps: classes for which some report in a street finds nobody but the territorial fallback."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from app.domain.routing.boxes import Box, Cover, Effort, TooIntricate, uncovered
from app.domain.routing.findings import Gap, GapKind
from app.domain.routing.space import PLACE, TOPIC, Space
from app.domain.routing.standing import Standing
from app.domain.routing.universe import Progress

_DISTRICT = 6
_Class = tuple[str, str]


@dataclass(frozen=True, slots=True)
class _Hole:
    """Where a topic finds nobody in a street."""

    kind: GapKind
    box: Box


_Holes = dict[str, _Hole]
"""By street."""


class GapSearch:
    """Looks at every filing condition in every street. What has no class yet waits for one, and is no gap."""

    def __init__(self, standing: Standing, space: Space) -> None:
        self._standing = standing
        self._space = space
        self._known: dict[int, _Holes] = {}
        self.gaps: list[Gap] = []
        self.undecided: list[str] = []

    def run(self, *, effort: Effort, progress: Progress) -> None:
        by_class: dict[_Class, list[int]] = {}
        for number in self._space.conditions:
            scheme, code, _ = self._space.topics[number]
            by_class.setdefault((scheme, code), []).append(number)
        for done, (of_class, topics) in enumerate(sorted(by_class.items())):
            progress("gaps", done, len(by_class))
            try:
                self.gaps += self._gaps_of(of_class, {topic: self._holes_of(topic, effort) for topic in topics})
            except TooIntricate:
                self.undecided.append(of_class[1])

    def _holes_of(self, topic: int, effort: Effort) -> _Holes:
        """Return the streets where a topic has no rule, or not always. Topics that meet the same rules share them."""
        numbers = self._standing.touching({TOPIC: 1 << topic})
        known = self._known.get(numbers)
        if known is None:
            known = self._known[numbers] = self._found({TOPIC: 1 << topic}, numbers, effort)
        return known

    def _found(self, topic: Box, numbers: int, effort: Effort) -> _Holes:
        open_places = self._space.places.all & ~_always(self._standing.covers_of(numbers))
        alike: dict[int, Box | None] = {}
        holes: _Holes = {}
        for street in self._space.places.streets if open_places else ():
            inside = self._space.places.area(street)
            if not inside & open_places:
                continue
            here = self._standing.touching({PLACE: inside}) & numbers
            box = self._hole_in({**topic, PLACE: inside}, here, alike, effort)
            if box is not None:
                holes[street] = _Hole(GapKind.SOMETIMES if here else GapKind.NO_RULE, box)
        return holes

    def _hole_in(self, street: Box, here: int, alike: dict[int, Box | None], effort: Effort) -> Box | None:
        """Return where a street has nobody. Streets that lie wholly in all areas of the same rules are alike."""
        effort.ask()
        covers = self._standing.covers_of(here)
        if any(street[PLACE] & ~cover.box.get(PLACE, -1) for cover in covers):
            return uncovered(street, covers, full=self._standing.full, effort=effort)
        if here not in alike:
            alike[here] = uncovered(street, covers, full=self._standing.full, effort=effort)
        hole = alike[here]
        return None if hole is None else {**hole, PLACE: street[PLACE]}

    def _gaps_of(self, of_class: _Class, holes: dict[int, _Holes]) -> Iterator[Gap]:
        """Give one gap for each kind and each set of conditions that have it in the same streets."""
        together: dict[tuple[str, tuple[int, ...]], list[str]] = {}
        for street in self._space.places.streets:
            for kind in GapKind:
                topics = tuple(
                    topic for topic, those in holes.items() if street in those and those[street].kind is kind
                )
                if topics:
                    together.setdefault((kind.value, topics), []).append(street)
        for (kind_name, topics), streets in together.items():
            yield self._gap(of_class, GapKind(kind_name), topics, streets, holes[topics[0]][streets[0]].box)

    def _gap(self, of_class: _Class, kind: GapKind, topics: Sequence[int], streets: list[str], box: Box) -> Gap:
        scheme, code = of_class
        # Topics may share what was found, so the witness is made one of the first of these.
        witness = self._space.witness({**box, TOPIC: 1 << topics[0]})
        places = self._space.places
        is_narrow = box[PLACE] != places.area(streets[0])
        said = self._space.said_of(box if is_narrow else _without_place(box), witness)
        return Gap(
            scheme=scheme,
            class_code=code,
            kind=kind,
            conditions=tuple(self._space.topics[topic][2] for topic in topics),
            streets=tuple(streets),
            by_district=dict(sorted(Counter(street[:_DISTRICT] for street in streets).items())),
            is_city_wide=len(streets) == len(places.streets),
            only_when=said,
            witness=witness,
        )


def _always(covers: Sequence[Cover]) -> int:
    """Return the places where one of the covers decides whatever else is the case."""
    places = 0
    for cover in covers:
        if cover.box.keys() <= {TOPIC, PLACE}:
            if PLACE not in cover.box:
                return -1
            places |= cover.box[PLACE]
    return places


def _without_place(box: Box) -> Box:
    return {dimension: mask for dimension, mask in box.items() if dimension != PLACE}
