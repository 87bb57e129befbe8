"""Routing: what matches, which rule wins and why, and that there is always somebody."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.domain.limits import Limit, LimitUnit
from app.domain.routing.deciding import RuleSet
from app.domain.routing.decision import ResolvedBy
from app.domain.routing.rules import (
    FALLBACK_RULE,
    AreaRank,
    BadRule,
    DayKind,
    Rule,
    Then,
    When,
    Window,
)
from app.domain.routing.specificity import area_rank
from app.domain.working_time import BEIJING
from tests.domain.routing_samples import CELL, FACTS, HIGH_TECH, ONE_OFFICE, Units, a_rule, a_set, winner

# The order of the rulebook, the narrowest first; each beats the next whatever else the next asks for.
AREAS_BY_RANK: list[tuple[str, dict[str, Any]]] = [
    ("cell", {"area": CELL}),
    ("community", {"area": CELL[:12]}),
    ("street", {"area": CELL[:9]}),
    ("polygon", {"polygon": "old-town"}),
    ("jurisdiction", {"jurisdiction": "high-tech-zone"}),
    ("district", {"area": CELL[:6]}),
    ("city", {"area": CELL[:4]}),
]
TOPICS_BY_RANK: list[tuple[str, dict[str, Any]]] = [
    ("condition", {"class_prefix": "06010", "condition": "满溢"}),
    ("class", {"class_prefix": "06010"}),
    ("major", {"class_prefix": "06"}),
    ("any", {}),
]
LIMIT = Limit(Decimal(2), LimitUnit.WORK_HOUR)
ZONE = HIGH_TECH.code
MOST_SPECIFIC_TOPIC, MOST_SPECIFIC_AREA = TOPICS_BY_RANK[0][1], AREAS_BY_RANK[0][1]

ORDER: list[tuple[str, Rule, Rule]] = [
    (
        "a power held elsewhere beats place type",
        a_rule("a", powers=True),
        a_rule("b", place_type="market", **MOST_SPECIFIC_AREA, **MOST_SPECIFIC_TOPIC),
    ),
    (
        "place type beats a cell",
        a_rule("a", place_type="market"),
        a_rule("b", **MOST_SPECIFIC_AREA, **MOST_SPECIFIC_TOPIC),
    ),
    (
        "a consequence beats a cell",
        a_rule("a", facts={"consequence": "water_polluted"}),
        a_rule("b", **MOST_SPECIFIC_AREA, **MOST_SPECIFIC_TOPIC),
    ),
    (
        "two attributes beat one",
        a_rule("a", place_type="market", facts={"consequence": "water_polluted"}),
        a_rule("b", place_type="market", **MOST_SPECIFIC_AREA),
    ),
    *(
        (f"{name} beats {next_name}", a_rule("a", **narrow), a_rule("b", **wide, **MOST_SPECIFIC_TOPIC))
        for (name, narrow), (next_name, wide) in itertools.pairwise(AREAS_BY_RANK)
    ),
    *(
        (f"{name} beats {next_name}", a_rule("a", **narrow), a_rule("b", **wide))
        for (name, narrow), (next_name, wide) in itertools.pairwise(TOPICS_BY_RANK)
    ),
]


@pytest.mark.parametrize(("strong", "weak"), [case[1:] for case in ORDER], ids=[case[0] for case in ORDER])
@pytest.mark.parametrize("names", [("a", "z"), ("z", "a")], ids=["", "whatever they are called"])
def test_the_more_specific_rule_wins(strong: Rule, weak: Rule, names: tuple[str, str]) -> None:
    strong, weak = replace(strong, key=names[0]), replace(weak, key=names[1])
    assert winner(strong, weak) == winner(weak, strong) == names[0]


@pytest.mark.parametrize(
    ("strong", "weak", "lost_on"),
    [
        (ORDER[0][1], ORDER[0][2], "powers"),
        (ORDER[1][1], ORDER[1][2], "attributes"),
        (a_rule("a", area=CELL), a_rule("b", area=CELL[:9]), "area"),
        (a_rule("a", class_prefix="06010"), a_rule("b", class_prefix="06"), "topic"),
        (a_rule("a", scheme="gbt"), a_rule("b"), "scheme"),
        (a_rule("a", channels=frozenset({"citizen"})), a_rule("b"), "channel"),
        (a_rule("a", window=Window()), a_rule("b"), "window"),
        (a_rule("a"), a_rule("b", unit="other"), "key"),
    ],
)
def test_a_decision_names_who_was_passed_over_and_why(strong: Rule, weak: Rule, lost_on: str) -> None:
    decision = a_set(weak, strong).decide(FACTS, units=ONE_OFFICE)
    (passed,) = decision.passed_over
    assert (decision.rule, passed.key, passed.lost_on) == ("a", "b", lost_on)
    assert decision.is_tie == (lost_on == "key")
    assert not decision.is_gap


def test_a_decision_says_on_what_it_matched_and_on_what_basis() -> None:
    rule = Rule(
        "full",
        When(
            class_prefix="06010",
            condition="满溢",
            area=CELL[:9],
            place_type="market",
            facts={"consequence": "water_polluted"},
            channels=frozenset({"citizen", "service"}),
            window=Window(),
        ),
        Then(unit="u", assisting=("x", "y"), limit=LIMIT, priority=3, auto_dispatch=False),
        "第十四条",
    )
    decision = a_set(rule).decide(FACTS, units=ONE_OFFICE)
    assert (decision.unit, decision.resolved_by, decision.basis) == ("u", ResolvedBy.UNIT, "第十四条")
    assert (decision.assisting, decision.limit, decision.priority) == (("x", "y"), LIMIT, 3)
    assert not decision.auto_dispatch
    assert decision.jurisdiction == ""
    assert decision.matched == (
        ("class", "06010"),
        ("condition", "满溢"),
        ("area", CELL[:9]),
        ("place_type", "market"),
        ("consequence", "water_polluted"),
        ("channel", "citizen,service"),
        ("window", "in"),
    )


def test_a_decision_names_scheme_polygon_and_functional_area_too() -> None:
    polygon, area = a_rule("a", scheme="gbt", polygon="old-town"), a_rule("b", jurisdiction=ZONE)
    assert a_set(polygon).decide(FACTS, units=ONE_OFFICE).matched == (("scheme", "gbt"), ("polygon", "old-town"))
    assert a_set(area).decide(FACTS, units=ONE_OFFICE).matched == (("jurisdiction", ZONE),)


@pytest.mark.parametrize(
    "when",
    [
        {},
        {"scheme": "gbt"},
        {"class_prefix": "06"},
        {"class_prefix": "06010"},
        {"condition": "满溢"},
        {"area": CELL},
        {"area": "3702"},
        {"polygon": "old-town"},
        {"jurisdiction": "high-tech-zone"},
        {"place_type": "market"},
        {"facts": {"consequence": "water_polluted"}},
        {"channels": frozenset({"citizen"})},
        {"window": Window(from_day=(11, 1), to_day=(11, 30))},
    ],
)
def test_a_rule_matches_what_it_asks_for(when: dict[str, Any]) -> None:
    assert winner(a_rule(**when)) == "r"


@pytest.mark.parametrize(
    "when",
    [
        {"scheme": "cjt"},
        {"class_prefix": "09"},
        {"class_prefix": "06012"},
        {"condition": "其他"},
        {"area": "370213006001006"},
        {"area": "370202"},
        {"polygon": "new-town"},
        {"jurisdiction": "port"},
        {"place_type": "rural"},
        {"facts": {"consequence": "flood_obstructed"}},
        {"facts": {"unknown": "x"}},
        {"channels": frozenset({"service"})},
        {"window": Window(from_day=(6, 1), to_day=(8, 31))},
    ],
)
def test_a_rule_that_asks_for_something_else_does_not_apply(when: dict[str, Any]) -> None:
    assert winner(a_rule(**when)) == FALLBACK_RULE


def beijing(day: str, hour: int = 12) -> datetime:
    return datetime.fromisoformat(f"{day}T{hour:02d}:00:00+08:00")


@pytest.mark.parametrize(
    ("window", "at", "holds"),
    [
        (Window((6, 1), (8, 31)), beijing("2026-06-01", 0), True),
        (Window((6, 1), (8, 31)), beijing("2026-08-31", 23), True),
        (Window((6, 1), (8, 31)), beijing("2026-09-01", 0), False),
        (Window((6, 1), (8, 31)), beijing("2026-05-31", 23), False),
        # A season over New Year.
        (Window((11, 15), (3, 31)), beijing("2026-12-31"), True),
        (Window((11, 15), (3, 31)), beijing("2027-01-01"), True),
        (Window((11, 15), (3, 31)), beijing("2027-03-31", 23), True),
        (Window((11, 15), (3, 31)), beijing("2027-04-01", 0), False),
        (Window((11, 15), (3, 31)), beijing("2026-11-14", 23), False),
        # 2026-11-21 is a Saturday in Beijing from 16:00 UTC on the 20th.
        (Window(weekdays=frozenset({6, 7})), datetime(2026, 11, 20, 16, 0, tzinfo=UTC), True),
        (Window(weekdays=frozenset({6, 7})), datetime(2026, 11, 20, 15, 59, tzinfo=UTC), False),
        (Window(weekdays=frozenset({6, 7})), datetime(2026, 11, 22, 16, 0, tzinfo=UTC), False),
        # Hours are of Beijing and half-open.
        (Window(hours=(22, 24)), beijing("2026-11-20", 22), True),
        (Window(hours=(22, 24)), beijing("2026-11-20", 21), False),
        (Window(hours=(0, 6)), beijing("2026-11-20", 6), False),
        # Hours over midnight.
        (Window(hours=(22, 6)), beijing("2026-11-20", 23), True),
        (Window(hours=(22, 6)), beijing("2026-11-20", 5), True),
        (Window(hours=(22, 6)), beijing("2026-11-20", 6), False),
        (Window(hours=(22, 6)), beijing("2026-11-20", 21), False),
    ],
)
def test_a_window_is_read_in_beijing(window: Window, at: datetime, holds: bool) -> None:
    assert window.holds(at, is_working_day=True) is holds


@pytest.mark.parametrize(
    ("days", "is_working_day", "holds"),
    [
        (DayKind.ANY, True, True),
        (DayKind.ANY, False, True),
        (DayKind.WORKING, True, True),
        (DayKind.WORKING, False, False),
        (DayKind.REST, True, False),
        (DayKind.REST, False, True),
    ],
)
def test_the_calendar_says_which_days_are_worked(days: DayKind, is_working_day: bool, holds: bool) -> None:
    facts = replace(FACTS, is_working_day=is_working_day)
    assert (winner(a_rule(window=Window(days=days)), facts=facts) == "r") is holds


@pytest.mark.parametrize(
    ("instant", "is_valid"),
    [
        (beijing("2026-11-19", 23), False),
        (beijing("2026-11-20", 0), True),
        (beijing("2026-12-31", 23), True),
        (beijing("2027-01-01", 0), False),
    ],
)
def test_a_rule_is_valid_from_its_first_day_until_before_its_last(instant: datetime, is_valid: bool) -> None:
    rule = replace(a_rule(), valid_from=date(2026, 11, 20), valid_until=date(2027, 1, 1))
    assert (winner(rule, facts=replace(FACTS, at=instant)) == "r") is is_valid


@pytest.mark.parametrize(
    ("rules", "reason"),
    [
        ([a_rule(area="37021")], "area"),
        ([a_rule(area=CELL + "1")], "area"),
        ([a_rule(area="370213", polygon="p")], "area"),
        ([a_rule(polygon="p", jurisdiction="j")], "area"),
        ([a_rule(class_prefix="0601")], "class"),
        ([a_rule("same"), a_rule("same")], "key"),
        ([a_rule(FALLBACK_RULE)], "key"),
        ([replace(a_rule(), then=Then())], "unit"),
        ([replace(a_rule(), then=Then(unit="u", role="r"))], "unit"),
    ],
)
def test_a_rule_that_cannot_mean_anything_is_refused(rules: list[Rule], reason: str) -> None:
    with pytest.raises(BadRule) as refused:
        RuleSet(rules, version="v")
    assert refused.value.facts["reason"] == reason


def test_areas_are_ranked_by_what_they_name() -> None:
    ranks = [area_rank(When(**fields)) for _, fields in AREAS_BY_RANK]
    assert ranks == sorted(AreaRank, reverse=True)
    assert area_rank(When()) is AreaRank.CITY


@pytest.mark.parametrize("rules", [[], [a_rule(role="harbour_office")], [a_rule(class_prefix="09")]])
def test_an_unmatched_report_goes_to_the_street_and_is_a_gap(rules: list[Rule]) -> None:
    decision = a_set(*rules).decide(FACTS, units=ONE_OFFICE)
    assert (decision.unit, decision.rule, decision.basis) == ("office", FALLBACK_RULE, "属地管理")
    assert decision.matched == (("area", CELL[:9]),)
    assert decision.is_gap
    assert not decision.auto_dispatch
    assert not decision.is_tie


def test_a_city_without_street_offices_is_told_so() -> None:
    with pytest.raises(BadRule) as refused:
        a_set().decide(FACTS, units=Units({}))
    assert refused.value.facts["reason"] == "no_fallback"


def test_a_report_without_a_class_meets_a_rule_for_any_class_once() -> None:
    decision = a_set(a_rule("any")).decide(replace(FACTS, class_code=""), units=ONE_OFFICE)
    assert decision.rule == "any"
    assert decision.passed_over == ()
    assert not decision.is_tie


def test_a_report_that_is_known_to_the_street_only_meets_a_rule_of_the_street_once() -> None:
    decision = a_set(a_rule(area=CELL[:9])).decide(replace(FACTS, cell=CELL[:9]), units=ONE_OFFICE)
    assert (decision.rule, decision.passed_over, decision.is_tie) == ("r", (), False)


def test_instants_of_other_zones_are_read_in_beijing_too() -> None:
    eve = datetime(2026, 12, 31, 16, 30, tzinfo=UTC)
    assert eve.astimezone(BEIJING).date() == date(2027, 1, 1)
    assert winner(a_rule(window=Window((1, 1), (1, 1))), facts=replace(FACTS, at=eve)) == "r"
