"""Units that help: named by the rule or by hand, they read along and note, and answer for nothing."""

from dataclasses import replace

import pytest
from pydantic import ValidationError
from sqlmodel import Session, select

from app.domain.roles import Caller, Role
from app.domain.workflow import Action, RoleMayNot, Status
from app.journal.queries import entries_of
from app.reports.access import ReportNotFound, get_visible
from app.reports.actions import schemas as words
from app.reports.actions.engine import Context
from app.reports.assisting import named_by_hand, named_by_rule
from app.reports.errors import UnitTwice, UnknownUnit
from app.reports.models import AssistingUnit
from app.reports.offering import offered_actions
from app.reports.present import Reader, read
from app.reports.schemas import ReportDetail
from app.reports.submit import submit
from app.reports.world import World
from app.sla.timers import timers_of
from tests.builders import (
    DECISIVE_CATEGORY,
    NOW,
    OTHER_UNIT,
    SQUAD,
    Case,
    a_case,
    a_citizen,
    a_photo,
    a_report,
    at_status,
    staff,
    submission,
    with_rules,
)
from tests.builders_city import LICANG, LICUN
from tests.query_recorder import QueryRecorder
from tests.towns import Town

A, R, S = Action, Role, Status
POWER, TELECOM = "ent.power_company", "ent.telecom"


def assisting(session: Session, case: Case) -> set[str]:
    session.flush()
    rows = select(AssistingUnit.unit_code).where(AssistingUnit.report_id == case.report(session).id)
    return set(session.exec(rows))


def sees(session: Session, case: Case, caller: Caller) -> bool:
    try:
        get_visible(session, case.number, caller=caller)
    except ReportNotFound:
        return False
    return True


def helped(session: Session, town: Town) -> tuple[Case, Caller]:
    """Return a dispatched report with a unit that assists, and somebody of that unit."""
    case = at_status(session, town.world, S.FILED)
    case.do(session, A.DISPATCH, assisting=[OTHER_UNIT])
    return case, staff(session, R.UNIT_LEAD, unit_code=OTHER_UNIT)


# Who assists --------------------------------------------------------------------------------------------------------


def test_a_dispatcher_names_who_assists(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.FILED)
        report = case.do(session, A.DISPATCH, assisting=[OTHER_UNIT, POWER])
        assert assisting(session, case) == {OTHER_UNIT, POWER}
        assert entries_of(session, report.id or 0)[-1].facts["assisting"] == [OTHER_UNIT, POWER]


@pytest.mark.parametrize(
    ("codes", "refusal", "unit"),
    [
        (["370213.no_such"], UnknownUnit, "370213.no_such"),
        ([POWER, POWER], UnitTwice, POWER),
        ([POWER, SQUAD], UnitTwice, SQUAD),
    ],
)
def test_who_assists_is_known_different_and_not_in_the_lead(
    town: Town, codes: list[str], refusal: type[Exception], unit: str
) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.FILED)
        with pytest.raises(refusal) as refused:
            case.do(session, A.DISPATCH, assisting=codes)
        assert refused.value.facts == {"unit": unit}  # type: ignore[attr-defined]
        assert case.report(session).status is S.FILED


def test_five_units_assist_at_most() -> None:
    with pytest.raises(ValidationError):
        words.DispatchBody(assisting=[f"u{n}" for n in range(6)])


def with_named_helpers(session: Session, town: Town) -> Case:
    """Return a report whose rule names the power company and the telecoms, filed by hand."""
    case = a_case(session, town.world)
    condition = next(each for each in town.world.city.conditions if each.class_code == "10002")
    case.do(session, A.ACCEPT, words.AcceptBody(condition_id=str(condition.id)))
    case.walk(session, A.REQUEST_VERIFICATION, A.REPORT_VERIFICATION)
    case.do(session, A.FILE)
    assert case.report(session).routing["assisting"] == [POWER, TELECOM]
    return case


def test_the_rules_helpers_come_with_its_proposal(town: Town) -> None:
    with town.database.transaction() as session:
        case = with_named_helpers(session, town)
        report = case.do(session, A.DISPATCH, words.DispatchBody())
        assert assisting(session, case) == {POWER, TELECOM}
        assert entries_of(session, report.id or 0)[-1].facts["assisting"] == [POWER, TELECOM]


def test_another_unit_or_an_empty_list_leaves_them_out(town: Town) -> None:
    with town.database.transaction() as session:
        for body in (words.DispatchBody(unit=SQUAD), words.DispatchBody(assisting=[])):
            case = with_named_helpers(session, town)
            case.do(session, A.DISPATCH, body)
            assert assisting(session, case) == set()


def with_helpers(world: World, *codes: str) -> World:
    """Return a world in which the rule for 车辆乱停乱放 names who assists."""
    rules = [
        replace(rule, then=replace(rule.then, assisting=codes)) if key == "class-09009" else rule
        for key, rule in world.rules.rules.items()
    ]
    return with_rules(world, rules)


def test_a_rule_that_dispatches_by_itself_names_them_at_once(town: Town) -> None:
    world = with_helpers(town.world, POWER, POWER, SQUAD, "ent.gone")
    with town.database.transaction() as session:
        sender = a_citizen(session)
        report = a_report(session, world, reporter=sender, category=DECISIVE_CATEGORY)
        case = Case(world, report.number, {R.CITIZEN: sender}, NOW)
        assert report.unit_code == SQUAD
        assert assisting(session, case) == {POWER}
        assert entries_of(session, report.id or 0)[-1].facts["assisting"] == [POWER]
        assert sees(session, case, staff(session, R.HANDLER, unit_code=POWER))


def test_a_rule_that_names_nobody_costs_no_statement(town: Town) -> None:
    with town.database.transaction() as session:
        sender = a_citizen(session)
        photo_ids = [a_photo(session, sender)]
    with QueryRecorder(town.database) as recorder, town.database.transaction() as session:
        body = submission(category=DECISIVE_CATEGORY, photo_ids=photo_ids)
        assert submit(session, body, context=Context(sender, NOW, town.world)).unit_code == SQUAD
    assert recorder.statements
    assert not [each for each in recorder.statements if "assisting_unit" in each]


def test_who_has_left_is_passed_over_in_a_rule_and_refused_by_hand(town: Town) -> None:
    gone = replace(town.world.city.units[TELECOM], is_active=False)
    city = replace(town.world.city, units={**town.world.city.units, TELECOM: gone})
    routing = {"unit": SQUAD, "assisting": [POWER, TELECOM]}
    assert named_by_rule(routing, lead=SQUAD, city=city) == [POWER]
    with pytest.raises(UnknownUnit):
        named_by_hand([POWER, TELECOM], lead=SQUAD, city=city)


def test_a_new_dispatch_names_anew_and_going_back_to_acceptance_ends_it(town: Town) -> None:
    with town.database.transaction() as session:
        case, _ = helped(session, town)
        case.do(session, A.RETURN)
        assert assisting(session, case) == {OTHER_UNIT}  # until somebody decides anew
        case.do(session, A.DISPATCH, unit=f"{LICUN}.street_office", assisting=[POWER])
        assert assisting(session, case) == {POWER}
        case.do(session, A.RETURN, by=staff(session, R.UNIT_LEAD, unit_code=f"{LICUN}.street_office"))
        case.do(session, A.SEND_BACK)
        assert assisting(session, case) == set()


TO_REOPENED = (A.RESOLVE, A.PASS_REVIEW, A.PASS_CHECK, A.CLOSE, A.REQUEST_REOPEN, A.ACCEPT_REOPEN)


@pytest.mark.parametrize("way", [(A.MERGE,), TO_REOPENED])
def test_nobody_assists_what_nobody_handles(town: Town, way: tuple[Action, ...]) -> None:
    with town.database.transaction() as session:
        case, helper = helped(session, town)
        case.walk(session, A.SIGN, *way)
        assert assisting(session, case) == set()
        assert not sees(session, case, helper)


# What they may ------------------------------------------------------------------------------------------------------


def test_a_unit_that_assists_reads_as_staff_until_it_does_not_any_more(town: Town) -> None:
    with town.database.transaction() as session:
        case, helper = helped(session, town)
        shown = read(session, case.report(session), reader=Reader(helper, NOW, town.world, b"for tests only"))
        assert isinstance(shown, ReportDetail)
        assert [(unit.code, unit.name) for unit in shown.assisting] == [
            (OTHER_UNIT, town.world.city.units[OTHER_UNIT].name)
        ]
        assert shown.reporter.startswith("市民-")
        assert sees(session, case, staff(session, R.HANDLER, unit_code=OTHER_UNIT))
        assert not sees(session, case, staff(session, R.UNIT_LEAD, unit_code=f"{LICANG}.traffic_police"))
        case.do(session, A.RETURN)
        case.do(session, A.DISPATCH, unit=f"{LICUN}.street_office")
        assert not sees(session, case, helper)


def test_it_notes_and_does_nothing_else(town: Town) -> None:
    with town.database.transaction() as session:
        case, helper = helped(session, town)
        assert offered_actions(case.report(session), helper, NOW) == [A.NOTE]
        for action in (A.SIGN, A.ASSIGN, A.RETURN):
            with pytest.raises(RoleMayNot):
                case.do(session, action, by=helper)
        report = case.do(session, A.NOTE, by=helper, text="我们带车来")
        assert entries_of(session, report.id or 0)[-1].actor_role == "unit_lead"
        case.walk(session, A.SIGN)
        for action in (A.SUBMIT_RESULT, A.INTERNAL_REWORK, A.RESOLVE):
            with pytest.raises(RoleMayNot):
                case.do(session, action, by=helper)


def test_it_has_no_clock(town: Town) -> None:
    with town.database.transaction() as session:
        case, _ = helped(session, town)
        assert {timer.unit_code for timer in timers_of(session, case.report(session).id or 0)} == {None, SQUAD}


def test_who_reported_it_reads_as_a_citizen_although_their_unit_assists(town: Town) -> None:
    with town.database.transaction() as session:
        both = staff(session, R.CITIZEN, R.UNIT_LEAD, unit_code=OTHER_UNIT)
        report = a_report(session, town.world, reporter=both)
        case = a_case(session, town.world)
        own = Case(case.world, report.number, case.people, NOW)
        own.walk(session, A.ACCEPT, A.FILE)
        own.do(session, A.DISPATCH, assisting=[OTHER_UNIT])
        shown = read(session, own.report(session), reader=Reader(both, NOW, town.world, b"for tests only"))
        assert not isinstance(shown, ReportDetail)
        assert A.NOTE not in shown.allowed_actions
        with pytest.raises(RoleMayNot):
            own.do(session, A.NOTE, by=both)
