"""What a rule says beside its unit is done: limit, priority, helpers, confirmation, owner chains, functional areas."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import shapely
from sqlmodel import Session

from app.components.models import Component, ComponentState
from app.domain.questions import UnknownAnswer, UnknownQuestion
from app.domain.routing.rules import Jurisdiction, Powers, Rule, Then, When
from app.domain.workflow import Action, Status
from app.journal.queries import entries_of
from app.reports.component import UnknownComponent
from app.reports.models import AssistingUnit, Report
from app.reports.world import World
from app.routing.territory import Territory
from app.routing.words import parse_limit
from app.sla.timers import timers_of
from tests.builders import DECISIVE_CATEGORY, NOW, SQUAD, a_case, a_report, with_rules
from tests.builders_city import IN_LICUN, LICANG, LICUN, ZHENHUALU
from tests.towns import Town

A, S = Action, Status
RULE = "class-09009"
TEAM = f"{LICUN}.sanitation_team"
OVERLAY_TEAM = f"{ZHENHUALU}.sanitation_team"
COVER = "37021301011000017"


def changed(world: World, key: str, **then: Any) -> World:
    """Return a world in which one rule asks for something more."""
    rules = world.rules.rules
    return with_rules(world, [*(rules | {key: replace(rules[key], then=replace(rules[key].then, **then))}).values()])


def facts_of(session: Session, report: Report, action: Action) -> Mapping[str, Any]:
    return next(entry.facts for entry in entries_of(session, report.id or 0) if entry.action is action)


# Limit, priority, confirmation --------------------------------------------------------------------------------------


def test_the_rules_limit_replaces_that_of_the_condition_and_the_journal_names_it(town: Town) -> None:
    world = changed(town.world, RULE, limit=parse_limit("30 minute"))
    with town.database.transaction() as session:
        report = a_report(session, world, category=DECISIVE_CATEGORY)
        filed, dispatched = (facts_of(session, report, action) for action in (A.FILE, A.DISPATCH))
    assert report.status is S.DISPATCHED
    assert dispatched["limit"] == "30"
    assert report.handle_due_at == report.due_at == NOW + timedelta(minutes=30)
    assert (filed["limit"], filed["limit_unit"], filed["limit_rule"]) == ("30", "minute", RULE)


def test_without_one_the_conditions_own_limit_stands(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY)
        filed = facts_of(session, report, A.FILE)
    assert report.handle_due_at == NOW + timedelta(hours=2)
    assert (filed["limit"], filed["limit_unit"], "limit_rule" in filed) == ("2", "work_hour", False)


def test_the_limit_holds_when_people_file_and_dispatch_as_well(town: Town) -> None:
    world = changed(town.world, RULE, limit=parse_limit("30 minute"))
    with town.database.transaction() as session:
        case = a_case(session, world)
        case.walk(session, A.ACCEPT, A.FILE)
        report = case.later(minutes=10).do(session, A.DISPATCH)
        filed, dispatched = (facts_of(session, report, action) for action in (A.FILE, A.DISPATCH))
        running = timers_of(session, report.id or 0)[-1]
    assert (filed["limit"], filed["limit_unit"], filed["limit_rule"]) == ("30", "minute", RULE)
    assert (dispatched["limit"], dispatched["limit_rule"]) == ("30", RULE)
    assert report.handle_due_at == running.due_at == NOW + timedelta(minutes=40)


def test_the_rules_priority_is_the_reports_also_when_the_class_changes(town: Town) -> None:
    world = changed(town.world, RULE, priority=7)
    with town.database.transaction() as session:
        case = a_case(session, world)
        before = case.report(session).priority
        assert (before, case.do(session, A.ACCEPT).priority) == (0, 7)
        assert a_report(session, world, category=DECISIVE_CATEGORY).priority == 7


def test_a_rule_that_only_proposes_waits_for_a_person(town: Town) -> None:
    world = changed(town.world, RULE, auto_dispatch=False)
    with town.database.transaction() as session:
        report = a_report(session, world, category=DECISIVE_CATEGORY)
    assert (report.status, report.unit_code, report.proposed_unit_code) == (S.SUBMITTED, None, SQUAD)
    assert report.routing["auto_dispatch"] is False


def test_helpers_named_by_role_are_those_of_the_place(town: Town) -> None:
    world = changed(town.world, RULE, assisting_roles=("traffic_police", "sanitation_team", "enforcement_squad"))
    with town.database.transaction() as session:
        report = a_report(session, world, category=DECISIVE_CATEGORY)
        session.flush()
        found = {(report.id, each) for each in (f"{LICANG}.traffic_police", TEAM)}
        assert all(session.get(AssistingUnit, key) for key in found)
        assert session.get(AssistingUnit, (report.id, SQUAD)) is None  # it leads
        assert facts_of(session, report, A.DISPATCH)["assisting"] == [f"{LICANG}.traffic_police", TEAM]


# Answers ------------------------------------------------------------------------------------------------------------


def test_an_answer_decides_and_a_missing_one_is_not_guessed(town: Town) -> None:
    with town.database.transaction() as session:
        asked = {"place_type": "carriageway"}
        answered = a_report(session, town.world, category=DECISIVE_CATEGORY, answers=asked)
        silent = a_report(session, town.world, category=DECISIVE_CATEGORY)
    assert (answered.unit_code, answered.place_type) == (f"{LICANG}.traffic_police", "carriageway")
    assert (silent.unit_code, silent.place_type, silent.answers) == (SQUAD, "", {})


@pytest.mark.parametrize(
    ("category", "answers", "refusal", "facts"),
    [
        (
            "parking",
            {"place_type": "market"},
            UnknownAnswer,
            {"question": "place_type", "answer": "market", "choices": ["carriageway", "pavement"]},
        ),
        ("parking", {"colour": "red"}, UnknownQuestion, {"question": "colour", "asked": ["place_type"]}),
        ("sanitation", {"place_type": "market"}, UnknownQuestion, {"question": "place_type", "asked": []}),
    ],
)
def test_what_was_not_asked_or_cannot_be_answered_so_is_refused_with_what_can(
    town: Town, category: str, answers: dict[str, str], refusal: type[Exception], facts: dict[str, Any]
) -> None:
    with town.database.transaction() as session, pytest.raises(refusal) as refused:
        a_report(session, town.world, category=category, answers=answers)
    assert refused.value.facts == facts  # type: ignore[attr-defined]


def test_without_a_category_the_questions_of_every_category_may_be_answered(town: Town) -> None:
    answers = {"place_type": "reservoir", "consequence": "water_polluted"}
    with town.database.transaction() as session:
        case = a_case(session, town.world, answers=answers)
        water = next(each for each in town.world.city.conditions if each.class_code == "99001")
        report = case.do(session, A.ACCEPT, condition_id=str(water.id), category=None)
    assert (report.proposed_unit_code, report.rule_key) == (f"{LICANG}.water", "dangerous-water-reservoir")


def test_the_desk_adds_and_corrects_answers_and_the_rules_are_asked_again(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, changed(town.world, RULE, auto_dispatch=False), category=DECISIVE_CATEGORY)
        assert case.report(session).proposed_unit_code == SQUAD
        answers = {"place_type": "carriageway"}
        report = case.do(session, A.ACCEPT, category=None, answers=answers)
        assert (report.answers, report.place_type) == (answers, "carriageway")
        assert (report.proposed_unit_code, report.rule_key) == (f"{LICANG}.traffic_police", "parking-on-carriageway")
        assert facts_of(session, report, A.ACCEPT)["answers"] == answers
        assert report.routing["matched"][-1]["name"] == "车行道上"


def test_answers_of_the_desk_are_held_to_the_questions_of_the_class_it_chose(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world, answers={"place_type": "reservoir"})
        with pytest.raises(UnknownAnswer):
            case.do(session, A.ACCEPT, answers={"place_type": "mine_pit"})
        report = case.report(session)
        assert (report.status, report.answers) == (S.SUBMITTED, {"place_type": "reservoir"})


# Components ---------------------------------------------------------------------------------------------------------


def a_cover(session: Session, **owners: Any) -> str:
    session.add(
        Component(
            code=COVER,
            class_code="01011",
            name="燃气井盖",
            lon=IN_LICUN[0],
            lat=IN_LICUN[1],
            scheme="",
            bucket=0,
            state=ComponentState.LOST,
            source="test",
            changed_at=NOW,
            **owners,
        )
    )
    session.flush()
    return COVER


MAINTAINED = {"maintainer_unit": "ent.energy_group", "owner_unit": "ent.telecom", "supervisor_unit": "qd.water"}


@pytest.mark.parametrize(
    ("owners", "unit", "link"),
    [
        (MAINTAINED, "ent.energy_group", "maintainer"),
        (MAINTAINED | {"maintainer_unit": None}, "ent.telecom", "owner"),
        (MAINTAINED | {"maintainer_unit": None, "owner_unit": None}, "qd.water", "supervisor"),
        (dict.fromkeys(MAINTAINED), f"{LICUN}.street_office", "role"),
    ],
)
def test_a_component_goes_to_the_first_known_of_maintainer_owner_and_supervisor(
    town: Town, owners: dict[str, Any], unit: str, link: str
) -> None:
    with town.database.transaction() as session:
        cover = a_cover(session, **owners)
        report = a_report(session, town.world, category="facilities", description="", component=cover)
    assert (report.class_code, report.status) == ("01011", Status.DISPATCHED)
    assert (report.unit_code, report.routing["resolved_by"]) == (unit, link)
    assert (report.routing["component"], report.rule_key) == (COVER, "class-01011")


def test_a_component_nobody_knows_is_refused(town: Town) -> None:
    with town.database.transaction() as session, pytest.raises(UnknownComponent):
        a_report(session, town.world, component="37021301109999999")


def test_an_owner_that_is_gone_is_passed_over(town: Town) -> None:
    gone = replace(town.world.city.units["ent.energy_group"], is_active=False)
    city = replace(town.world.city, units={**town.world.city.units, gone.code: gone})
    with town.database.transaction() as session:
        cover = a_cover(session, **MAINTAINED)
        report = a_report(session, replace(town.world, city=city), category="facilities", component=cover)
    assert (report.proposed_unit_code, report.routing["resolved_by"]) == ("ent.telecom", "owner")


# Functional areas ---------------------------------------------------------------------------------------------------

AROUND_LICUN = shapely.box(IN_LICUN[0] - 0.01, IN_LICUN[1] - 0.01, IN_LICUN[0] + 0.01, IN_LICUN[1] + 0.01)
LITTER = Rule("litter", When(class_prefix="06010"), Then(role="sanitation_team"), "环卫")


def overlaid(world: World, *rules: Rule, **powers: Any) -> World:
    """Return a world with a functional area over 李村 whose own units are those of 振华路."""
    area = Jurisdiction(ZHENHUALU, "功能区", "批准文件", **powers)
    ruled = with_rules(world, [LITTER, *rules], jurisdictions=[area])
    territory = Territory(areas={}, jurisdictions={ZHENHUALU: AROUND_LICUN})
    return replace(ruled, rulebook=replace(ruled.rulebook, territory=territory))


@pytest.mark.parametrize(
    ("powers", "unit", "overlay"),
    [
        ({}, OVERLAY_TEAM, ZHENHUALU),
        ({"holds": ("06",)}, OVERLAY_TEAM, ZHENHUALU),
        ({"holds": ("07",)}, TEAM, ""),
        ({"withheld": ("06010",)}, TEAM, ""),
        ({"holds": ("06",), "withheld": ("06",)}, TEAM, ""),
    ],
)
def test_a_functional_area_decides_only_what_it_holds(
    town: Town, powers: dict[str, Any], unit: str, overlay: str
) -> None:
    world = overlaid(town.world, **powers)
    with town.database.transaction() as session:
        report = a_report(session, world, category="sanitation")
    assert (report.proposed_unit_code, report.routing["jurisdiction"]) == (unit, overlay)
    assert report.routing["jurisdictions"] == [
        {"code": ZHENHUALU, "name": "功能区", "basis": "批准文件", "has_power": bool(overlay)}
    ]


def test_outside_it_the_territory_decides(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, overlaid(town.world), category="sanitation", at=(IN_LICUN[0] + 0.012, IN_LICUN[1]))
    assert (report.proposed_unit_code, report.routing["jurisdictions"]) == (TEAM, [])


def test_a_rule_that_withholds_a_power_stays_with_the_territory_and_above_all_others(town: Town) -> None:
    withheld = Rule(
        "withheld",
        When(class_prefix="06010", jurisdiction=ZHENHUALU),
        Then(role="sanitation_team"),
        "不承接",
        powers=Powers.WITHHELD,
    )
    with town.database.transaction() as session:
        report = a_report(session, overlaid(town.world, withheld), category="sanitation")
    assert (report.rule_key, report.proposed_unit_code) == ("withheld", TEAM)
    assert [(each["key"], each["lost_on"]) for each in report.routing["passed_over"]] == [("litter", "powers")]
