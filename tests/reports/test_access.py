"""Who sees a report, in which of their roles they act on it, and who is kept out for a while."""

from datetime import timedelta

import pytest
from sqlmodel import Session

from app.domain.errors import Stale
from app.domain.report_number import InvalidReportNumber
from app.domain.roles import Caller, Role
from app.domain.workflow import Action, RoleMayNot, Status
from app.reports.access import LeasedByAnother, ReportNotFound, get_for_update, get_visible
from app.reports.offering import offered_actions
from tests.builders import (
    DECISIVE_CATEGORY,
    NOW,
    OTHER_UNIT,
    Case,
    a_case,
    a_citizen,
    a_report,
    at_status,
    staff,
)
from tests.builders_city import LICANG, LICUN, SHINAN
from tests.towns import Town

A, R, S = Action, Role, Status


def is_seen(session: Session, number: str, caller: Caller) -> bool:
    try:
        get_visible(session, number, caller=caller)
    except ReportNotFound:
        return False
    return True


def test_a_report_is_seen_by_its_reporter_its_unit_and_its_desks_only(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.DISPATCHED)
        seen = {
            "its citizen": case.people[R.CITIZEN],
            "its unit": case.people[R.UNIT_LEAD],
            "a desk of the city": staff(session, R.ACCEPTOR),
            "a desk of the district": staff(session, R.DISPATCHER, area_code=LICANG),
            "a desk of the street": staff(session, R.INSPECTOR, area_code=LICUN),
        }
        unseen = {
            "another citizen": a_citizen(session),
            "another unit": staff(session, R.UNIT_LEAD, unit_code=OTHER_UNIT),
            "a unit's account without its unit": staff(session, R.UNIT_LEAD),
            "another district": staff(session, R.DISPATCHER, area_code=SHINAN),
            "a client program": staff(session, R.SERVICE),
            "nobody": Caller(0, frozenset()),
        }
        assert {name for name, caller in (seen | unseen).items() if is_seen(session, case.number, caller)} == set(seen)
        for caller in unseen.values():
            with pytest.raises(ReportNotFound):
                get_for_update(session, case.number, caller=caller, version=None, now=NOW)


def test_a_mistyped_number_is_told_so(town: Town) -> None:
    with town.database.reading() as session, pytest.raises(InvalidReportNumber):
        get_visible(session, "261120360000000000", caller=Caller(1, frozenset({R.ACCEPTOR})))


def test_a_number_may_be_written_with_spaces_and_dashes(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        written = f" {case.number[:6]}-{case.number[6:12]} {case.number[12:]} "
        assert get_visible(session, written, caller=case.people[R.ACCEPTOR]).number == case.number


def test_a_second_role_does_not_carry_the_scope_of_the_first(town: Town) -> None:
    """Who reports something as a citizen does not resolve it for a unit, or accept it in another district."""
    with town.database.transaction() as session:
        lead_elsewhere = staff(session, R.CITIZEN, R.UNIT_LEAD, unit_code=OTHER_UNIT)
        acceptor_elsewhere = staff(session, R.CITIZEN, R.ACCEPTOR, area_code=SHINAN)
        for two_roles, action in ((lead_elsewhere, A.SIGN), (acceptor_elsewhere, A.VOID)):
            category = DECISIVE_CATEGORY if action is A.SIGN else None
            report = a_report(session, town.world, reporter=two_roles, category=category)
            case = Case(town.world, report.number, {}, NOW)
            assert offered_actions(report, two_roles, NOW) == [A.WITHDRAW, A.SUPPLEMENT]
            with pytest.raises(RoleMayNot):
                case.do(session, action, by=two_roles)


def test_a_desk_with_a_citizens_role_does_not_withdraw_or_rate_for_others(town: Town) -> None:
    with town.database.transaction() as session:
        both = staff(session, R.CITIZEN, R.ACCEPTOR)
        with pytest.raises(RoleMayNot):
            at_status(session, town.world, S.ACCEPTED).do(session, A.WITHDRAW, by=both)
        with pytest.raises(RoleMayNot):
            at_status(session, town.world, S.CLOSED).do(session, A.RATE, by=both)


def test_a_version_read_earlier_is_stale_after_somebody_elses_change(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.ACCEPTED)
        acceptor = case.people[R.ACCEPTOR]
        get_for_update(session, case.number, caller=acceptor, version=2, now=NOW)
        with pytest.raises(Stale) as refused:
            get_for_update(session, case.number, caller=acceptor, version=1, now=NOW)
    assert refused.value.facts == {"version": 2}


def test_a_report_a_colleague_holds_is_left_to_them_but_not_from_its_citizen(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        report = case.report(session)
        report.lease_owner_id, report.lease_until = case.people[R.ACCEPTOR].user_id, NOW + timedelta(minutes=10)
        session.add(report)
        session.flush()
        colleague = staff(session, R.ACCEPTOR)
        with pytest.raises(LeasedByAnother):
            case.do(session, A.ACCEPT, by=colleague)
        case.later(minutes=10).do(session, A.ACCEPT, by=colleague)
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        report = case.report(session)
        report.lease_owner_id, report.lease_until = case.people[R.ACCEPTOR].user_id, NOW + timedelta(minutes=10)
        session.add(report)
        session.flush()
        assert case.do(session, A.WITHDRAW).status is S.WITHDRAWN


def test_a_lease_ends_when_the_report_changes_hands(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        report = case.report(session)
        report.lease_owner_id, report.lease_until = case.people[R.ACCEPTOR].user_id, NOW + timedelta(minutes=10)
        session.add(report)
        session.flush()
        assert case.do(session, A.ACCEPT).lease_owner_id is not None
        filed = case.do(session, A.FILE)
        assert (filed.lease_owner_id, filed.lease_until) == (None, None)
