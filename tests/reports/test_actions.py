"""Who may do what to a report: every refusal by its name, every status by the real way to it."""

import pytest
from pydantic import ValidationError
from sqlmodel import Session

from app.domain.roles import STAFF_ROLES, Role
from app.domain.workflow import DESK_OF, TERMINAL, Action, IllegalTransition, RoleMayNot, Status
from app.journal.queries import entries_of, texts_of
from app.media.queries import photos_of
from app.reports.access import ReportNotFound
from app.reports.actions import schemas as words
from app.reports.actions.verbs import VERBS
from app.reports.models import Report
from app.reports.offering import offered_actions
from tests.builders import BEFORE, NOW, PATHS, ROLE_OF, WITH_REASON, Case, at_status, point
from tests.builders_city import IN_LICUN
from tests.query_recorder import QueryRecorder
from tests.towns import Town

A, R, S = Action, Role, Status
BUILT = sorted(VERBS, key=lambda action: action.value)
REACHED = sorted(PATHS, key=lambda status: status.value)
# Sources of the actions that are built, once more by hand.
SOURCES: dict[Action, set[Status]] = {
    A.ACCEPT: {S.SUBMITTED},
    A.REJECT: {S.SUBMITTED},
    A.WITHDRAW: {S.SUBMITTED, S.ACCEPTED, S.VERIFYING, S.FILED, S.DISPATCHED, S.RETURNED},
    A.REQUEST_VERIFICATION: {S.SUBMITTED, S.ACCEPTED},
    A.REPORT_VERIFICATION: {S.VERIFYING},
    A.FILE: {S.ACCEPTED},
    A.VOID: set(PATHS) - {S.REJECTED, S.VOIDED, S.WITHDRAWN, S.MERGED},
    A.MERGE: {S.SUBMITTED, S.ACCEPTED, S.VERIFYING, S.FILED, S.DISPATCHED, S.HANDLING, S.RETURNED},
    A.UNMERGE: {S.MERGED},
    A.DISPATCH: {S.FILED, S.RETURNED},
    A.SIGN: {S.DISPATCHED},
    A.ASSIGN: {S.DISPATCHED, S.HANDLING},
    A.RETURN: {S.DISPATCHED, S.HANDLING},
    A.SEND_BACK: {S.FILED, S.RETURNED},
    A.SUBMIT_RESULT: {S.HANDLING},
    A.INTERNAL_REWORK: {S.HANDLING},
    A.RESOLVE: {S.HANDLING},
    A.PASS_REVIEW: {S.RESOLVED},
    A.REWORK: {S.RESOLVED},
    A.PASS_CHECK: {S.CHECKING},
    A.FAIL_CHECK: {S.CHECKING},
    A.CLOSE: {S.CHECKED},
    A.RATE: {S.CLOSED},
    A.REQUEST_REOPEN: {S.CLOSED},
    A.ACCEPT_REOPEN: {S.CLOSED},
    A.REFUSE_REOPEN: {S.CLOSED},
    A.SUPPLEMENT: set(PATHS) - TERMINAL,
    A.NOTE: set(PATHS),
}


ALLOWED: dict[Action, set[Role]] = {
    A.DISPATCH: {R.DISPATCHER, R.SUPERVISOR},
    A.SIGN: {R.UNIT_LEAD, R.HANDLER},
    A.ASSIGN: {R.UNIT_LEAD, R.HANDLER},
    A.RETURN: {R.UNIT_LEAD, R.HANDLER},
    A.SUBMIT_RESULT: {R.UNIT_LEAD, R.HANDLER},
    A.SUPPLEMENT: {R.CITIZEN, R.SERVICE},
    A.NOTE: set(STAFF_ROLES),
}
"""Where more than the usual role may take an action."""


def usual_role(action: Action, status: Status) -> Role:
    if action is A.VOID and status not in {S.SUBMITTED, S.ACCEPTED, S.VERIFYING, S.FILED}:
        return R.SUPERVISOR if status is S.CLOSED else R.DISPATCHER
    if action is A.DISPATCH and status is S.RETURNED:
        return R.SUPERVISOR  # back to the unit that returned it
    return ROLE_OF[action]


def test_every_action_that_is_built_has_its_sources_and_its_usual_role_here() -> None:
    assert set(VERBS) == set(SOURCES) == set(ROLE_OF)


@pytest.mark.parametrize("status", REACHED)
def test_each_action_works_where_it_belongs_and_is_refused_elsewhere(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        unit = case.report(session).unit_code
        for action in BUILT:
            role = usual_role(action, status)
            with session.begin_nested() as attempt:
                if status in SOURCES[action]:
                    case.walk(session, *BEFORE.get(action, ()))
                    seq = case.report(session).journal_seq
                    check_invariants(session, case.do(session, action, by=role), seq)
                else:
                    is_seen_by = unit is not None or role not in {R.UNIT_LEAD, R.HANDLER}
                    with pytest.raises(IllegalTransition if is_seen_by else ReportNotFound):
                        case.do(session, action, by=role)
                attempt.rollback()


def check_invariants(session: Session, report: Report, before: int) -> None:
    """One entry per action, one holder while open, and the row agrees with the last entry."""
    assert report.journal_seq == before + 1
    last = entries_of(session, report.id or 0)[-1]
    assert (last.seq, last.to_status, last.holder, last.hash) == (
        report.journal_seq,
        report.status,
        report.holder,
        report.journal_hash,
    )
    if report.status in TERMINAL:
        assert report.holder is None
    else:
        desk = DESK_OF[report.status]
        assert report.holder == (desk.value if desk else report.unit_code)
        assert report.holder is not None


@pytest.mark.parametrize("action", BUILT)
def test_only_its_roles_may_do_an_action(town: Town, action: Action) -> None:
    status = next(status for status in PATHS if status in SOURCES[action])
    allowed = ALLOWED.get(action, {ROLE_OF[action]})
    with town.database.transaction() as session:
        case = prepared(session, town, action, status)
        before = case.report(session).version
        seeing = set(Role) - {R.SERVICE}  # it did not send this one
        if case.report(session).unit_code is None:
            seeing -= {R.UNIT_LEAD, R.HANDLER}
        for role in set(Role) - allowed:
            with pytest.raises(RoleMayNot if role in seeing else ReportNotFound):
                case.do(session, action, by=role)
        report = case.report(session)
        assert report.version == before
        offered = {role for role in seeing if action in offered_actions(report, case.people[role], NOW)}
        assert offered == allowed & seeing


def prepared(session: Session, town: Town, action: Action, status: Status) -> Case:
    """Return a report on which the action can be taken."""
    case = at_status(session, town.world, status)
    case.walk(session, *BEFORE.get(action, ()))
    return case


def test_each_change_is_a_new_version_by_the_role_that_allowed_it(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.CLOSED)
        report = case.do(session, A.RATE)
        entries = entries_of(session, report.id or 0)
    assert report.version == len(entries) == 10
    assert [entry.actor_role for entry in entries] == [
        "citizen",
        "acceptor",
        "acceptor",
        "dispatcher",
        "handler",
        "unit_lead",
        "dispatcher",
        "inspector",
        "acceptor",
        "citizen",
    ]


# Reasons and words -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("reason", ["", " ", "\t\n", "短", "长" * 1001])
def test_a_reason_has_two_characters_to_a_thousand(reason: str) -> None:
    for field, body in (
        ("reason", words.ReasonBody),
        ("result", words.ResultBody),
        ("result", words.ResolveBody),
        ("reason", words.FailedCheckBody),
    ):
        with pytest.raises(ValidationError, match=f"{field}\n"):
            body.model_validate({field: reason, "photo_ids": ["x"], "point": point(IN_LICUN)})


@pytest.mark.parametrize("action", sorted(WITH_REASON, key=str))
def test_the_reason_is_kept(town: Town, action: Action) -> None:
    status = next(status for status in PATHS if status in SOURCES[action])
    with town.database.transaction() as session:
        report = prepared(session, town, action, status).do(session, action, reason=f"因为{action.value}")
        assert texts_of(session, report.id or 0)[report.journal_seq][1] == f"因为{action.value}"


# Time --------------------------------------------------------------------------------------------------------------


def test_history_does_not_run_backwards_when_a_clock_does(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.FILED)
        report = case.later(seconds=-5).do(session, A.DISPATCH)
        assert report.dispatched_at == report.changed_at == NOW
        assert [entry.at for entry in entries_of(session, report.id or 0)] == [NOW] * 4


# Cost --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", BUILT)
def test_an_action_costs_few_statements(town: Town, action: Action) -> None:
    status = next(status for status in PATHS if status in SOURCES[action])
    with town.database.transaction() as session:
        case = prepared(session, town, action, status)
        body = case.body(session, action, case.people[ROLE_OF[action]])
    with QueryRecorder(town.database) as recorder, town.database.transaction() as session:
        case.do(session, action, body)
    assert len(recorder.statements) <= 10, recorder.statements


def test_photos_of_every_step_are_kept_in_order(town: Town) -> None:
    with town.database.transaction() as session:
        report = at_status(session, town.world, S.CLOSED).report(session)
        photos = photos_of(session, [report.id or 0])[report.id or 0]
    assert [photo.owner_id == report.reporter_id for photo in photos].count(True) == 1
    assert len(photos) == 3
