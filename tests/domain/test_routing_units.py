"""Whom a rule means: its unit, a role where the report lies, a functional area's own, a component's owner."""

from dataclasses import replace

import pytest

from app.domain.routing.deciding import RuleSet
from app.domain.routing.decision import ResolvedBy
from app.domain.routing.rules import Component, Jurisdiction, Link, Powers, Rule, Then
from tests.domain.routing_samples import CELL, FACTS, HIGH_TECH, ONE_OFFICE, Units, a_rule, a_set

ZONE = HIGH_TECH.code


def test_a_role_becomes_the_unit_where_the_report_lies() -> None:
    units = Units({("squad", CELL[:6]): "far", ("squad", CELL[:9]): "near", ("squad", "370213007"): "elsewhere"})
    decision = a_set(a_rule(role="squad")).decide(FACTS, units=units)
    assert (decision.unit, decision.resolved_by, decision.jurisdiction) == ("near", ResolvedBy.ROLE, "")


OVERLAY = Units({("squad", ZONE): "overlay", ("squad", ""): "territorial"})


@pytest.mark.parametrize(
    ("zone", "unit", "jurisdiction"),
    [
        (HIGH_TECH, "overlay", ZONE),
        (replace(HIGH_TECH, holds=("06",)), "overlay", ZONE),
        (replace(HIGH_TECH, holds=("09",)), "territorial", ""),
        (replace(HIGH_TECH, withheld=("06010",)), "territorial", ""),
        (replace(HIGH_TECH, code="elsewhere"), "territorial", ""),
    ],
)
def test_a_functional_area_answers_with_its_own_unit_for_what_it_holds(
    zone: Jurisdiction, unit: str, jurisdiction: str
) -> None:
    rules = RuleSet([a_rule(role="squad")], version="v", jurisdictions=[zone])
    decision = rules.decide(FACTS, units=OVERLAY)
    assert (decision.unit, decision.jurisdiction) == (unit, jurisdiction)


def test_a_functional_area_without_such_a_unit_leaves_it_to_the_territory() -> None:
    decision = a_set(a_rule(role="squad")).decide(FACTS, units=Units({("squad", ""): "territorial"}))
    assert (decision.unit, decision.jurisdiction) == ("territorial", "")


def test_a_withheld_power_is_the_territorys_and_a_concentrated_one_is_not() -> None:
    withheld = replace(a_rule("w", role="squad", jurisdiction=ZONE), powers=Powers.WITHHELD)
    assert a_set(withheld).decide(FACTS, units=OVERLAY).unit == "territorial"
    concentrated = replace(withheld, powers=Powers.CONCENTRATED)
    assert a_set(concentrated).decide(FACTS, units=OVERLAY).unit == "overlay"


def test_a_rule_of_a_functional_area_applies_only_to_what_the_area_holds_unless_it_withholds() -> None:
    zones = [replace(HIGH_TECH, withheld=("06010",))]
    rule = a_rule(jurisdiction=ZONE)
    assert RuleSet([rule], version="v", jurisdictions=zones).decide(FACTS, units=ONE_OFFICE).is_gap
    withheld = replace(rule, powers=Powers.WITHHELD)
    assert not RuleSet([withheld], version="v", jurisdictions=zones).decide(FACTS, units=ONE_OFFICE).is_gap


def test_a_functional_area_that_the_rule_set_does_not_know_decides_nothing() -> None:
    rules = RuleSet([a_rule(jurisdiction=ZONE), a_rule("role", role="squad")], version="v")
    decision = rules.decide(FACTS, units=OVERLAY)
    assert (decision.rule, decision.unit, decision.passed_over) == ("role", "territorial", ())


CHAIN = (Link.MAINTAINER, Link.OWNER, Link.SUPERVISOR)
LAMP = Component("370213T1234567890", maintainer="m", owner="o", supervisor="s")


@pytest.mark.parametrize(
    ("component", "away", "unit", "resolved_by"),
    [
        (LAMP, "", "m", ResolvedBy.MAINTAINER),
        (LAMP, "m", "o", ResolvedBy.OWNER),
        (replace(LAMP, maintainer=""), "", "o", ResolvedBy.OWNER),
        (LAMP, "mo", "s", ResolvedBy.SUPERVISOR),
        (LAMP, "mos", "office", ResolvedBy.ROLE),
        (replace(LAMP, maintainer="", owner="", supervisor=""), "", "office", ResolvedBy.ROLE),
        (None, "", "office", ResolvedBy.ROLE),
    ],
)
def test_a_component_is_its_maintainers_then_its_owners_then_its_supervisors_then_the_roles(
    component: Component | None, away: str, unit: str, resolved_by: ResolvedBy
) -> None:
    rule = replace(a_rule(), then=Then(role="street_office", chain=CHAIN))
    decision = a_set(rule).decide(replace(FACTS, component=component), units=replace(ONE_OFFICE, away=frozenset(away)))
    assert (decision.unit, decision.resolved_by) == (unit, resolved_by)


def test_who_helps_is_named_once_and_those_that_do_not_exist_are_left_out() -> None:
    then = Then(unit="u", assisting=("x", "territorial"), assisting_roles=("squad", "nobody", "office"))
    units = Units({("squad", ""): "territorial", ("office", CELL[:9]): "y"})
    assert a_set(replace(a_rule(), then=then)).decide(FACTS, units=units).assisting == ("x", "territorial", "y")


@pytest.mark.parametrize(
    "unable", [a_rule("nobody", role="harbour", area=CELL), a_rule("nobody", unit="u2", area=CELL)]
)
def test_a_rule_whose_unit_is_not_there_gives_way_and_is_named(unable: Rule) -> None:
    rules = a_set(unable, a_rule("somebody", unit="u"))
    decision = rules.decide(FACTS, units=replace(ONE_OFFICE, away=frozenset({"u2"})))
    assert decision.rule == "somebody"
    assert [(each.key, each.unit, each.lost_on) for each in decision.passed_over] == [("nobody", "", "unit")]
