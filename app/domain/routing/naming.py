"""Names in rules that nobody knows: a typing error, or something that is gone."""

from collections.abc import Iterable, Iterator, Sequence

from app.domain.questions import PLACE_TYPE
from app.domain.routing.findings import Unknown
from app.domain.routing.rules import MAJOR_DIGITS, Jurisdiction, Rule
from app.domain.routing.universe import Catalogue, Names, PlaceAtom

_Name = tuple[str, str]
"""A criterion and the name used in it."""


class KnownNames:
    """Everything a rule or a functional area may name."""

    def __init__(
        self,
        names: Names,
        *,
        rules: Sequence[Rule],
        catalogue: Catalogue,
        places: Sequence[PlaceAtom],
        jurisdictions: Sequence[Jurisdiction],
    ) -> None:
        classes = {code for _, code, _ in catalogue.conditions}
        self._classes = classes | {code[:MAJOR_DIGITS] for code in classes}
        self._answers = names.answers
        self._known: dict[str, frozenset[str] | set[str]] = {
            "scheme": {scheme for scheme, _, _ in catalogue.conditions},
            "class": self._classes,
            "condition": {condition for _, _, condition in catalogue.conditions},
            "area": names.areas | _found({rule.when.area for rule in rules}, places),
            "polygon": names.polygons,
            "jurisdiction": {zone.code for zone in jurisdictions},
            "channel": names.channels,
            "unit": names.units,
            "role": names.roles,
            "assisting": names.units,
            "assisting_roles": names.roles,
        }

    def unknown_in_rule(self, rule: Rule) -> Iterator[Unknown]:
        """Give the names of a rule that nobody knows, each once."""
        for criterion, value in dict.fromkeys(_named(rule)):
            if value and value not in self._known[criterion]:
                yield Unknown(rule.key, criterion, value)
        answers = [(PLACE_TYPE, rule.when.place_type)] if rule.when.place_type else []
        for question, value in dict.fromkeys(answers + sorted(rule.when.facts.items())):
            if question not in self._answers:
                yield Unknown(rule.key, "question", question)
            elif value not in self._answers[question]:
                yield Unknown(rule.key, question, value)

    def unknown_in_jurisdiction(self, zone: Jurisdiction) -> Iterator[Unknown]:
        for criterion, prefixes in (("holds", zone.holds), ("withheld", zone.withheld)):
            for prefix in prefixes:
                if prefix not in self._classes:
                    yield Unknown(zone.code, criterion, prefix)


def _found(areas: set[str], places: Sequence[PlaceAtom]) -> set[str]:
    """Return those of some codes that hold a cell; a set of all codes there are would take as much as the city."""
    lengths = sorted({len(code) for code in areas})
    return {code for atom in places for length in lengths if (code := atom.cell[:length]) in areas}


def _named(rule: Rule) -> Iterable[_Name]:
    when, then = rule.when, rule.then
    yield "scheme", when.scheme
    yield "class", when.class_prefix
    yield "condition", when.condition
    yield "area", when.area
    yield "polygon", when.polygon
    yield "jurisdiction", when.jurisdiction
    yield from (("channel", channel) for channel in sorted(when.channels))
    yield "unit", then.unit
    yield "role", then.role
    yield from (("assisting", unit) for unit in then.assisting)
    yield from (("assisting_roles", role) for role in then.assisting_roles)
