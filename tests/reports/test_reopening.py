"""Another try: asked for once by who reported it, answered by the desk, measured anew."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlmodel import Session, col

from app.domain.durations import Happening, Milestone, confirmed_handling_end, milestones, stage_spans, total
from app.domain.roles import Role
from app.domain.workflow import Action, RoleMayNot, Status
from app.journal.queries import each_history, entries_of
from app.reports.access import ReportNotFound
from app.reports.actions import schemas as words
from app.reports.errors import AlreadySigned, RatingClosed, ReasonRequired, ReopenClosed, ReopenNotRequested
from app.reports.models import Report
from app.reports.offering import offered_actions
from app.reports.present import Reader, read
from app.reports.schemas import ReportRead
from tests.builders import NOW, OTHER_UNIT, Case, a_citizen, at_status, staff
from tests.towns import Town

A, R, S = Action, Role, Status
TO_CLOSED = (A.DISPATCH, A.SIGN, A.RESOLVE, A.PASS_REVIEW, A.PASS_CHECK, A.CLOSE)


def read_by_citizen(session: Session, case: Case) -> ReportRead:
    reader = Reader(case.people[R.CITIZEN], case.now, case.world, b"for tests only")
    return read(session, case.report(session), reader=reader)


def reopened(session: Session, town: Town) -> Case:
    case = at_status(session, town.world, S.CLOSED)
    case.later(days=1).do(session, A.REQUEST_REOPEN)
    case.later(hours=1).do(session, A.ACCEPT_REOPEN)
    return case


# Asking -------------------------------------------------------------------------------------------------------------


def test_a_request_leaves_the_report_closed_and_waits_for_the_desk(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        report = case.later(days=15).do(session, A.REQUEST_REOPEN, reason="又坏了")
        assert (report.status, report.holder, report.due_at) == (S.CLOSED, None, None)
        assert (report.reopen_requested_at, report.closed_at) == (case.now, NOW)
        read_back = read_by_citizen(session, case)
        assert (read_back.timeline[-1].text, read_back.timeline[-1].note) == ("您已申请重办", "又坏了")
        assert read_back.reopen_requested_at == case.now


def test_fifteen_days_after_closing_it_is_too_late(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED).later(days=15, seconds=1)
        with pytest.raises(ReopenClosed) as refused:
            case.do(session, A.REQUEST_REOPEN)
        assert refused.value.facts == {"days": 15}
        assert A.REQUEST_REOPEN not in offered_actions(case.report(session), case.people[R.CITIZEN], case.now)


@pytest.mark.parametrize("answer", [None, A.REFUSE_REOPEN, A.ACCEPT_REOPEN])
def test_it_is_asked_for_once_whatever_the_answer_was(town: Town, answer: Action | None) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        case.do(session, A.REQUEST_REOPEN)
        if answer is not None:
            case.do(session, answer)
        if answer is A.ACCEPT_REOPEN:
            case.walk(session, *TO_CLOSED)
        with pytest.raises(ReopenClosed):
            case.do(session, A.REQUEST_REOPEN)


def test_only_who_reported_it_asks(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        with pytest.raises(ReportNotFound):
            case.do(session, A.REQUEST_REOPEN, by=a_citizen(session))
        with pytest.raises(RoleMayNot):
            case.do(session, A.REQUEST_REOPEN, by=staff(session, R.CITIZEN, R.ACCEPTOR))


# Answering ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [A.ACCEPT_REOPEN, A.REFUSE_REOPEN])
def test_only_a_request_is_answered_and_only_once(town: Town, answer: Action) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        with pytest.raises(ReopenNotRequested):
            case.do(session, answer)
        assert answer not in offered_actions(case.report(session), case.people[R.ACCEPTOR], NOW)
        case.walk(session, A.REQUEST_REOPEN)
        assert answer in offered_actions(case.report(session), case.people[R.ACCEPTOR], NOW)
        case.walk(session, A.REFUSE_REOPEN)
        with pytest.raises(ReopenNotRequested):
            case.do(session, answer)


def test_a_refusal_leaves_it_closed_and_its_reason_is_read(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        case.walk(session, A.REQUEST_REOPEN)
        report = case.do(session, A.REFUSE_REOPEN, reason="照片显示已修好")
        assert (report.status, report.reopen_requested_at) == (S.CLOSED, None)
        assert read_by_citizen(session, case).timeline[-1].note == "照片显示已修好"


def test_a_granted_request_starts_dispatch_anew_with_the_unit_that_had_it(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.FILED)
        case.do(session, A.DISPATCH, unit=OTHER_UNIT)
        lead = staff(session, R.UNIT_LEAD, unit_code=OTHER_UNIT)
        case.do(session, A.SIGN, by=lead)
        case.do(session, A.RESOLVE, by=lead)
        case.walk(session, A.PASS_REVIEW, A.PASS_CHECK, A.CLOSE, A.RATE)
        case.later(days=1).walk(session, A.REQUEST_REOPEN)
        report = case.do(session, A.ACCEPT_REOPEN)
        assert (report.status, report.holder, report.unit_code) == (S.FILED, "dispatch", None)
        assert (report.proposed_unit_code, report.handler_id) == (OTHER_UNIT, None)
        assert (report.closed_at, report.dispatched_at, report.signed_at) == (None, None, None)
        assert (report.has_result, report.reopen_requested_at) == (False, None)
        assert (report.feedback_at, report.rating_score) == (NOW, 3)  # of the first try, until there is another
        assert entries_of(session, report.id or 0)[-1].facts == {"unit": OTHER_UNIT}
        with pytest.raises(ReportNotFound):
            case.do(session, A.SIGN, by=lead)


def test_what_a_unit_has_worked_on_is_not_withdrawn_after_a_reopening(town: Town) -> None:
    with town.database.transaction() as session:
        case = reopened(session, town)
        with pytest.raises(AlreadySigned):
            case.do(session, A.WITHDRAW)
        assert A.WITHDRAW not in offered_actions(case.report(session), case.people[R.CITIZEN], case.now)


def test_a_new_try_needs_a_new_photo_and_gets_a_verdict_of_its_own(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        case.do(session, A.RATE, score=words.Score.DISSATISFIED, reason="没修")
        case.later(days=1).walk(session, A.REQUEST_REOPEN, A.ACCEPT_REOPEN)
        case.later(hours=1).walk(session, *TO_CLOSED)
        with pytest.raises(RatingClosed):
            case.later(days=16).do(session, A.RATE)
        case.now -= timedelta(days=16)
        assert case.do(session, A.RATE).rating_score == 3
        with pytest.raises(RatingClosed):
            case.do(session, A.RATE)


def test_who_is_dissatisfied_says_why(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        with pytest.raises(ReasonRequired):
            case.do(session, A.RATE, score=words.Score.DISSATISFIED)
        assert case.do(session, A.RATE, score=words.Score.DISSATISFIED, reason="没修").rating_score == 1


def test_voiding_a_closed_report_ends_the_request(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        case.walk(session, A.REQUEST_REOPEN)
        assert case.do(session, A.VOID, by=R.SUPERVISOR).reopen_requested_at is None


# Measuring ----------------------------------------------------------------------------------------------------------


def natural(since: datetime, until: datetime) -> int:
    return (until - since) // timedelta(seconds=1)


def history_of(session: Session, case: Case) -> list[Happening]:
    ((_, history),) = each_history(session, select(col(Report.id)).where(col(Report.number) == case.number))
    return history


def test_a_reopened_report_counts_until_its_last_close_without_the_days_it_lay_closed(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=42).walk(session, A.RESOLVE, A.PASS_REVIEW, A.PASS_CHECK, A.CLOSE)
        case.later(days=3).walk(session, A.REQUEST_REOPEN)
        case.later(hours=1).walk(session, A.ACCEPT_REOPEN)
        history = history_of(session, case)
        assert Milestone.CLOSE not in milestones(history)
        assert confirmed_handling_end(history) is None
        case.later(hours=2).walk(session, *TO_CLOSED)
        report = case.report(session)
        history = history_of(session, case)
        reached = milestones(history)
        assert reached[Milestone.FEEDBACK] == NOW + timedelta(minutes=42)
        assert reached[Milestone.CLOSE] == report.closed_at == case.now
        stages = total(stage_spans(history), measure=natural, until=case.now)
        whole, closed = natural(NOW, case.now), natural(NOW + timedelta(minutes=42), case.now - timedelta(hours=2))
        assert stages == whole - closed
