"""What each action does to a report's clocks: the clock column of the workflow table, line by line."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from sqlmodel import Session

from app.domain.limits import Limit, LimitUnit, due_at
from app.domain.roles import Role
from app.domain.workflow import TERMINAL, Action, Stage, Status
from app.infra.database import Database
from app.reports.models import Report
from app.sla.models import Timer, TimerState
from app.sla.policies import DEFAULT_STAGE_LIMITS, load_default_limits, load_stage_limits
from app.sla.timers import timers_of
from tests.builders import DECISIVE_CATEGORY, NOW, OTHER_UNIT, PATHS, a_case, a_report, at_status, staff
from tests.towns import Town

A, S = Action, Status
RUNNING, PAUSED, STOPPED, CANCELLED = TimerState.RUNNING, TimerState.PAUSED, TimerState.STOPPED, TimerState.CANCELLED
HANDLE_LIMIT_S = 2 * 3600


def clocks(session: Session, report: Report) -> list[tuple[Stage, TimerState]]:
    session.flush()
    return [(timer.stage, timer.state) for timer in timers_of(session, report.id or 0)]


def the_timer(session: Session, report: Report, stage: Stage) -> Timer:
    """Return the newest timer of a stage."""
    return [timer for timer in timers_of(session, report.id or 0) if timer.stage is stage][-1]


def beijing(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def test_submitting_starts_acceptance(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world)
        assert clocks(session, report) == [(Stage.ACCEPT, RUNNING)]
        assert report.due_at == NOW + timedelta(minutes=15)
        assert report.handle_due_at is None


def test_a_decisive_rule_passes_three_stages_in_no_time_and_starts_handling(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY)
        assert clocks(session, report) == [
            (Stage.ACCEPT, STOPPED),
            (Stage.FILE, STOPPED),
            (Stage.DISPATCH, STOPPED),
            (Stage.HANDLE, RUNNING),
        ]
        for timer in timers_of(session, report.id or 0)[:3]:
            assert (timer.counted_s, timer.stopped_at, timer.is_late, timer.next_step_at) == (0, NOW, False, None)
        assert report.due_at == report.handle_due_at == beijing("2026-11-20 12:00")


@pytest.mark.parametrize("action", [A.ACCEPT, A.REJECT, A.WITHDRAW, A.VOID])
def test_acceptance_stops_when_somebody_decides(town: Town, action: Action) -> None:
    with town.database.transaction() as session:
        report = a_case(session, town.world).later(minutes=10).do(session, action)
        timer = the_timer(session, report, Stage.ACCEPT)
        assert (timer.state, timer.counted_s, timer.is_late) == (STOPPED, 600, False)


def test_acceptance_is_late_after_its_quarter_of_an_hour(town: Town) -> None:
    with town.database.transaction() as session:
        for minutes, is_late in ((15, False), (15.1, True)):
            report = a_case(session, town.world).later(minutes=minutes).do(session, A.ACCEPT)
            assert the_timer(session, report, Stage.ACCEPT).is_late is is_late


def test_verification_pauses_acceptance_and_runs_its_own_clock(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world).later(minutes=5)
        report = case.do(session, A.REQUEST_VERIFICATION)
        assert clocks(session, report) == [(Stage.ACCEPT, PAUSED), (Stage.VERIFY, RUNNING)]
        assert report.due_at == case.now + timedelta(hours=4)  # two working hours over lunch
        case.later(minutes=55).do(session, A.REPORT_VERIFICATION)
        assert clocks(session, report) == [(Stage.ACCEPT, RUNNING), (Stage.VERIFY, STOPPED)]
        accept = the_timer(session, report, Stage.ACCEPT)
        assert accept.counted_s == 300
        assert report.due_at == accept.due_at == case.now + timedelta(minutes=10)


def test_verification_of_an_accepted_report_pauses_filing(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.VERIFYING)
        report = case.do(session, A.REPORT_VERIFICATION)
        assert report.status is S.ACCEPTED
        assert clocks(session, report) == [(Stage.ACCEPT, STOPPED), (Stage.FILE, RUNNING), (Stage.VERIFY, STOPPED)]


def test_filing_starts_dispatch_and_dispatch_starts_handling_not_signing(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.FILED)
        report = case.later(minutes=10).do(session, A.DISPATCH)
        handle = the_timer(session, report, Stage.HANDLE)
        assert the_timer(session, report, Stage.DISPATCH).counted_s == 600
        assert (handle.started_at, handle.unit_code, handle.limit_s) == (case.now, report.unit_code, HANDLE_LIMIT_S)
        before = (handle.due_at, handle.since, handle.counted_s)
        case.later(minutes=20).do(session, A.SIGN)
        case.later(minutes=5).do(session, A.ASSIGN)
        assert (handle.due_at, handle.since, handle.counted_s) == before
        assert report.due_at == report.handle_due_at == handle.due_at


def test_the_closing_deadline_is_handling_plus_review_check_and_close(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world, category=DECISIVE_CATEGORY)
    # Handling ends at noon; 2 + 4 + 1 working hours later it is Monday 11:00.
    assert report.handle_due_at == beijing("2026-11-20 12:00")
    assert report.closing_due_at == beijing("2026-11-23 11:00")
    total = Limit(Decimal(7), LimitUnit.WORK_HOUR)
    assert report.closing_due_at == due_at(town.world.city.calendar, report.handle_due_at, total)


def test_a_return_pauses_handling_and_a_fresh_dispatch_clock_runs(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        report = case.later(minutes=30).do(session, A.RETURN)
        assert clocks(session, report)[2:] == [
            (Stage.DISPATCH, STOPPED),
            (Stage.HANDLE, PAUSED),
            (Stage.DISPATCH, RUNNING),
        ]
        assert (report.holder, report.due_at) == ("dispatch", case.now + timedelta(minutes=15))
        assert the_timer(session, report, Stage.HANDLE).counted_s == 1800


def test_the_same_unit_resumes_its_clock_and_answers_for_nothing_in_between(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=30).do(session, A.RETURN)
        report = case.later(minutes=45).do(session, A.DISPATCH, by=Role.SUPERVISOR)
        handles = [timer for timer in timers_of(session, report.id or 0) if timer.stage is Stage.HANDLE]
        assert [(timer.state, timer.counted_s) for timer in handles] == [(RUNNING, 1800)]
        # Half an hour used by 10:30, an hour and a half left from 11:15: 45 minutes before and after lunch.
        assert report.handle_due_at == report.due_at == handles[0].due_at == beijing("2026-11-20 14:45")


def test_another_unit_gets_a_clock_of_its_own_and_the_old_one_stands(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=30).do(session, A.RETURN)
        report = case.later(minutes=10).do(session, A.DISPATCH, unit=OTHER_UNIT)
        old, new = [timer for timer in timers_of(session, report.id or 0) if timer.stage is Stage.HANDLE]
        assert (old.state, old.counted_s) == (PAUSED, 30 * 60)
        assert (new.state, new.unit_code, new.started_at, new.counted_s) == (RUNNING, OTHER_UNIT, case.now, 0)


def test_a_unit_that_gets_it_back_after_another_goes_on_from_where_it_stood(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        first = case.report(session).unit_code
        case.later(minutes=30).do(session, A.RETURN)
        case.later(minutes=1).do(session, A.DISPATCH, unit=OTHER_UNIT)
        others = staff(session, Role.UNIT_LEAD, unit_code=OTHER_UNIT)
        case.later(minutes=1).do(session, A.RETURN, by=others)
        report = case.later(minutes=1).do(session, A.DISPATCH, by=Role.SUPERVISOR, unit=first)
        handling = [timer for timer in timers_of(session, report.id or 0) if timer.stage is Stage.HANDLE]
        assert [(timer.unit_code, timer.state, timer.counted_s) for timer in handling] == [
            (first, RUNNING, 30 * 60),
            (OTHER_UNIT, PAUSED, 60),
        ]


def test_nobody_is_due_while_a_return_is_with_the_desk(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        report = case.later(minutes=30).do(session, A.RETURN)
        assert (report.handle_due_at, report.closing_due_at) == (None, None)
        report = case.later(minutes=10).do(session, A.DISPATCH, unit=OTHER_UNIT)
        assert report.handle_due_at is not None


@pytest.mark.parametrize("status", [S.FILED, S.RETURNED])
def test_sending_back_to_acceptance_cancels_dispatch_and_handling(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        report = case.later(minutes=5).do(session, A.SEND_BACK)
        found = clocks(session, report)
        assert found[-1] == (Stage.FILE, RUNNING)
        cancelled = [Stage.DISPATCH] if status is S.FILED else [Stage.HANDLE, Stage.DISPATCH]
        assert [stage for stage, state in found if state is CANCELLED] == cancelled
        assert (report.handle_due_at, report.closing_due_at) == (None, None)
        assert report.due_at == case.now + timedelta(minutes=15)


@pytest.mark.parametrize(
    ("status", "cancelled"),
    [
        (S.SUBMITTED, [Stage.ACCEPT]),
        (S.VERIFYING, [Stage.FILE, Stage.VERIFY]),
        (S.FILED, [Stage.DISPATCH]),
        (S.HANDLING, [Stage.HANDLE]),
        (S.RETURNED, [Stage.HANDLE, Stage.DISPATCH]),
    ],
)
def test_merging_cancels_whatever_runs_or_stands(town: Town, status: Status, cancelled: list[Stage]) -> None:
    with town.database.transaction() as session:
        report = at_status(session, town.world, status).later(minutes=5).do(session, A.MERGE)
        found = clocks(session, report)
        assert [stage for stage, state in found if state is CANCELLED] == cancelled
        assert {state for _, state in found} <= {CANCELLED, STOPPED}
        assert (report.due_at, report.handle_due_at, report.closing_due_at) == (None, None, None)
        assert not any(timer.is_late for timer in timers_of(session, report.id or 0))


def test_unmerging_starts_acceptance_anew_and_the_unit_gets_a_new_clock(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=5).do(session, A.MERGE)
        report = case.later(minutes=20).do(session, A.UNMERGE)
        accept = the_timer(session, report, Stage.ACCEPT)
        assert (accept.state, accept.started_at, accept.counted_s) == (RUNNING, case.now, 0)
        assert report.due_at == accept.due_at == case.now + timedelta(minutes=15)
        case.walk(session, *PATHS[S.DISPATCHED])
        assert [(each.state, each.counted_s) for each in handling(session, report)] == [(CANCELLED, 300), (RUNNING, 0)]


def test_a_reopened_report_gets_new_clocks_and_keeps_the_old_ones(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=30).walk(session, A.RESOLVE, A.PASS_REVIEW, A.PASS_CHECK, A.CLOSE)
        case.later(hours=5).walk(session, A.REQUEST_REOPEN)
        assert case.report(session).due_at is None
        report = case.later(minutes=5).do(session, A.ACCEPT_REOPEN)
        assert clocks(session, report)[-1] == (Stage.DISPATCH, RUNNING)
        assert report.due_at == case.now + timedelta(minutes=15)
        assert (report.handle_due_at, report.closing_due_at) == (None, None)
        case.later(minutes=5).do(session, A.DISPATCH)
        assert [(each.state, each.counted_s) for each in handling(session, report)] == [(STOPPED, 1800), (RUNNING, 0)]
        two_hours = Limit(Decimal(2), LimitUnit.WORK_HOUR)
        assert report.handle_due_at == due_at(town.world.city.calendar, case.now, two_hours)
        # A rework goes on with the new clock, not with the old one.
        case.later(minutes=1).walk(session, A.SIGN, A.RESOLVE, A.REWORK)
        assert [(each.state, each.counted_s) for each in handling(session, report)] == [(STOPPED, 1800), (RUNNING, 60)]


def handling(session: Session, report: Report) -> list[Timer]:
    session.flush()
    return [timer for timer in timers_of(session, report.id or 0) if timer.stage is Stage.HANDLE]


def test_resolving_stops_handling_and_starts_review(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        report = case.later(minutes=42).do(session, A.RESOLVE)
        handle = the_timer(session, report, Stage.HANDLE)
        assert (handle.state, handle.counted_s, handle.is_late) == (STOPPED, 42 * 60, False)
        assert clocks(session, report)[-1] == (Stage.REVIEW, RUNNING)
        assert report.handle_due_at == beijing("2026-11-20 12:00")


@pytest.mark.parametrize(
    ("finished", "is_late"),
    [("2026-11-20 12:00:00", False), ("2026-11-20 12:00:01", True), ("2026-11-20 13:30", True)],
)
def test_finishing_at_noon_is_in_time_and_after_noon_is_late_though_it_is_lunch(
    town: Town, finished: str, is_late: bool
) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        assert the_timer(session, case.report(session), Stage.HANDLE).due_at == beijing("2026-11-20 12:00")
        case.now = beijing(finished)
        report = case.do(session, A.RESOLVE)
        assert the_timer(session, report, Stage.HANDLE).is_late is is_late


@pytest.mark.parametrize("action", [A.REWORK, A.FAIL_CHECK])
@pytest.mark.parametrize(
    ("used", "left"),
    [
        ({"minutes": 30}, timedelta(minutes=90)),
        ({"minutes": 110}, timedelta(minutes=30)),  # a quarter of two hours
        ({"hours": 6}, timedelta(minutes=30)),
    ],
)
def test_rework_goes_on_with_what_is_left_at_least_a_quarter(
    town: Town, action: Action, used: dict[str, float], left: timedelta
) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(**used).do(session, A.RESOLVE)
        if action is A.FAIL_CHECK:
            case.do(session, A.PASS_REVIEW)
        case.now = beijing("2026-11-23 08:00")
        report = case.do(session, action)
        assert (report.status, report.rework_count) == (S.HANDLING, 1)
        handles = [timer for timer in timers_of(session, report.id or 0) if timer.stage is Stage.HANDLE]
        assert [timer.state for timer in handles] == [RUNNING]
        assert report.handle_due_at == handles[0].due_at == case.now + left


def test_a_second_rework_counts_on(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=30).walk(session, A.RESOLVE, A.REWORK)
        case.later(minutes=30).walk(session, A.RESOLVE, A.PASS_REVIEW)
        report = case.do(session, A.FAIL_CHECK)
        assert the_timer(session, report, Stage.HANDLE).counted_s == 3600
        assert report.rework_count == 2


@pytest.mark.parametrize(
    ("action", "stopped", "started"),
    [
        (A.PASS_REVIEW, Stage.REVIEW, Stage.CHECK),
        (A.PASS_CHECK, Stage.CHECK, Stage.CLOSE),
    ],
)
def test_review_and_check_hand_on_from_clock_to_clock(
    town: Town, action: Action, stopped: Stage, started: Stage
) -> None:
    status = {A.PASS_REVIEW: S.RESOLVED, A.PASS_CHECK: S.CHECKING}[action]
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        report = case.later(minutes=20).do(session, action)
        assert clocks(session, report)[-2:] == [(stopped, STOPPED), (started, RUNNING)]
        limit = town.world.stage_limits[started]
        assert report.due_at == due_at(town.world.city.calendar, case.now, limit)


def who_voids(status: Status) -> Role:
    return Role.ACCEPTOR if status in {S.SUBMITTED, S.ACCEPTED, S.VERIFYING, S.FILED} else Role.DISPATCHER


@pytest.mark.parametrize("status", sorted(PATHS, key=str))
def test_no_clock_runs_once_a_report_is_over(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        if status not in TERMINAL:
            case.later(minutes=1).do(session, A.VOID, by=who_voids(status))
        report = case.report(session)
        assert {state for _, state in clocks(session, report)} <= {STOPPED, CANCELLED}
        assert [timer.next_step_at for timer in timers_of(session, report.id or 0) if timer.next_step_at] == []
        assert (report.holder, report.due_at) == (None, None)


@pytest.mark.parametrize("status", sorted(set(PATHS) - TERMINAL, key=str))
def test_exactly_one_clock_runs_on_the_way(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
        for action in PATHS[status]:
            report = case.later(minutes=1).do(session, action)
            states = [state for _, state in clocks(session, report)]
            assert states.count(RUNNING) == 1
            assert report.holder is not None
            assert report.due_at is not None


def test_the_default_limits_are_those_of_the_product(database: Database) -> None:
    with database.transaction() as session:
        load_default_limits(session)
        load_default_limits(session)
        limits = load_stage_limits(session)
    assert limits == DEFAULT_STAGE_LIMITS
    assert {stage: str(limit.amount) for stage, limit in DEFAULT_STAGE_LIMITS.items()} == {
        Stage.ACCEPT: "0.25",
        Stage.VERIFY: "2",
        Stage.FILE: "0.25",
        Stage.DISPATCH: "0.25",
        Stage.REVIEW: "2",
        Stage.CHECK: "4",
        Stage.CLOSE: "1",
    }
    assert {limit.unit for limit in limits.values()} == {LimitUnit.WORK_HOUR}
