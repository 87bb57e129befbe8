"""A city of a few places and words, small enough to look at every report it can have, and random rules for it."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import product
from typing import Any

from hypothesis import strategies as st

from app.domain.routing.matching import matches
from app.domain.routing.rules import (
    Component,
    DayKind,
    Facts,
    Jurisdiction,
    Link,
    Powers,
    Rule,
    Then,
    When,
    Window,
)
from app.domain.routing.specificity import specificity
from app.domain.routing.universe import Catalogue, Names, PlaceAtom
from app.domain.working_time import BEIJING
from tests.domain.routing_samples import Units

FROM_DAY = date(2026, 12, 30)
"""A Wednesday; the four days of the horizon go over New Year and end on a Saturday."""
DAYS = [FROM_DAY + timedelta(days=n) for n in range(4)]
HOURS = (6, 7, 22)

ZONES = (
    Jurisdiction("370211", "新区", "依据", withheld=("06012",)),
    Jurisdiction("370299", "港区", "依据", holds=("06",)),
)
PLACES = (
    PlaceAtom("370202001001001", 120.31, 36.01),
    PlaceAtom("370202001001002", 120.32, 36.02, polygons=frozenset({"p"})),
    PlaceAtom("370202001002001", 120.33, 36.03, polygons=frozenset({"p", "q"})),
    PlaceAtom("370202001002001", 120.34, 36.04, jurisdictions=frozenset({"370211"})),
    PlaceAtom("370202002001001", 120.35, 36.05, jurisdictions=frozenset({"370211", "370299"})),
    PlaceAtom("370203001001001", 120.36, 36.06, polygons=frozenset({"q"}), jurisdictions=frozenset({"370299"})),
)
CATALOGUE = Catalogue.of(
    [("gbt", "06010", "c"), ("gbt", "06010", "d"), ("gbt", "06012", "c"), ("gbt", "09001", "d"), ("cjt", "06010", "c")]
)
NAMES = Names(
    polygons=frozenset({"p", "q"}),
    units=frozenset({"u1", "u2", "away"}),
    roles=frozenset({"street_office", "squad", "team", "guard", "harbour"}),
    answers={"place_type": frozenset({"market", "road"}), "a": frozenset({"1", "2"}), "b": frozenset({"1"})},
    channels=frozenset({"citizen", "service", "hotline"}),
)
UNITS = Units(
    {
        ("street_office", "3702"): "office",
        ("squad", "370202"): "squad-202",
        ("squad", "370202001"): "squad-202001",
        ("team", "370202001002"): "team",
        ("team", "370299"): "team-port",
        ("guard", "370202001001002"): "guard",
        ("guard", "370211"): "guard-zone",
        ("harbour", "370299"): "harbour",
    },
    away=frozenset({"away"}),
)
COMPONENTS = [
    Component("c", **dict(zip(("maintainer", "owner", "supervisor"), units, strict=True)))
    for units in product(("", "u1"), repeat=3)
]


def is_workday(day: date) -> bool:
    """Tell for the days above: New Year is a rest day, the Saturday after it is worked."""
    return day != date(2027, 1, 1)


BY_CODE = {zone.code: zone for zone in ZONES}


def read_one_by_one(rules: list[Rule], facts: Facts) -> list[Rule]:
    """Return the rules that apply, the most specific first, equal ones by key."""
    found = sorted((rule for rule in rules if matches(rule, facts, jurisdictions=BY_CODE)), key=lambda rule: rule.key)
    return sorted(found, key=specificity, reverse=True)


def unit_of(rule: Rule, facts: Facts) -> str:
    """Return the unit that the words of a rule mean for a report, '' for none."""
    for link in rule.then.chain if facts.component else ():
        unit = getattr(facts.component, link.value)
        if unit and unit not in UNITS.away:
            return str(unit)
    if rule.then.unit:
        return "" if rule.then.unit in UNITS.away else rule.then.unit
    held = [BY_CODE[code] for code in sorted(facts.jurisdictions & BY_CODE.keys())]
    own = [UNITS.by_area.get((rule.then.role, zone.code)) for zone in held if zone.has_power(facts.class_code)]
    territorial = [
        UNITS.by_area.get((rule.then.role, facts.cell[:length]))
        for length in (15, 12, 9, 6, 4, 0)
        if length <= len(facts.cell)
    ]
    return next((unit for unit in ([] if rule.powers.value == "withheld" else own) + territorial if unit), "")


def every_report(rules: Sequence[Rule]) -> Iterator[Facts]:
    """Give every report of the city that these rules, or any two places, can tell apart."""
    whens = [rule.when for rule in rules]
    questions = sorted(
        {"place_type" for when in whens if when.place_type} | {question for when in whens for question in when.facts}
    )
    choices = [("", *sorted(NAMES.answers[question])) for question in questions]
    is_timed = any(when.window or rule.valid_from or rule.valid_until for when, rule in zip(whens, rules, strict=True))
    times = [(day, hour) for day in DAYS for hour in HOURS] if is_timed else [(DAYS[0], 0)]
    channels = sorted(NAMES.channels) if any(when.channels for when in whens) else ["hotline"]
    components = COMPONENTS if any(rule.then.chain for rule in rules) else [None]
    for (scheme, code, condition), place, (day, hour) in product(CATALOGUE.topics(), PLACES, times):
        for given, channel, component in product(product(*choices), channels, components):
            answers = {question: answer for question, answer in zip(questions, given, strict=True) if answer}
            yield Facts(
                scheme=scheme,
                class_code=code,
                condition=condition,
                cell=place.cell,
                at=datetime(day.year, day.month, day.day, hour, 30, tzinfo=BEIJING),
                is_working_day=is_workday(day),
                place_type=answers.get("place_type", ""),
                answers=answers,
                channel=channel,
                polygons=place.polygons,
                jurisdictions=place.jurisdictions,
                component=component,
            )


def _often(nothing: Any, *values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from([nothing] * (len(values) + 1) + list(values))


_areas = st.sampled_from(
    ["", "", "3702", *sorted({atom.cell[:n] for atom in PLACES for n in (6, 9, 12, 15)}), "370285"]
)
_windows = st.builds(
    Window,
    from_day=st.sampled_from([(1, 1), (12, 31), (2, 30)]),
    to_day=st.sampled_from([(12, 31), (1, 1), (2, 30)]),
    weekdays=st.sampled_from([frozenset(range(1, 8)), frozenset({6, 7}), frozenset({3})]),
    hours=st.sampled_from([(0, 24), (22, 7)]),
    days=st.sampled_from(DayKind),
)
_areas_named: st.SearchStrategy[dict[str, str]] = st.one_of(
    st.builds(lambda area: {"area": area}, _areas),
    st.sampled_from([{}, {"polygon": "p"}, {"polygon": "q"}, {"jurisdiction": "370211"}, {"jurisdiction": "370299"}]),
)


FEATURES = ("answers", "time", "channel", "chain")


@st.composite
def whens(draw: st.DrawFn, features: Collection[str] = FEATURES) -> When:
    has_answers, has_time, has_channel = ("answers" in features, "time" in features, "channel" in features)
    return When(
        scheme=draw(_often("", "gbt", "cjt")),
        class_prefix=draw(st.sampled_from(["", "", "06", "06", "06010", "06010", "06012", "09001", "77"])),
        condition=draw(_often("", "c", "d")),
        place_type=draw(_often("", "market", "road")) if has_answers else "",
        facts=draw(_often({}, {"a": "1"}, {"b": "1"}, {"a": "1", "b": "1"}, {"place_type": "market"}))
        if has_answers
        else {},
        channels=draw(_often(frozenset(), frozenset({"citizen"}), frozenset({"citizen", "service"})))
        if has_channel
        else frozenset(),
        window=draw(st.none() | st.none() | _windows) if has_time else None,
        **draw(_areas_named),
    )


@st.composite
def thens(draw: st.DrawFn, features: Collection[str] = FEATURES) -> Then:
    chains = ((), (Link.MAINTAINER,), (Link.OWNER, Link.SUPERVISOR), (Link.SUPERVISOR,))
    chain = draw(st.sampled_from(chains)) if "chain" in features else ()
    lead = draw(st.sampled_from(["u1", "u2", "u2", "away", "", "", ""]))
    role = "" if lead else draw(st.sampled_from(["squad", "squad", "team", "guard", "harbour", "nobody"]))
    return Then(unit=lead, role=role, chain=chain)


FIELDS = [("scheme",), ("class_prefix", "condition"), ("area", "polygon", "jurisdiction"), ("place_type",), ("facts",)]


@st.composite
def alike(draw: st.DrawFn, base: When, features: Collection[str]) -> When:
    """Give what a base asks for with something of another in its place, so that rules often tie or hide each other."""
    other = draw(whens(features))
    changed = draw(st.lists(st.sampled_from([*FIELDS, ("channels", "window")]), max_size=2))
    return replace(base, **{name: getattr(other, name) for names in changed for name in names})


@st.composite
def rule_lists(draw: st.DrawFn, *, most: int = 8, features: Collection[str] = FEATURES) -> list[Rule]:
    """Give lists of rules that apply here and there, with keys of their own."""
    keys = draw(st.lists(st.from_regex(r"[a-z]{2}", fullmatch=True), max_size=most, unique=True))
    is_timed = "time" in features
    bases = draw(st.lists(whens(features), min_size=1, max_size=3))
    return [
        Rule(
            key=key,
            when=draw(alike(draw(st.sampled_from(bases)), features)),
            then=draw(thens(features)),
            basis="依据",
            powers=draw(_often(Powers.ORDINARY, Powers.WITHHELD, Powers.CONCENTRATED)),
            valid_from=draw(_often(None, DAYS[1], DAYS[3] + timedelta(days=1))) if is_timed else None,
            valid_until=draw(_often(None, DAYS[2], DAYS[0])) if is_timed else None,
        )
        for key in keys
    ]


@st.composite
def small_rule_lists(draw: st.DrawFn) -> list[Rule]:
    """Give lists that use at most two features, so that every report they tell apart can be looked at."""
    features = draw(st.lists(st.sampled_from(FEATURES), max_size=2))
    return draw(rule_lists(features=features))


@st.composite
def reports(draw: st.DrawFn) -> Facts:
    """Give any report, also one that the city cannot have: codes cut short, answers that nobody offers."""
    cell = draw(st.sampled_from([atom.cell for atom in PLACES]))
    given = draw(
        st.sampled_from([{}, {"a": "1"}, {"a": "1", "b": "1"}, {"a": "9"}, {"place_type": "market", "b": "1"}])
    )
    return Facts(
        scheme=draw(st.sampled_from(["", "gbt", "cjt"])),
        class_code=draw(st.sampled_from(["", "06", "06010", "06012", "09001", "10001"])),
        condition=draw(st.sampled_from(["", "c", "d"])),
        cell=cell[: draw(st.sampled_from([0, 4, 6, 9, 12, 15, 15, 15]))],
        at=datetime(2026, 12, 30, tzinfo=BEIJING) + timedelta(hours=draw(st.integers(-50, 2400))),
        is_working_day=draw(st.booleans()),
        place_type=draw(st.sampled_from(["", "market", "road"])),
        answers=given,
        channel=draw(st.sampled_from(["", "citizen", "service"])),
        polygons=draw(st.frozensets(st.sampled_from(["p", "q", "elsewhere"]))),
        jurisdictions=draw(st.frozensets(st.sampled_from(["370211", "370299", "elsewhere"]))),
        component=draw(st.sampled_from([None, Component("c", maintainer="u1", owner="away", supervisor="u2")])),
    )
