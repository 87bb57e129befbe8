"""The shipped rules in the shipped city: nobody is left without an owner, and the real shapes decide as written."""

from collections.abc import Mapping
from dataclasses import replace
from importlib.resources import files

import pytest

from app.city.snapshot import AreaFact, ConditionFact
from app.domain.cells import Level
from app.domain.questions import PLACE_TYPE
from app.domain.routing.decision import Decision
from app.domain.routing.rules import FALLBACK_RULE, Facts, When
from app.domain.working_time import BEIJING
from app.reports.world import World
from app.routing.check import examine
from app.routing.file_format import read_rule_file
from app.routing.rule_files import DEFAULT_FILE
from tests.builders import NOW

# The city's own classes for what the regulations name and no standard class fits.
DANGEROUS_WATER, LIVE_POULTRY, STRAW_BURNING, VEGETABLE_WASTE = "99001", "99002", "99003", "99004"
PARKING = "09009"
LICUN, PINGDU_TOWN, SHIBEI, LAIXI = "370213006", "370283", "370203", "370285"


def facts_in(
    street: str,
    class_code: str,
    *,
    scheme: str = "",
    condition: str = "",
    place_type: str = "",
    answers: Mapping[str, str] | None = None,
) -> Facts:
    return Facts(
        scheme=scheme,
        class_code=class_code,
        condition=condition,
        cell=f"{street}001001",
        at=NOW,
        place_type=place_type,
        answers=answers or {},
        channel="citizen",
    )


def decide(world: World, facts: Facts) -> Decision:
    return world.rules.decide(facts, units=world.city)


def streets_of(world: World, district: str = "") -> list[AreaFact]:
    return [area for area in world.city.areas.values() if area.level is Level.STREET and area.code.startswith(district)]


def condition_facts(street: str, condition: ConditionFact) -> Facts:
    return facts_in(street, condition.class_code, scheme=condition.scheme, condition=condition.name)


def test_every_catalogue_class_has_an_owner_in_every_street(default_world: World) -> None:
    world = default_world
    streets = streets_of(world)
    assert len(streets) > 130
    assert len(world.city.conditions) > 70
    for street in streets:
        for condition in world.city.conditions:
            decision = decide(world, condition_facts(street.code, condition))
            where = (street.name, condition.class_code, decision)
            assert not decision.is_gap, where
            assert not decision.is_tie, where
            assert decision.basis, where
            unit = world.city.units[decision.unit]
            assert unit.is_active, where
            # A unit answers for an area that holds the street, or for the whole city.
            assert street.code.startswith(unit.area_code), where


def test_every_rule_names_units_that_exist(default_world: World) -> None:
    units = default_world.city.units
    kinds = {unit.kind for unit in units.values()}
    for rule in default_world.rules.rules.values():
        assert rule.then.unit in units or rule.then.role in kinds, rule.key
        assert set(rule.then.assisting) <= set(units), rule.key
        assert set(rule.then.assisting_roles) <= kinds, rule.key


def facts_for(street: str, when: When) -> Facts:
    """Return the facts of a report in a street that has everything a rule asks for, and nothing it does not."""
    at = NOW.replace(month=5)  # a morning in spring, in the window of no rule
    if when.window is not None:
        month, day = when.window.from_day
        at = NOW.replace(month=month, day=day, hour=0).astimezone(BEIJING).replace(hour=when.window.hours[0])
    facts = facts_in(
        street, when.class_prefix, condition=when.condition, place_type=when.place_type, answers=when.facts
    )
    return replace(
        facts,
        at=at,
        channel=next(iter(when.channels), facts.channel),
        polygons=frozenset({when.polygon} - {""}),
        jurisdictions=frozenset({when.jurisdiction} - {""}),
    )


def test_every_rule_can_win_somewhere(default_world: World) -> None:
    world = default_world
    winners = set()
    for street in streets_of(world):
        for rule in world.rules.rules.values():
            facts = facts_for(street.code, rule.when)
            if rule.key == "high-tech-zone":
                facts = replace(facts, class_code="06010")  # one of those that the zone decides
            winners.add(decide(world, facts).rule)
    assert winners == set(world.rules.rules)


def test_every_answer_that_a_rule_waits_for_is_offered(default_world: World) -> None:
    """For the category of the rule's class; and no choice is offered that decides nothing."""
    world = default_world
    category_of = {each.class_code: each.category_code for each in world.city.conditions}
    waited = {
        (category_of[rule.when.class_prefix], question, answer)
        for rule in world.rules.rules.values()
        for question, answer in {**rule.when.facts, PLACE_TYPE: rule.when.place_type}.items()
        if answer
    }
    offered = {
        (category, each.code, choice.code)
        for each in world.rulebook.questions
        for category in each.categories
        for choice in each.choices
    }
    assert waited == offered


def test_every_class_named_is_in_the_catalogue(default_world: World) -> None:
    codes = {each.class_code for each in default_world.city.conditions}
    for rule in default_world.rules.rules.values():
        assert any(code.startswith(rule.when.class_prefix) for code in codes), rule.key


def kind_of(world: World, decision: Decision) -> str:
    return world.city.units[decision.unit].kind


@pytest.mark.parametrize(
    ("place_type", "kind"),
    [("market", "market_regulation"), ("public_place", "enforcement_squad"), ("rural", "street_office")],
)
@pytest.mark.parametrize("district", [LAIXI, SHIBEI])
def test_place_type_splits_the_poultry_trade_even_where_it_is_closed(
    default_world: World, place_type: str, kind: str, district: str
) -> None:
    for street in streets_of(default_world, district):
        decision = decide(default_world, facts_in(street.code, LIVE_POULTRY, place_type=place_type))
        assert kind_of(default_world, decision) == kind
        assert "市政府令第279号第十四条" in decision.basis
        assert not decision.is_tie


@pytest.mark.parametrize(("place_type", "kind"), [("carriageway", "traffic_police"), ("pavement", "enforcement_squad")])
def test_the_carriageway_is_for_the_police_and_the_pavement_for_the_squad(
    default_world: World, place_type: str, kind: str
) -> None:
    decision = decide(default_world, facts_in(LICUN, PARKING, place_type=place_type))
    assert kind_of(default_world, decision) == kind


@pytest.mark.parametrize("district", ["370202", "370203", "370213"])
def test_the_area_decides_whether_the_poultry_trade_is_an_offence_at_all(default_world: World, district: str) -> None:
    decision = decide(default_world, facts_in(streets_of(default_world, district)[0].code, LIVE_POULTRY))
    assert decision.rule == f"live-poultry-closed-{district}"
    assert "市政府令第279号第七条" in decision.basis
    elsewhere = decide(default_world, facts_in(streets_of(default_world, LAIXI)[0].code, LIVE_POULTRY))
    assert elsewhere.rule == f"class-{LIVE_POULTRY}"


@pytest.mark.parametrize(
    ("consequence", "kind", "article"),
    [
        ("water_polluted", "environment", "第十七、二十四条"),
        ("flood_obstructed", "water", "第十七、二十四条"),
        ("", "water", "第二十四条"),
    ],
)
def test_the_consequence_splits_waste_in_the_river(
    default_world: World, consequence: str, kind: str, article: str
) -> None:
    answers = {"consequence": consequence} if consequence else {}
    decision = decide(default_world, facts_in(LICUN, VEGETABLE_WASTE, answers=answers))
    assert kind_of(default_world, decision) == kind
    assert f"市政府令第280号{article}" in decision.basis


def test_straw_burning_is_for_the_unit_the_district_has_named(default_world: World) -> None:
    named = decide(default_world, facts_in(streets_of(default_world, PINGDU_TOWN)[0].code, STRAW_BURNING))
    others = decide(default_world, facts_in(streets_of(default_world, LAIXI)[0].code, STRAW_BURNING))
    assert kind_of(default_world, named) == "agriculture"
    assert kind_of(default_world, others) == "environment"
    assert named.unit.startswith(PINGDU_TOWN)
    assert all("市政府令第280号第十六、二十三条" in decision.basis for decision in (named, others))
    assert [(each.key, each.lost_on) for each in named.passed_over] == [(f"class-{STRAW_BURNING}", "area")]


@pytest.mark.parametrize(
    ("water", "kind"),
    [
        ("bathing_beach", "urban_management"),
        ("reservoir", "water"),
        ("mine_pit", "natural_resources"),
        ("foundation_pit", "housing"),
        ("scenic_area", "culture"),
        ("farmland_works", "agriculture"),
        ("", "street_office"),
        ("somewhere_else", "street_office"),
    ],
)
def test_the_kind_of_water_decides_who_guards_it(default_world: World, water: str, kind: str) -> None:
    for street in streets_of(default_world):
        decision = decide(default_world, facts_in(street.code, DANGEROUS_WATER, place_type=water))
        assert kind_of(default_world, decision) == kind
        assert "青政办字〔2020〕87号" in decision.basis


def test_lines_that_hang_down_have_one_lead_and_named_assistants(default_world: World) -> None:
    decision = decide(default_world, facts_in(LICUN, "10002"))
    assert kind_of(default_world, decision) == "urban_management"
    assert decision.assisting == ("ent.power_company", "ent.telecom")


def test_a_class_nobody_wrote_a_rule_for_goes_to_its_street_and_is_a_gap(default_world: World) -> None:
    for street in streets_of(default_world):
        decision = decide(default_world, facts_in(street.code, "77777"))
        assert (decision.rule, decision.is_gap) == (FALLBACK_RULE, True)
        assert decision.unit == f"{street.code}.street_office"


def test_the_rest_is_proposed_to_the_street_but_never_dispatched_by_rule(default_world: World) -> None:
    decision = decide(default_world, facts_in(LICUN, "99000"))
    assert (decision.auto_dispatch, decision.is_gap) == (False, False)


def test_the_shipped_set_passes_its_own_check_without_a_word(default_world: World) -> None:
    file = read_rule_file(files("app.routing").joinpath(DEFAULT_FILE).read_bytes())
    counts = examine(file, city=default_world.city, from_day=NOW.date()).counts
    assert counts.pop("rule_count") == len(default_world.rules.rules)
    assert set(counts.values()) == {0}, counts
