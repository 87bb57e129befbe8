"""Why, asked by staff: about a report, about a case thought up, under the rules in force or a draft."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, delete

from app.city.models import UnitLevel
from app.city.snapshot import OutOfArea, UnknownCategory, UnknownCondition
from app.domain.gcj02 import Datum
from app.domain.questions import UnknownAnswer, UnknownQuestion
from app.domain.roles import Caller, Role
from app.domain.working_time import BEIJING
from app.reports.access import ReportNotFound
from app.reports.component import UnknownComponent
from app.reports.world import World
from app.routing.models import RoutingRule, RuleSetEvent, RuleSetState, RuleSetVersion
from app.routing.refusals import RuleSetNotFound
from app.rulebook.explain import ExplainWhat, UnknownClass, explain_case
from app.rulebook.schemas import ExplainQuestion, ExplainRead
from tests.builders import DECISIVE_CATEGORY, NOW, SQUAD, a_citizen, a_report, staff
from tests.builders_city import AT_SEA, IN_LICUN, IN_ZHENHUALU, LICANG, LICUN, ZHENHUALU
from tests.towns import Town

POLICE = f"{LICANG}.traffic_police"
HERE: dict[str, Any] = {"location": {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": Datum.WGS84}}


def ask(session: Session, world: World, *, caller: Caller | None = None, **question: Any) -> ExplainRead:
    asker = caller or staff(session, Role.DISPATCHER)
    return explain_case(session, ExplainQuestion(**question), caller=asker, world=world, now=NOW)


def a_draft(session: Session, name: str, *rules: Mapping[str, Any], **sections: Any) -> None:
    version = RuleSetVersion(
        version=name, state=RuleSetState.DRAFT, note="", editor="li", sections=sections, created_at=NOW
    )
    session.add(version)
    session.flush()
    for each in rules:
        session.add(
            RoutingRule(
                rule_set_id=version.id or 0,
                key=each["key"],
                conditions=each.get("when", {}),
                decision=each["then"],
                basis="草案",
            )
        )
    session.flush()


# Reports ------------------------------------------------------------------------------------------------------------


def test_of_a_report_both_what_was_said_and_what_is_said_now(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY, answers={"place_type": "carriageway"})
        found = ask(session, town.world, number=report.number)
    assert found.stored is not None
    assert found.is_same
    assert (found.stored.unit, found.rules_say.unit) == (POLICE, POLICE)
    assert (found.asked.cell, found.asked.street) == (f"{LICUN}001005", "李村街道")
    assert (found.asked.class_code, found.asked.answers) == ("09009", {"place_type": "carriageway"})


def test_a_draft_may_be_asked_about_a_report_and_what_was_stored_stays(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY)
        a_draft(session, "draft", {"key": "all", "then": {"role": "sanitation_team"}})
        found = ask(session, town.world, number=report.number, rule_set="draft")
    assert found.stored is not None
    assert (found.stored.rule_set, found.stored.unit) == ("default-2", SQUAD)
    assert (found.rules_say.rule_set, found.rules_say.unit) == ("draft", f"{LICUN}.sanitation_team")
    assert (found.rules_say.editor, found.rules_say.effective_from) == ("li", None)
    assert found.is_same is False


def test_what_was_stored_outlives_the_rows_of_its_rule_set(town: Town) -> None:
    """Nobody deletes a version that decided reports; should somebody, the reports still say why."""
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY)
        before = ask(session, town.world, number=report.number).stored
        session.execute(delete(RoutingRule))
        session.execute(delete(RuleSetEvent))
        a_draft(session, "other", {"key": "all", "then": {"role": "street_office"}})
        found = ask(session, town.world, number=report.number, rule_set="other")
    assert found.stored == before
    assert found.stored is not None
    assert found.stored.then_text == "由街道（镇）综合行政执法队负责"


@pytest.mark.parametrize("area", ["370202", "370203"])
def test_a_report_of_another_district_looks_like_none(town: Town, area: str) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world)
        stranger = staff(session, Role.DISPATCHER, area_code=area)
        with pytest.raises(ReportNotFound):
            ask(session, town.world, caller=stranger, number=report.number)


# Cases thought up ---------------------------------------------------------------------------------------------------


def test_a_case_is_decided_as_a_report_would_be(town: Town) -> None:
    with town.database.transaction() as session:
        for answers in ({}, {"place_type": "pavement"}, {"place_type": "carriageway"}):
            report = a_report(session, town.world, category=DECISIVE_CATEGORY, answers=answers)
            found = ask(session, town.world, **HERE, category=DECISIVE_CATEGORY, answers=answers)
            assert (found.rules_say.unit, found.rules_say.rule) == (report.unit_code, report.rule_key)
            assert (found.stored, found.is_same) == (None, None)


def test_a_class_alone_a_condition_or_nothing_may_be_asked_about(town: Town) -> None:
    collapse = next(each for each in town.world.city.conditions if each.name == "塌陷或积水影响通行安全")
    with town.database.transaction() as session:
        by_class = ask(session, town.world, **HERE, class_code="06013")
        by_condition = ask(session, town.world, **HERE, condition_id=str(collapse.id))
        open_case = ask(session, town.world, **HERE)
    assert (by_class.rules_say.rule, by_class.asked.condition) == ("class-06013", None)
    assert (by_condition.rules_say.rule, by_condition.asked.condition) == ("road-collapse", collapse.name)
    assert (open_case.rules_say.is_gap, open_case.asked.class_code) == (True, None)


def test_instant_channel_and_place_count(town: Town) -> None:
    at_zhenhualu = {"location": HERE["location"] | {"lon": IN_ZHENHUALU[0], "lat": IN_ZHENHUALU[1]}}
    midnight = datetime(2026, 5, 20, 23, 30, tzinfo=BEIJING)
    with town.database.transaction() as session:
        night = ask(session, town.world, **HERE, class_code="08001", at=midnight)
        day = ask(session, town.world, **HERE, class_code="08001")
        inspected = ask(session, town.world, **HERE, class_code="06026", channel="inspector")
        elsewhere = ask(session, town.world, **at_zhenhualu, class_code="06010")
    assert (night.rules_say.rule, day.rules_say.rule) == ("night-construction", "class-08001")
    assert night.rules_say.decided_at == night.asked.at == midnight
    assert (inspected.rules_say.rule, inspected.rules_say.assisting) == (
        "river-pollution-by-inspector",
        ["李沧区水务管理局"],
    )
    assert elsewhere.rules_say.unit == f"{ZHENHUALU}.sanitation_team"


def test_a_draft_brings_its_own_units_questions_and_areas(town: Town) -> None:
    unit = {
        "code": "new.squad",
        "name": "新中队",
        "kind": "night_squad",
        "level": UnitLevel.STREET.value,
        "area": LICUN,
    }
    question = {
        "code": "colour",
        "text": "什么颜色？",
        "categories": ["parking"],
        "choices": [{"code": "red", "text": "红"}],
    }
    area = {
        "code": "square",
        "name": "广场",
        "basis": "依据",
        "shape": f"POLYGON (({IN_LICUN[0] - 0.001} {IN_LICUN[1] - 0.001}, {IN_LICUN[0] + 0.001} {IN_LICUN[1] - 0.001}, "
        f"{IN_LICUN[0]} {IN_LICUN[1] + 0.001}, {IN_LICUN[0] - 0.001} {IN_LICUN[1] - 0.001}))",
    }
    rule = {"key": "new", "when": {"polygon": "square", "facts": {"colour": "red"}}, "then": {"role": "night_squad"}}
    with town.database.transaction() as session:
        a_draft(session, "draft", rule, units=[unit], questions=[question], areas=[area])
        found = ask(
            session, town.world, **HERE, category=DECISIVE_CATEGORY, answers={"colour": "red"}, rule_set="draft"
        ).rules_say
        with pytest.raises(UnknownQuestion):
            ask(session, town.world, **HERE, category=DECISIVE_CATEGORY, answers={"colour": "red"})
    assert (found.unit, found.unit_name) == ("new.squad", "新中队")
    assert found.when_text == "划定范围为“广场”；问题“colour”的回答为“红”"
    assert found.how == "规则指定“night_squad”，李村街道的这类单位是新中队"


@pytest.mark.parametrize(
    ("question", "refusal"),
    [
        ({}, ExplainWhat),
        ({"number": "261120360000000012", **HERE}, ExplainWhat),
        ({"number": "261120360000000012", "category": "parking"}, ExplainWhat),
        ({"category": "parking"}, ExplainWhat),
        (HERE | {"category": "no_such"}, UnknownCategory),
        (HERE | {"condition_id": "999999"}, UnknownCondition),
        (HERE | {"class_code": "77777"}, UnknownClass),
        (HERE | {"component": "37021301109999999"}, UnknownComponent),
        (HERE | {"rule_set": "no_such"}, RuleSetNotFound),
        (HERE | {"category": "parking", "answers": {"place_type": "market"}}, UnknownAnswer),
        (HERE | {"category": "sanitation", "answers": {"place_type": "market"}}, UnknownQuestion),
        ({"location": HERE["location"] | {"lon": AT_SEA[0], "lat": AT_SEA[1]}}, OutOfArea),
    ],
)
def test_what_cannot_be_asked_is_refused_by_name(
    town: Town, question: dict[str, Any], refusal: type[Exception]
) -> None:
    with town.database.transaction() as session, pytest.raises(refusal):
        ask(session, town.world, **question)


def test_asking_changes_nothing(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, reporter=a_citizen(session), category=DECISIVE_CATEGORY)
        session.flush()
        before = report.model_dump()
        later = explain_case(
            session,
            ExplainQuestion(number=report.number),
            caller=staff(session, Role.ACCEPTOR, area_code=LICANG),
            world=town.world,
            now=NOW + timedelta(days=200),
        )
        session.flush()
        assert report.model_dump() == before
    assert later.rules_say.decided_at == NOW + timedelta(days=200)
