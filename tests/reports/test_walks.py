"""Reports on random ways through the whole workflow table: after every step the house's invariants hold."""

import random
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import Session, col, select

from app.domain.durations import holder_spans, stage_spans, total
from app.domain.errors import DomainError
from app.domain.roles import Caller, Role
from app.domain.workflow import DESK_OF, STAGE_OF, TERMINAL, Action, Status
from app.journal.queries import each_history, entries_of, verify
from app.reports.actions import schemas as words
from app.reports.models import AssistingUnit, Report
from app.reports.offering import offered_actions
from app.reports.queries import chain_heads
from app.sla.models import TimerState
from app.sla.timers import timers_of
from tests.builders import OTHER_UNIT, SQUAD, Case, a_case, staff
from tests.builders_city import LICUN
from tests.towns import Town

A, R, S = Action, Role, Status

UNITS = (SQUAD, OTHER_UNIT, f"{LICUN}.street_office")
WALKS, STEPS, TOGETHER = 26, 36, 3
"""Walks of each seed, steps of a walk, and reports that are on their way at once and may be merged."""

AHEAD = (
    A.ACCEPT,
    A.REPORT_VERIFICATION,
    A.FILE,
    A.DISPATCH,
    A.SIGN,
    A.RESOLVE,
    A.PASS_REVIEW,
    A.PASS_CHECK,
    A.CLOSE,
    A.REQUEST_REOPEN,
    A.ACCEPT_REOPEN,
)
ENDING = (A.VOID, A.WITHDRAW, A.REJECT)
WEIGHTS = dict.fromkeys(AHEAD, 6.0) | dict.fromkeys(ENDING, 0.2) | {A.NOTE: 0.1}
"""How much more often than others an action is taken: most lead on, few end a report, anybody may note something."""


class Walk:
    """A few reports of one small city, and everybody who may do something with them."""

    def __init__(self, session: Session, cases: list[Case], dice: random.Random) -> None:
        self.session, self.cases, self.dice = session, cases, dice
        self.units = {
            unit: {role: staff(session, role, unit_code=unit) for role in (R.UNIT_LEAD, R.HANDLER)} for unit in UNITS
        }
        self.done: set[Action] = set()

    def step(self) -> None:
        """Take one action that is offered to somebody, or see it refused without a trace."""
        case = self.dice.choice(self.cases)
        for each in self.cases:
            each.now = max(other.now for other in self.cases)
        case.later(minutes=self.dice.choice([0, 0, 1, 7, 50, 600]))
        report = case.report(self.session)
        now = case.now
        choices = [
            (action, caller) for caller in self.callers(case, report) for action in offered_actions(report, caller, now)
        ]
        weights = [WEIGHTS.get(action, 1) for action, _ in choices]
        ((action, caller),) = self.dice.choices(choices, weights=weights)
        before = report.model_dump(), len(entries_of(self.session, report.id or 0))
        try:
            with self.session.begin_nested():
                case.do(self.session, action, self.body(action, caller), by=caller)
        except DomainError:
            self.session.expire_all()
            assert (case.report(self.session).model_dump(), len(entries_of(self.session, report.id or 0))) == before
        else:
            self.done.add(action)
            self.check_step(case, before[1])

    def callers(self, case: Case, report: Report) -> Iterator[Caller]:
        yield from (case.people[role] for role in Role if role not in {R.UNIT_LEAD, R.HANDLER, R.SERVICE})
        if report.unit_code is not None:
            yield from self.units[report.unit_code].values()

    def body(self, action: Action, caller: Caller) -> words.Body | None:
        if action is A.MERGE:
            return words.MergeBody(master=self.dice.choice(self.cases).number)
        if action is A.DISPATCH:
            lead, *others = self.dice.sample(UNITS, k=3)
            return words.DispatchBody(unit=lead, assisting=self.dice.choice([None, [], others[:1], others]))
        if action is A.ASSIGN:
            return words.AssignBody(handler_id=str(caller.user_id))
        return None

    def check_step(self, case: Case, entries: int) -> None:
        """Exactly one entry for the change itself, and the row agrees with it."""
        report = case.report(self.session)
        story = entries_of(self.session, report.id or 0)
        new = [entry for entry in story[entries:] if entry.actor_kind != "clock"]
        assert len(new) == 1
        assert (story[-1].to_status, story[-1].holder, story[-1].seq) == (
            report.status,
            report.holder,
            report.journal_seq,
        )
        check_holder(report)
        check_timers(self.session, report)
        if case.number == self.cases[0].number:
            check_times(self.session, case, report)

    def check_all(self) -> None:
        for case in self.cases:
            check_times(self.session, case, case.report(self.session))
        check_families(self.session)
        assert list(verify(self.session, chain_heads(self.session))) == []


def check_holder(report: Report) -> None:
    """Exactly one desk or unit holds an open report, and nobody a finished one."""
    if report.status in TERMINAL:
        assert (report.holder, report.lease_owner_id, report.due_at) == (None, None, None)
        return
    desk = DESK_OF[report.status]
    assert report.holder == (desk.value if desk else report.unit_code)
    assert report.holder is not None
    assert (report.closed_at, report.master_id, report.reopen_requested_at) == (None, None, None)


def check_timers(session: Session, report: Report) -> None:
    """One clock runs while a report is open, that of its stage, and none once it is over."""
    timers = timers_of(session, report.id or 0)
    running = [timer for timer in timers if timer.state is TimerState.RUNNING]
    if report.status in TERMINAL:
        assert {timer.state for timer in timers} <= {TimerState.STOPPED, TimerState.CANCELLED}
        assert [timer.next_step_at for timer in timers if timer.next_step_at] == []
    else:
        assert [timer.stage for timer in running] == [STAGE_OF[report.status]]
        assert report.due_at == running[0].due_at


def check_times(session: Session, case: Case, report: Report) -> None:
    """Stages and holders add up to the time in which the report was open."""
    selected = select(col(Report.id)).where(col(Report.id) == report.id)
    ((_, history),) = each_history(session, selected)
    until = max(case.now, history[-1].at)
    open_s = sum(
        (other - one.at) // timedelta(seconds=1)
        for one, other in zip(history, [*(each.at for each in history[1:]), until], strict=True)
        if one.status not in TERMINAL
    )
    for spans in (stage_spans(history), holder_spans(history)):
        assert total(spans, measure=lambda a, b: (b - a) // timedelta(seconds=1), until=until) == open_s


def check_families(session: Session) -> None:
    """Who follows is merged, whom they follow is not: there are no chains. Nobody assists where nobody leads."""
    reports = {report.id: report for report in session.exec(select(Report))}
    for report in reports.values():
        assert (report.status is S.MERGED) == (report.master_id is not None)
        if report.master_id is not None:
            assert reports[report.master_id].master_id is None
            assert report.unit_code is None
    for row in session.exec(select(AssistingUnit)):
        lead = reports[row.report_id].unit_code
        assert lead is not None
        assert lead != row.unit_code


@pytest.mark.parametrize("engine_name", ["sqlite"])  # the same statements; a quarter of the time
@pytest.mark.parametrize("seed", range(8))
def test_the_invariants_hold_on_every_way(town: Town, seed: int) -> None:
    dice = random.Random(seed)
    done: set[Action] = set()
    for _ in range(WALKS):
        with town.database.transaction() as session:
            walk = Walk(session, [a_case(session, town.world) for _ in range(TOGETHER)], dice)
            for _ in range(STEPS):
                walk.step()
            walk.check_all()
            done |= walk.done
            session.rollback()
    assert done >= {*AHEAD, A.MERGE, A.UNMERGE, A.RETURN, A.REWORK, A.FAIL_CHECK}
