"""Why a report went where it went: written down when it was decided, and read in words whatever has gone since."""

from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import Session

from app.city.snapshot import CitySnapshot
from app.domain.roles import Role
from app.domain.routing.rules import DayKind, Link, Rule, Then, When, Window
from app.domain.workflow import Action, Status
from app.reports.explaining import RUNNERS_UP_KEPT, window_words
from app.reports.explanation import read_explanation, why
from app.reports.explanation_schemas import RoutingRead
from app.reports.models import Report
from app.reports.present import Reader, read
from app.reports.schemas import ReportDetail
from app.reports.world import World
from app.routing.words import parse_limit
from tests.builders import DECISIVE_CATEGORY, NOW, SQUAD, Case, a_case, a_report, at_status, with_rules
from tests.builders_city import LICANG, LICUN
from tests.towns import Town

SECRET = b"for tests only"
SQUAD_NAME = "李村街道综合行政执法队"

BEFORE_0005: dict[str, Any] = {
    "rule_set": "default-1",
    "rule": "parking-on-pavement",
    "unit": SQUAD,
    "unit_name": SQUAD_NAME,
    "basis": "通行做法",
    "matched": ["class=09009", "place_type=pavement"],
    "passed_over": [{"key": "class-09009", "unit": SQUAD, "lost_on": "attributes"}],
    "assisting": ["ent.telecom"],
    "is_gap": False,
    "is_tie": False,
}
"""What the program of revision 0004 stored with a report."""


def told(session: Session, world: World, **changes: Any) -> RoutingRead:
    return read_explanation(a_report(session, world, **changes).routing)


def detail(session: Session, case: Case, world: World) -> ReportDetail:
    shown = read(session, case.report(session), reader=Reader(case.people[Role.DISPATCHER], NOW, world, SECRET))
    assert isinstance(shown, ReportDetail)
    return shown


def test_staff_read_what_won_on_what_and_why_the_others_lost(town: Town) -> None:
    with town.database.transaction() as session:
        found = told(session, town.world, category=DECISIVE_CATEGORY, answers={"place_type": "pavement"})
    assert (found.rule_set, found.editor, found.rule) == ("default-2", "suishoupai", "parking-on-pavement")
    assert (found.effective_from, found.decided_at) == (NOW, NOW)
    assert found.when_text == "类别为“机动车乱停放”；场所为“人行道上”"
    assert found.then_text == "由街道（镇）综合行政执法队负责"
    assert found.how == f"规则指定“街道（镇）综合行政执法队”，李村街道的这类单位是{SQUAD_NAME}"
    (lost,) = found.passed_over
    assert (lost.rule, lost.unit, lost.unit_name) == ("class-09009", SQUAD, SQUAD_NAME)
    assert lost.why == "胜出的规则限定了更多的场所、后果等事实"
    assert [each.name for each in lost.matched] == ["机动车乱停放"]
    assert found.powers_text is None
    assert found.jurisdictions == []


def test_the_citizen_reads_one_sentence(town: Town) -> None:
    rules = town.world.rules.rules
    urgent = replace(rules["class-09009"], then=replace(rules["class-09009"].then, limit=parse_limit("30 minute")))
    quick = with_rules(town.world, [urgent])
    with town.database.transaction() as session:
        plain = why(a_report(session, town.world, category=DECISIVE_CATEGORY).routing)
        limited = why(a_report(session, quick, category=DECISIVE_CATEGORY).routing)
    basis = "街面秩序由街道综合行政执法队处置平台线索；默认矩阵，非官方清单"
    assert plain == f"派发至{SQUAD_NAME}，依据：{basis}"
    assert limited == f"派发至{SQUAD_NAME}，处置时限 30 分钟，依据：{basis}"


def test_everything_a_rule_asks_for_and_does_is_said(town: Town) -> None:
    when = When(
        scheme=town.world.city.conditions[0].scheme,
        class_prefix="09",
        condition="停在人行道、绿地等非泊位处",
        area=LICANG,
        place_type="pavement",
        channels=frozenset({"citizen", "inspector"}),
        window=Window(from_day=(11, 1), to_day=(3, 31), weekdays=frozenset({5, 6}), hours=(8, 18)),
    )
    then = Then(
        role="enforcement_squad",
        chain=(Link.MAINTAINER, Link.OWNER),
        assisting=("ent.telecom",),
        assisting_roles=("traffic_police",),
        limit=parse_limit("1 work_day"),
        priority=3,
        auto_dispatch=False,
    )
    world = with_rules(town.world, [Rule("all", when, then, "依据")])
    with town.database.transaction() as session:
        found = told(session, world, category=DECISIVE_CATEGORY, answers={"place_type": "pavement"})
    assert found.when_text == (
        "分类标准为“GB/T 47678.5-2026”；类别为“09 大类”；立案条件为“停在人行道、绿地等非泊位处”；区域为“李沧区”；"
        "场所为“人行道上”；上报渠道为“市民上报、核查员上报”；时间为“11月1日至3月31日，周五、周六，8时至18时”"
    )
    assert found.then_text == (
        "依次由部件的养护单位、权属单位负责，都查不到时由街道（镇）综合行政执法队负责；由通信运营企业、公安交警协助；"
        "处置时限改为 1 工作日；优先级 3；须由人员确认后派遣"
    )
    assert (found.limit_text, found.priority, found.auto_dispatch) == ("1 工作日", 3, False)
    assert found.assisting == ["通信运营企业", "李沧区公安分局交警大队"]


def test_a_gap_says_that_nothing_applied(town: Town) -> None:
    with town.database.transaction() as session:
        found = told(session, town.world)
    assert (found.rule, found.is_gap, found.resolved_by) == ("fallback", True, "fallback")
    assert found.when_text == "没有规则适用"
    assert found.how == "没有规则能确定负责单位，按属地由李村街道办事处先行办理，区（市）负责协调"
    assert [each.name for each in found.matched] == ["李村街道"]


def test_a_rule_without_a_unit_here_says_so(town: Town) -> None:
    nobody = Rule("nobody", When(class_prefix="09009", place_type="pavement"), Then(unit="ent.gone"), "依据")
    world = with_rules(town.world, [nobody, town.world.rules.rules["class-09009"]])
    with town.database.transaction() as session:
        found = told(session, world, category=DECISIVE_CATEGORY, answers={"place_type": "pavement"})
    (lost,) = found.passed_over
    assert (lost.rule, lost.unit, lost.unit_name) == ("nobody", None, None)
    assert lost.why == "规则指定的单位在此处不存在或已停用"


def without_rules(world: World) -> World:
    """Return a world that knows none of the rules, questions and areas of before."""
    bare = with_rules(world, [Rule("new", When(), Then(role="street_office"), "新依据")])
    return replace(bare, rulebook=replace(bare.rulebook, rule_set_id=999, questions=(), area_names={}))


def test_it_is_read_the_same_after_the_rule_set_is_gone(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world, category=DECISIVE_CATEGORY, answers={"place_type": "carriageway"})
        before = detail(session, case, town.world)
        after = detail(session, case, without_rules(town.world))
    assert before.routing == after.routing
    assert before.why == after.why is not None
    assert after.routing.matched[-1].name == "车行道上"


def test_it_is_read_the_same_after_the_unit_and_the_areas_have_other_names(town: Town) -> None:
    city: CitySnapshot = replace(town.world.city, units={}, areas={}, classes=())
    with town.database.transaction() as session:
        case = a_case(session, town.world, category=DECISIVE_CATEGORY)
        before = detail(session, case, town.world).routing
        assert detail(session, case, replace(town.world, city=city)).routing == before
    assert before.unit_name == SQUAD_NAME


def test_what_an_earlier_program_stored_is_shown_as_far_as_it_goes(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, Status.DISPATCHED)
        case.report(session).routing = BEFORE_0005
        shown = detail(session, case, town.world)
    assert shown.why == f"派发至{SQUAD_NAME}，依据：通行做法"
    routing = shown.routing
    assert [(each.criterion, each.value, each.name) for each in routing.matched] == [
        ("class", "09009", "09009"),
        ("place_type", "pavement", "pavement"),
    ]
    assert routing.then_text == f"由{SQUAD_NAME}负责"
    assert (routing.how, routing.resolved_by, routing.decided_at, routing.auto_dispatch) == (None, None, None, None)
    assert [(each.rule, each.why) for each in routing.passed_over] == [
        ("class-09009", "胜出的规则限定了更多的场所、后果等事实")
    ]
    assert (routing.assisting, routing.passed_over_count) == (["ent.telecom"], 1)


def test_a_report_of_an_earlier_program_goes_on(town: Town) -> None:
    """Its stored reason is still what confirms the proposal, and what a return looks at."""
    with town.database.transaction() as session:
        case = at_status(session, town.world, Status.FILED)
        case.report(session).routing = BEFORE_0005
        case.walk(session, Action.DISPATCH, Action.RETURN)
        assert case.report(session).proposed_unit_code == f"{LICUN}.street_office"


def test_many_runners_up_are_counted_and_the_nearest_kept(town: Town) -> None:
    rules = [
        Rule(
            f"r{n:02}",
            When(class_prefix="09009" if n else "", place_type="pavement" if n == 1 else ""),
            Then(role="enforcement_squad"),
            "依据",
        )
        for n in range(30)
    ]
    with town.database.transaction() as session:
        stored = a_report(
            session, with_rules(town.world, rules), category=DECISIVE_CATEGORY, answers={"place_type": "pavement"}
        ).routing
    found = read_explanation(stored)
    assert (found.rule, len(found.passed_over), found.passed_over_count) == ("r01", RUNNERS_UP_KEPT, 29)


@pytest.mark.parametrize(
    ("window", "words"),
    [
        (Window(), "任何时间"),
        (Window(hours=(22, 6)), "22时至次日6时"),
        (Window(days=DayKind.REST), "休息日"),
        (Window(from_day=(7, 1), to_day=(9, 25), days=DayKind.WORKING), "7月1日至9月25日，工作日"),
    ],
)
def test_a_window_is_said_as_far_as_it_bounds_anything(window: Window, words: str) -> None:
    assert window_words(window) == words


def test_the_reason_of_another_choice_is_not_told(town: Town) -> None:
    """Whoever a person chose against the rules was not chosen for the rules' reason."""
    with town.database.transaction() as session:
        case = at_status(session, town.world, Status.FILED)
        case.later(minutes=1).do(session, Action.DISPATCH, unit=f"{LICUN}.street_office")
        assert detail(session, case, town.world).why is None
        report: Report = case.report(session)
        assert read_explanation(report.routing).unit == SQUAD
