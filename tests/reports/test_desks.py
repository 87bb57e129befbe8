"""What each desk, the unit and the citizen may and must do, one rule a test."""

from datetime import timedelta

import pytest
from pydantic import ValidationError
from sqlmodel import Session

from app.city.snapshot import UnknownCategory, UnknownCondition
from app.domain.gcj02 import Datum, wgs84_to_gcj02
from app.domain.roles import Role
from app.domain.workflow import Action, IllegalTransition, Status
from app.journal.queries import entries_of
from app.media.refusals import PhotoNotFound, PhotoTaken
from app.reports.access import ReportNotFound
from app.reports.actions import schemas as words
from app.reports.errors import (
    AlreadySigned,
    ClosingConditionNotMet,
    ConditionRequired,
    NeedsRuling,
    NotYourTask,
    PhotoRequired,
    RatingClosed,
    TooFar,
    UnitReturnedIt,
    UnknownHandler,
    UnknownUnit,
    VerificationRequired,
    VerifiedFalse,
)
from tests.builders import (
    DECISIVE_CATEGORY,
    NOW,
    OTHER_UNIT,
    SQUAD,
    Case,
    a_case,
    a_citizen,
    a_photo,
    at_status,
    point,
    staff,
)
from tests.builders_city import IN_LICUN, LICANG, LICUN
from tests.towns import Town

A, R, S = Action, Role, Status
# Acceptance --------------------------------------------------------------------------------------------------------


def test_accepting_needs_a_class(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        with pytest.raises(ConditionRequired):
            case.do(session, A.ACCEPT, words.AcceptBody())
        report = case.do(session, A.ACCEPT, words.AcceptBody(category="sanitation"))
        assert (report.category_code, report.class_code, report.accepted_at) == ("sanitation", "06010", NOW)


def test_a_citizens_category_is_enough_to_accept(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_case(session, town.world, category="other").do(session, A.ACCEPT, words.AcceptBody())
        assert report.class_code == "99000"


def condition_id(town: Town, class_code: str) -> str:
    return str(next(each.id for each in town.world.city.conditions if each.class_code == class_code))


def test_a_chosen_condition_changes_class_category_and_proposal(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world, category="other")
        body = words.AcceptBody(condition_id=condition_id(town, "06025"))
        report = case.do(session, A.ACCEPT, body)
        assert (report.class_code, report.category_code) == ("06025", "sanitation")
        assert (report.proposed_unit_code, report.rule_key) == (f"{LICANG}.water", "class-06025")
        again = case.do(session, A.FILE, words.FileBody(condition_id=condition_id(town, "06017")))
        assert (again.class_code, again.proposed_unit_code) == ("06017", f"{LICANG}.parks")


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (words.AcceptBody(category="no_such"), UnknownCategory),
        (words.AcceptBody(condition_id="999999999"), UnknownCondition),
    ],
)
def test_what_the_catalogue_does_not_know_is_refused(town: Town, body: words.AcceptBody, refusal: type) -> None:
    with town.database.transaction() as session, pytest.raises(refusal):
        a_case(session, town.world).do(session, A.ACCEPT, body)


def test_a_class_that_needs_verification_is_filed_only_after_a_visit(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        case.do(session, A.ACCEPT, words.AcceptBody(condition_id=condition_id(town, "06026")))
        with pytest.raises(VerificationRequired):
            case.do(session, A.FILE)
        case.walk(session, A.REQUEST_VERIFICATION, A.REPORT_VERIFICATION)
        assert case.do(session, A.FILE).status is S.FILED


def test_what_a_visit_found_to_be_untrue_is_not_filed(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.VERIFYING)
        report = case.do(session, A.REPORT_VERIFICATION, is_true=False)
        assert (report.status, report.is_verified) == (S.ACCEPTED, False)
        with pytest.raises(VerifiedFalse):
            case.do(session, A.FILE)
        assert case.do(session, A.VOID).status is S.VOIDED


def test_verification_goes_back_to_where_it_came_from(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        assert case.walk(session, A.REQUEST_VERIFICATION).came_from is S.SUBMITTED
        back = case.do(session, A.REPORT_VERIFICATION)
        assert (back.status, back.came_from) == (S.SUBMITTED, None)


# Citizens ----------------------------------------------------------------------------------------------------------


def test_a_citizen_withdraws_until_the_unit_has_signed(town: Town) -> None:
    with town.database.transaction() as session:
        assert at_status(session, town.world, S.DISPATCHED).do(session, A.WITHDRAW).status is S.WITHDRAWN
        case = at_status(session, town.world, S.HANDLING)
        with pytest.raises(IllegalTransition):
            case.do(session, A.WITHDRAW)
        case.do(session, A.RETURN)
        with pytest.raises(AlreadySigned):
            case.do(session, A.WITHDRAW)


def test_an_unsigned_returned_report_may_be_withdrawn(town: Town) -> None:
    with town.database.transaction() as session:
        assert at_status(session, town.world, S.RETURNED).do(session, A.WITHDRAW).status is S.WITHDRAWN


def test_a_report_is_rated_once_and_within_fifteen_days(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        report = case.later(days=15).do(session, A.RATE, score=words.Score.MOSTLY, is_solved=True)
        assert (report.rating_score, report.rated_at, report.status) == (2, case.now, S.CLOSED)
        assert report.closed_at == NOW
        with pytest.raises(RatingClosed):
            case.do(session, A.RATE)
        late = at_status(session, town.world, S.CLOSED)
        with pytest.raises(RatingClosed):
            late.later(days=15, seconds=1).do(session, A.RATE)


# Dispatch ----------------------------------------------------------------------------------------------------------


def test_the_proposal_is_confirmed_or_changed(town: Town) -> None:
    with town.database.transaction() as session:
        confirmed = at_status(session, town.world, S.FILED).do(session, A.DISPATCH, words.DispatchBody())
        assert (confirmed.unit_code, confirmed.dispatched_at) == (SQUAD, NOW)
        changed = at_status(session, town.world, S.FILED).do(session, A.DISPATCH, unit=OTHER_UNIT)
        assert changed.unit_code == OTHER_UNIT
        facts = [entries_of(session, report.id or 0)[-1].facts for report in (confirmed, changed)]
    assert facts[0]["rule"] == "class-09009"
    assert "rule" not in facts[1]
    assert facts[1]["unit_name"] == town.world.city.units[OTHER_UNIT].name


def test_an_unknown_unit_is_refused(town: Town) -> None:
    with town.database.transaction() as session, pytest.raises(UnknownUnit):
        at_status(session, town.world, S.FILED).do(session, A.DISPATCH, unit="370213.no_such")


def test_back_to_a_unit_that_returned_it_only_by_a_supervisors_ruling(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.RETURNED)
        with pytest.raises(UnitReturnedIt):
            case.do(session, A.DISPATCH)
        assert case.do(session, A.DISPATCH, by=R.SUPERVISOR).unit_code == SQUAD


def returned_twice(session: Session, town: Town) -> Case:
    case = at_status(session, town.world, S.RETURNED)
    case.do(session, A.DISPATCH, unit=OTHER_UNIT)
    case.do(session, A.RETURN, by=staff(session, R.UNIT_LEAD, unit_code=OTHER_UNIT))
    return case


@pytest.mark.parametrize("through_acceptance", [False, True])
def test_after_two_returns_a_supervisor_rules_even_after_a_new_acceptance(town: Town, through_acceptance: bool) -> None:
    with town.database.transaction() as session:
        case = returned_twice(session, town)
        if through_acceptance:
            case.walk(session, A.SEND_BACK, A.FILE)
        office = f"{LICUN}.street_office"
        with pytest.raises(NeedsRuling) as refused:
            case.do(session, A.DISPATCH, unit=office)
        assert refused.value.facts == {"returns": 2}
        assert case.do(session, A.DISPATCH, by=R.SUPERVISOR, unit=office).unit_code == office


def test_a_return_proposes_the_next_best_unit(town: Town) -> None:
    """First the runner-up that has not returned it, in the end the street office."""
    with town.database.transaction() as session:
        case = a_case(session, town.world, category=DECISIVE_CATEGORY, answers={"place_type": "carriageway"})
        police = f"{LICANG}.traffic_police"
        assert case.report(session).unit_code == police
        proposals = []
        for _ in range(3):
            unit = str(case.report(session).unit_code)
            report = case.do(session, A.RETURN, by=staff(session, R.UNIT_LEAD, unit_code=unit))
            proposals.append(report.proposed_unit_code)
            case.do(session, A.DISPATCH, words.DispatchBody(), by=R.SUPERVISOR)
        assert report.returned_by == [police, SQUAD, f"{LICUN}.street_office"]
    assert proposals == [SQUAD, f"{LICUN}.street_office", f"{LICUN}.street_office"]


def test_a_return_takes_task_and_proposed_result_away(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.walk(session, A.ASSIGN, A.SUBMIT_RESULT)
        report = case.do(session, A.RETURN)
        assert (report.handler_id, report.has_result, report.return_count) == (None, False, 1)


def test_another_unit_signs_for_itself(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.do(session, A.RETURN)
        report = case.do(session, A.DISPATCH, unit=OTHER_UNIT)
        assert (report.signed_at, report.status) == (None, S.DISPATCHED)
        with pytest.raises(ReportNotFound):
            case.do(session, A.SIGN)


# The unit ----------------------------------------------------------------------------------------------------------


def test_a_handler_takes_a_task_but_gives_it_to_nobody(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.DISPATCHED)
        me, lead = case.people[R.HANDLER], case.people[R.UNIT_LEAD]
        with pytest.raises(NotYourTask):
            case.do(session, A.ASSIGN, by=R.HANDLER, handler_id=str(lead.user_id))
        assert case.do(session, A.ASSIGN, by=R.HANDLER, handler_id=str(me.user_id)).handler_id == me.user_id


def test_assigning_an_unsigned_report_signs_it(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.DISPATCHED)
        report = case.later(minutes=3).do(session, A.ASSIGN)
        handler = case.people[R.HANDLER].user_id
        assert (report.status, report.signed_at, report.handler_id) == (S.HANDLING, case.now, handler)
        again = case.later(minutes=3).do(session, A.ASSIGN)
        assert again.signed_at == case.now - timedelta(minutes=3)


def test_only_a_member_of_the_unit_can_be_given_the_task(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        for stranger in (staff(session, R.HANDLER, unit_code=OTHER_UNIT), a_citizen(session)):
            with pytest.raises(UnknownHandler):
                case.do(session, A.ASSIGN, handler_id=str(stranger.user_id))
        with pytest.raises(UnknownHandler):
            case.do(session, A.ASSIGN, handler_id="999999999")


def test_a_task_is_done_by_whom_it_was_given_to_or_by_the_lead(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.do(session, A.ASSIGN)
        with pytest.raises(NotYourTask):
            case.do(session, A.SUBMIT_RESULT, by=staff(session, R.HANDLER, unit_code=SQUAD))
        assert case.do(session, A.SUBMIT_RESULT).has_result
        assert case.do(session, A.SUBMIT_RESULT, by=R.UNIT_LEAD).has_result


def test_a_result_needs_a_photo_of_it(town: Town) -> None:
    with pytest.raises(ValidationError):
        words.ResultBody(result="已清理", photo_ids=[])
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        with pytest.raises(PhotoRequired):
            case.do(session, A.RESOLVE, photo_ids=[])
        case.do(session, A.SUBMIT_RESULT)
        report = case.do(session, A.RESOLVE, photo_ids=[])
        assert (report.status, report.feedback_at) == (S.RESOLVED, NOW)


@pytest.mark.parametrize("again", [A.INTERNAL_REWORK, A.REWORK, A.FAIL_CHECK])
def test_a_result_sent_back_needs_a_new_photo(town: Town, again: Action) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.do(session, A.SUBMIT_RESULT)
        if again is not A.INTERNAL_REWORK:
            case.do(session, A.RESOLVE, photo_ids=[])
        if again is A.FAIL_CHECK:
            case.do(session, A.PASS_REVIEW)
        assert case.do(session, again).status is S.HANDLING
        with pytest.raises(PhotoRequired):
            case.do(session, A.RESOLVE, photo_ids=[])


def test_the_feedback_is_the_first_the_result_the_last(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=42).walk(session, A.RESOLVE, A.REWORK)
        report = case.later(minutes=10).do(session, A.RESOLVE)
        assert (report.feedback_at, report.resolved_at) == (NOW + timedelta(minutes=42), NOW + timedelta(minutes=52))
        assert report.rework_count == 1


@pytest.mark.parametrize("action", [A.SUBMIT_RESULT, A.RESOLVE])
def test_a_unit_shows_its_own_new_photos(town: Town, action: Action) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        someone_elses = a_photo(session, a_citizen(session))
        with pytest.raises(PhotoNotFound):
            case.do(session, action, photo_ids=[someone_elses])
        lead = case.people[R.UNIT_LEAD]
        used = a_photo(session, lead)
        case.do(session, A.SUBMIT_RESULT, by=lead, photo_ids=[used])
        with pytest.raises(PhotoTaken):
            case.do(session, action, by=lead, photo_ids=[used])


@pytest.mark.parametrize(("action", "status"), [(A.RESOLVE, S.HANDLING), (A.CLOSE, S.CHECKED)])
def test_who_gives_a_result_or_closes_confirms_the_closing_condition(
    town: Town, action: Action, status: Status
) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        words_of_it = town.world.city.condition(case.report(session).condition_id or 0).closing_condition
        assert words_of_it
        with pytest.raises(ClosingConditionNotMet) as refused:
            case.do(session, action, is_closing_condition_met=False)
        assert refused.value.facts == {"closing_condition": words_of_it}
        report = case.do(session, action)
        assert entries_of(session, report.id or 0)[-1].facts["closing_condition"] == words_of_it


# The spot ----------------------------------------------------------------------------------------------------------

NORTH_200_M = (IN_LICUN[0], IN_LICUN[1] + 0.001797)
NORTH_201_M = (IN_LICUN[0], IN_LICUN[1] + 0.00181)


@pytest.mark.parametrize(
    ("action", "status"),
    [(A.PASS_CHECK, S.CHECKING), (A.FAIL_CHECK, S.CHECKING), (A.REPORT_VERIFICATION, S.VERIFYING)],
)
def test_a_visit_is_made_on_the_spot(town: Town, action: Action, status: Status) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        with pytest.raises(TooFar) as refused:
            case.do(session, action, point=point(NORTH_201_M))
        assert refused.value.facts == {"distance_m": 201, "max_distance_m": 200}
        report = case.do(session, action, point=point(NORTH_200_M))
        assert entries_of(session, report.id or 0)[-1].facts["distance_m"] == 200


def test_the_inspectors_phone_may_speak_another_datum(town: Town) -> None:
    with town.database.transaction() as session:
        shifted = wgs84_to_gcj02(*IN_LICUN)
        case = at_status(session, town.world, S.CHECKING)
        with pytest.raises(TooFar):
            case.do(session, A.PASS_CHECK, point=point(shifted))
        report = case.do(session, A.PASS_CHECK, point=point(shifted, Datum.GCJ02))
        assert entries_of(session, report.id or 0)[-1].facts == {"photos": 1, "distance_m": 0}


def test_a_visit_needs_a_photo_and_a_position() -> None:
    for wrong in ({"photo_ids": [], "point": point(IN_LICUN)}, {"photo_ids": ["x"]}):
        with pytest.raises(ValidationError):
            words.VisitBody.model_validate(wrong)
