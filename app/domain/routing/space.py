"""All reports the city can have as a product of dimensions, a rule as boxes in it, and a box as an example report."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, time

from app.domain.questions import PLACE_TYPE
from app.domain.routing.boxes import Box, bits_of, mask_of, meet
from app.domain.routing.days import ALL_HOURS, Days, hours_of
from app.domain.routing.findings import Witness
from app.domain.routing.place_classes import PlaceClasses
from app.domain.routing.rules import Component, Facts, Jurisdiction, Link, Powers, Rule, UnitFinder
from app.domain.routing.universe import Catalogue, Names, Topic
from app.domain.working_time import BEIJING

TOPIC, PLACE, DAY, HOUR, CHANNEL, CHAIN, FIRST_QUESTION = range(7)
UNANSWERED = 1
"""The mask, in the dimension of a question, of an answer that no rule names, or none."""

Criterion = tuple[str, int, int]
"""What a rule asks for: the name of the criterion, its dimension and the mask of what it admits."""

_LINKS = tuple(Link)
_CHAINS = 1 << len(_LINKS)
"""A component has any subset of the links at work: bit n of `CHAIN` stands for the subset n."""


class Space:
    """The dimensions for one rule set. They are independent but for powers over classes, which `able` takes apart."""

    def __init__(
        self,
        rules: Sequence[Rule],
        *,
        jurisdictions: Mapping[str, Jurisdiction],
        catalogue: Catalogue,
        places: PlaceClasses,
        days: Days,
        names: Names,
        units: UnitFinder,
    ) -> None:
        self.topics = catalogue.topics()
        self.conditions = range(len(set(catalogue.conditions)))
        self.places = places
        self.days = days
        self._zones = jurisdictions
        self._units = units
        self._channels = _channels(rules, names)
        self._values = _values(rules)
        self.questions = tuple(self._values)
        self._at_work = next((unit for unit in sorted(names.units) if units.is_at_work(unit)), "")
        self._topics_by_scheme = self._topics_by(lambda topic: (topic[0],))
        self._topics_by_class = self._topics_by(lambda topic: ("", topic[1][:2], topic[1]))
        self._topics_by_condition = self._topics_by(lambda topic: (topic[2],))
        self._held = {code: self._topics_held(zone) for code, zone in jurisdictions.items()}
        self.full: tuple[int, ...] = (
            (1 << len(self.topics)) - 1,
            places.all,
            days.all,
            ALL_HOURS,
            (1 << len(self._channels)) - 1,
            (1 << _CHAINS) - 1 if self._at_work else 1,
            *((1 << len(values)) - 1 for values in self._values.values()),
        )

    def criteria(self, rule: Rule) -> Iterator[Criterion]:
        """Give what a rule asks for, in the order in which a dead one is explained."""
        yield from self._topic_criteria(rule)
        yield from self._place_criteria(rule)
        when = rule.when
        answers = [(PLACE_TYPE, when.place_type)] if when.place_type else []
        for question, value in answers + sorted(when.facts.items()):
            values = self._values[question]
            yield question, FIRST_QUESTION + self.questions.index(question), 1 << values.index(value) if value else 0
        if when.channels:
            wanted = [number for number, channel in enumerate(self._channels) if channel in when.channels]
            yield "channel", CHANNEL, sum(1 << number for number in wanted)
        if rule.valid_from is not None or rule.valid_until is not None:
            yield "valid", DAY, self.days.between(rule.valid_from, rule.valid_until)
        if when.window is not None:
            yield "window", DAY, self.days.of(when.window)
            yield "window", HOUR, hours_of(when.window)

    def matched(self, rule: Rule) -> tuple[Box | None, str]:
        """Return the box of the reports a rule applies to, or None and the criterion that leaves nothing."""
        box: dict[int, int] = {}
        for criterion, dimension, mask in self.criteria(rule):
            left = box[dimension] & mask if dimension in box else mask  # thousands of rules share one mask
            if not left:
                return None, criterion
            if left != self.full[dimension]:
                box[dimension] = left
        return box, ""

    def able(self, rule: Rule, matched: Box) -> list[Box]:
        """Return the boxes, perhaps overlapping, of the reports for which a rule that applies has a unit, too."""
        boxes = self._where_end_is(rule, matched)
        if rule.then.chain and matched not in boxes:
            links = sum(1 << _LINKS.index(link) for link in set(rule.then.chain))
            known = self.full[CHAIN] & sum(1 << subset for subset in range(_CHAINS) if subset & links)
            boxes += [{**matched, CHAIN: known}] if known else []
        return boxes

    def _where_end_is(self, rule: Rule, matched: Box) -> list[Box]:
        """Return where the unit or role is found that stands at the end of the chain."""
        if rule.then.unit:
            return [matched] if self._units.is_at_work(rule.then.unit) else []
        role = rule.then.role
        parts: list[Box] = [{PLACE: self.places.with_unit(role)}]
        if rule.powers is not Powers.WITHHELD:
            parts += [
                {PLACE: self.places.zone(code), TOPIC: held}
                for code, held in self._held.items()
                if self._units.unit_at(role, code)
            ]
        met = [meet(matched, part) for part in parts]
        return [self._plain(box) for box in met if box is not None]

    def _plain(self, box: Box) -> Box:
        """Leave out restrictions that restrict nothing."""
        return {dimension: mask for dimension, mask in box.items() if mask != self.full[dimension]}

    def witness(self, box: Box) -> Witness:
        """Return a report in a box, the first of its kind."""
        at = [next(bits_of(box.get(dimension, mask))) for dimension, mask in enumerate(self.full)]
        scheme, code, condition = self.topics[at[TOPIC]]
        place = self.places.examples[at[PLACE]]
        given = zip(self._values.items(), at[FIRST_QUESTION:], strict=True)
        answers = {question: values[number] for (question, values), number in given if values[number]}
        facts = Facts(
            scheme=scheme,
            class_code=code,
            condition=condition,
            cell=place.cell,
            at=datetime.combine(self.days.day(at[DAY]), time(at[HOUR]), tzinfo=BEIJING),
            is_working_day=self.days.is_worked(at[DAY]),
            place_type=answers.get(PLACE_TYPE, ""),
            answers=answers,
            channel=self._channels[at[CHANNEL]],
            polygons=place.polygons,
            jurisdictions=place.jurisdictions,
            component=self._component(at[CHAIN]),
        )
        return Witness(facts, place.lon, place.lat)

    def said_of(self, box: Box, witness: Witness) -> tuple[tuple[str, str], ...]:
        """Return what a box restricts besides its topic, with the values of a report in it."""
        facts = witness.facts
        values = {
            PLACE: ("area", facts.cell),
            DAY: ("day", facts.at.date().isoformat()),
            HOUR: ("hour", str(facts.at.hour)),
            CHANNEL: ("channel", facts.channel),
            CHAIN: ("component", ""),
        }
        for number, question in enumerate(self.questions):
            values[FIRST_QUESTION + number] = (question, facts.answers.get(question, ""))
        return tuple(values[dimension] for dimension in sorted(self._plain(box)) if dimension in values)

    def _topic_criteria(self, rule: Rule) -> Iterator[Criterion]:
        when = rule.when
        if when.scheme:
            yield "scheme", TOPIC, self._topics_by_scheme.get(when.scheme, 0)
        if when.class_prefix:
            yield "class", TOPIC, self._topics_by_class.get(when.class_prefix, 0)
        if when.condition:
            yield "condition", TOPIC, self._topics_by_condition.get(when.condition, 0)
        if when.jurisdiction and rule.powers is not Powers.WITHHELD:
            yield "powers", TOPIC, self._held.get(when.jurisdiction, 0)

    def _place_criteria(self, rule: Rule) -> Iterator[Criterion]:
        when = rule.when
        if when.area:
            yield "area", PLACE, self.places.area(when.area)
        if when.polygon:
            yield "polygon", PLACE, self.places.polygon(when.polygon)
        if when.jurisdiction:
            yield "jurisdiction", PLACE, self.places.zone(when.jurisdiction)

    def _topics_by(self, names: Callable[[Topic], Iterable[str]]) -> dict[str, int]:
        numbers: dict[str, list[int]] = {}
        for number, topic in enumerate(self.topics):
            for name in dict.fromkeys(names(topic)):
                numbers.setdefault(name, []).append(number)
        return {name: mask_of(found) for name, found in numbers.items()}

    def _topics_held(self, zone: Jurisdiction) -> int:
        return sum(1 << number for number, (_, code, _) in enumerate(self.topics) if zone.has_power(code))

    def _component(self, subset: int) -> Component | None:
        if not subset:
            return None
        known = {link.value: self._at_work for n, link in enumerate(_LINKS) if subset >> n & 1}
        return Component(code="", **known)


def _channels(rules: Sequence[Rule], names: Names) -> tuple[str, ...]:
    """Return one channel for all that no rule names, if there is such a one, then those that rules name."""
    used = {channel for rule in rules for channel in rule.when.channels}
    others = sorted(names.channels - used) if names.channels else [""]
    return (*others[:1], *sorted(used))


def _values(rules: Sequence[Rule]) -> dict[str, list[str]]:
    """Return the answers that rules name by question, after '' for every other one and for none."""
    values: dict[str, set[str]] = {}
    for rule in rules:
        if rule.when.place_type:
            values.setdefault(PLACE_TYPE, set()).add(rule.when.place_type)
        for question, value in rule.when.facts.items():
            values.setdefault(question, set()).add(value)
    return {question: ["", *sorted(known - {""})] for question, known in sorted(values.items())}
