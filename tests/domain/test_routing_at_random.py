"""The compiled rule set against a plain reading of every rule, on random rules and reports."""

from dataclasses import replace
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.routing.deciding import RuleSet
from app.domain.routing.rules import Facts, Rule, Then, When
from app.domain.routing.specificity import CRITERIA, specificity
from tests.domain.routing_samples import Units
from tests.domain.routing_worlds import UNITS, ZONES, read_one_by_one, reports, rule_lists, unit_of, whens


def first_difference(loser: Rule, winner: Rule) -> str:
    both = zip(CRITERIA, specificity(loser), specificity(winner), strict=True)
    return next((name for name, mine, others in both if mine != others), "key")


def in_every_street(units: Units) -> Units:
    """Return the units with an office for the whole country: reports here lie anywhere."""
    return Units({**units.by_area, ("street_office", ""): "office"}, units.away)


@settings(max_examples=500)
@given(rule_lists(most=14), reports())
def test_the_compiled_set_decides_as_reading_every_rule_would(rules: list[Rule], facts: Facts) -> None:
    compiled = RuleSet(rules, version="v", jurisdictions=ZONES)
    decision = compiled.decide(facts, units=in_every_street(UNITS))
    found = read_one_by_one(rules, facts)
    assert compiled.matching(facts) == found
    able = [rule for rule in found if unit_of(rule, facts)]
    unable = [(rule.key, "", "unit") for rule in found if not unit_of(rule, facts)]
    assert decision.is_gap == (not able)
    if not able:
        assert (decision.unit, decision.rule) == ("office", "fallback")
        assert [(each.key, each.unit, each.lost_on) for each in decision.passed_over] == unable
        return
    best, *rest = able
    assert (decision.rule, decision.unit) == (best.key, unit_of(best, facts))
    assert [(each.key, each.unit, each.lost_on) for each in decision.passed_over] == [
        *((rule.key, unit_of(rule, facts), first_difference(rule, best)) for rule in rest),
        *unable,
    ]
    assert decision.is_tie == (bool(rest) and specificity(rest[0]) == specificity(best))


@given(st.lists(whens(), min_size=2, max_size=6), reports(), st.sampled_from(["u1", "u2"]))
def test_two_rules_that_tie_are_flagged(all_whens: list[When], facts: Facts, unit: str) -> None:
    twins = [
        Rule(f"{name}{n}", when, Then(unit=unit), "依据") for n, when in enumerate(all_whens) for name in ("a", "b")
    ]
    decision = RuleSet(twins, version="v", jurisdictions=ZONES).decide(facts, units=in_every_street(UNITS))
    assert decision.is_tie != decision.is_gap


CROWD = [
    Rule(
        f"{number:03}",
        When(class_prefix="06010", condition=condition, place_type=place, facts=facts, channels=channels),
        Then(unit="u1"),
        "依据",
    )
    for number, (condition, place, facts, channels) in enumerate(
        product(
            ("", "c", "d"),
            ("", "market", "road"),
            ({}, {"a": "1"}, {"a": "2"}, {"b": "1"}, {"a": "1", "b": "1"}),
            (frozenset(), frozenset({"citizen"}), frozenset({"citizen", "service"})),
        )
    )
]


@given(reports())
def test_rules_that_crowd_in_one_class_and_area_are_told_apart_by_all_they_ask_for(facts: Facts) -> None:
    facts = replace(facts, class_code="06010")
    compiled = RuleSet(CROWD, version="v", jurisdictions=ZONES)
    assert compiled.matching(facts) == read_one_by_one(CROWD, facts)
