"""Warnings and breaches: each is said once, in order, late rather than never, by however many workers."""

import threading
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from app.domain.deadlines import StepKind
from app.domain.limits import Clock
from app.domain.roles import Role
from app.domain.workflow import Action, Stage, Status
from app.infra.database import Database
from app.journal.chain import Head, first_break
from app.journal.queries import entries_of
from app.reports.escalate import fire_due
from app.reports.jobs import fire_due_timers
from app.reports.models import Report
from app.reports.world import WorldHolder
from app.sla.models import Timer, TimerFiring
from tests.builders import DECISIVE_CATEGORY, NOW, OTHER_UNIT, a_case, a_report, at_status, the_world
from tests.towns import Town

A, S = Action, Status
SPOKEN = {A.WARN, A.BREACH}
SECOND = timedelta(seconds=1)
HALF, FOUR_FIFTHS, DEADLINE = (NOW + timedelta(minutes=minutes) for minutes in (60, 96, 120))
"""Of a report dispatched by rule at ten: two working hours until noon."""


def tick(town: Town, now: datetime) -> int:
    """Let the worker run until nothing is left, as the ticker does."""
    total = 0
    while True:
        with town.database.transaction() as session:
            fired = fire_due(session, world=town.world, now=now)
        if not fired:
            return total
        total += fired


def a_dispatched_report(town: Town) -> str:
    with town.database.transaction() as session:
        return a_report(session, town.world, category=DECISIVE_CATEGORY).number


def firings(session: Session) -> list[tuple[StepKind, int]]:
    found = session.exec(select(TimerFiring).order_by(col(TimerFiring.timer_id), col(TimerFiring.step))).all()
    return [(each.kind, each.percent) for each in found]


def spoken(session: Session, number: str) -> list[tuple[Action, object]]:
    report = session.exec(select(Report).where(Report.number == number)).one()
    entries = entries_of(session, report.id or 0)
    assert first_break(number, entries, Head(report.journal_seq, report.journal_hash)) is None
    return [(entry.action, entry.facts["percent"]) for entry in entries if entry.action in SPOKEN]


ALL_THREE = [(A.WARN, 50), (A.WARN, 80), (A.BREACH, 100)]


def test_each_step_is_said_once_when_its_time_is_past(town: Town) -> None:
    number = a_dispatched_report(town)
    said = [tick(town, at) for at in (NOW, HALF, HALF + SECOND, HALF + SECOND, FOUR_FIFTHS, FOUR_FIFTHS + SECOND)]
    assert said == [0, 0, 1, 0, 0, 1]
    # Exactly at the deadline nothing is breached yet.
    assert [tick(town, at) for at in (DEADLINE, DEADLINE + SECOND, DEADLINE + timedelta(days=30))] == [0, 1, 0]
    with town.database.reading() as session:
        assert spoken(session, number) == ALL_THREE
        assert firings(session) == [(StepKind.WARN, 50), (StepKind.WARN, 80), (StepKind.BREACH, 100)]


def test_after_a_long_outage_everything_is_said_once_and_in_order(town: Town) -> None:
    numbers = [a_dispatched_report(town) for _ in range(3)]
    later = NOW + timedelta(days=3)
    assert tick(town, later) == 9
    assert tick(town, later) == 0
    with town.database.reading() as session:
        for number in numbers:
            assert spoken(session, number) == ALL_THREE


def test_a_step_says_when_it_was_due_and_when_it_was_said(town: Town) -> None:
    number = a_dispatched_report(town)
    late = HALF + timedelta(minutes=20)
    tick(town, late)
    with town.database.reading() as session:
        (firing,) = session.exec(select(TimerFiring)).all()
        assert (firing.due_at, firing.fired_at) == (HALF, late)
        report = session.exec(select(Report).where(Report.number == number)).one()
        entry = entries_of(session, report.id or 0)[-1]
    assert (entry.action, entry.actor_kind, entry.at) == (A.WARN, "clock", late)
    assert (entry.from_status, entry.to_status, entry.holder) == (S.DISPATCHED, S.DISPATCHED, report.unit_code)
    assert entry.facts == {
        "timer": firing.timer_id,
        "stage": "handle",
        "percent": 50,
        "due_at": HALF.isoformat(),
        "unit": report.unit_code,
    }
    assert report.version == 1


def test_timers_survive_a_restart(committed_url: str) -> None:
    """A new process with nothing in memory goes on where the old one stopped."""
    database = Database(committed_url, sqlite_synchronous="OFF")
    world = the_world(database)
    with database.transaction() as session:
        a_report(session, world, category=DECISIVE_CATEGORY)
    database.dispose()
    late = DEADLINE + SECOND
    said = [a_new_process_says(committed_url, at) for at in (HALF, HALF + SECOND, late, late)]
    assert said == [[], [1], [1, 1], []]


def a_new_process_says(url: str, now: datetime) -> list[int]:
    database = Database(url, sqlite_synchronous="OFF")
    holder = WorldHolder(database, clock=lambda: now)
    said = list(iter(lambda: fire_due_timers(database, holder, lambda: now), 0))
    database.dispose()
    return said


def test_two_workers_never_say_anything_twice(committed_town: Town) -> None:
    town = committed_town
    with town.database.transaction() as session:
        numbers = [a_report(session, town.world, category=DECISIVE_CATEGORY).number for _ in range(12)]
    later = DEADLINE + timedelta(hours=1)
    gate, said = threading.Barrier(4), []

    def work() -> None:
        gate.wait()
        idle = 0
        while idle < 3:
            with town.database.transaction() as session:
                fired = fire_due(session, world=town.world, now=later)
            said.append(fired)
            idle = 0 if fired else idle + 1

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert sum(said) == 36
    with town.database.reading() as session:
        assert len(session.exec(select(TimerFiring)).all()) == 36
        for number in numbers:
            assert spoken(session, number) == ALL_THREE


def keep_firing(town: Town, now: datetime, done: threading.Event, troubles: list[BaseException]) -> None:
    try:
        while not done.is_set():
            with town.database.transaction() as session:
                fire_due(session, world=town.world, now=now)
    except BaseException as trouble:  # noqa: BLE001 - told to the test that waits
        troubles.append(trouble)


def test_workers_and_people_at_one_report_wait_for_each_other(committed_town: Town) -> None:
    """While workers speak, the unit signs, resolves and the desks go on: no entry is lost or doubled."""
    town = committed_town
    with town.database.transaction() as session:
        cases = [at_status(session, town.world, S.DISPATCHED) for _ in range(6)]
    later = DEADLINE + timedelta(hours=1)
    done = threading.Event()
    troubles: list[BaseException] = []
    workers = [threading.Thread(target=keep_firing, args=(town, later, done, troubles)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for case in cases:
        case.now = later
        for action in (A.SIGN, A.RESOLVE, A.PASS_REVIEW):
            with town.database.transaction() as session:
                case.do(session, action)
    done.set()
    for worker in workers:
        worker.join()
    assert troubles == []
    with town.database.reading() as session:
        for case in cases:
            said = spoken(session, case.number)
            assert said[-3:] == ALL_THREE
            assert len(said) == len(set(said)) == 3


@pytest.mark.parametrize(
    ("action", "ending"),
    [(A.RESOLVE, S.RESOLVED), (A.RETURN, S.RETURNED), (A.VOID, S.VOIDED)],
)
def test_what_was_due_before_an_action_is_said_with_it(town: Town, action: Action, ending: Status) -> None:
    """The worker was down; a unit that answers an hour after its deadline was late all the same."""
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.now = DEADLINE + timedelta(hours=3)
        report = case.do(session, action, by=Role.DISPATCHER if action is A.VOID else None)
        entries = entries_of(session, report.id or 0)
        assert spoken(session, case.number) == ALL_THREE
    assert report.status is ending
    assert [entry.action for entry in entries[-4:]] == [A.WARN, A.WARN, A.BREACH, action]
    assert {entry.holder for entry in entries[-4:-1]} == {case.people[Role.UNIT_LEAD].unit_code}
    assert {entry.to_status for entry in entries[-4:-1]} == {S.HANDLING}
    assert tick(town, case.now) == 0


def test_an_action_exactly_at_the_deadline_is_no_breach(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.now = DEADLINE
        case.do(session, A.RESOLVE)
        assert spoken(session, case.number) == ALL_THREE[:2]
        (handle,) = session.exec(select(Timer).where(Timer.stage == Stage.HANDLE).order_by(col(Timer.id))).all()
        assert not handle.is_late


def test_a_paused_clock_says_nothing_and_goes_on_afterwards(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=70).do(session, A.RETURN)  # past the first warning
        case.later(days=5)
    tick(town, case.now)
    with town.database.transaction() as session:
        of_handling = select(TimerFiring).join(Timer, col(Timer.id) == TimerFiring.timer_id)
        statement = of_handling.where(Timer.stage == Stage.HANDLE)
        assert [each.percent for each in session.exec(statement)] == [50]
        case.do(session, A.DISPATCH, by=Role.SUPERVISOR)
    tick(town, case.now + timedelta(hours=8))
    with town.database.reading() as session:
        assert [each.percent for each in session.exec(statement)] == [50, 80, 100]


def test_a_reworked_clock_does_not_repeat_what_it_has_said(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
    tick(town, FOUR_FIFTHS + SECOND)
    with town.database.transaction() as session:
        case.now = FOUR_FIFTHS + SECOND
        case.walk(session, A.RESOLVE, A.REWORK)
    tick(town, NOW + timedelta(days=4))
    with town.database.reading() as session:
        handling = select(Timer).where(Timer.stage == Stage.HANDLE).order_by(col(Timer.id))
        (timer,) = session.exec(handling).all()
        statement = select(TimerFiring).where(TimerFiring.timer_id == timer.id)
        assert [each.percent for each in session.exec(statement)] == [50, 80, 100]


def test_the_new_clock_of_another_unit_speaks_for_itself(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        case.later(minutes=70).do(session, A.RETURN)
        case.do(session, A.DISPATCH, unit=OTHER_UNIT)
    tick(town, NOW + timedelta(days=4))
    with town.database.reading() as session:
        timers: Sequence[Timer] = session.exec(
            select(Timer).where(Timer.stage == Stage.HANDLE).order_by(col(Timer.id))
        ).all()
        percents = {
            timer.unit_code: [
                each.percent
                for each in session.exec(
                    select(TimerFiring).where(TimerFiring.timer_id == timer.id).order_by(col(TimerFiring.step))
                )
            ]
            for timer in timers
        }
    assert percents[OTHER_UNIT] == [50, 80, 100]
    assert next(iter(percents.values())) == [50]


def test_the_desks_clocks_speak_too(town: Town) -> None:
    with town.database.transaction() as session:
        case = a_case(session, town.world)
    assert tick(town, NOW + timedelta(minutes=16)) == 3
    with town.database.reading() as session:
        assert spoken(session, case.number) == ALL_THREE


def test_only_what_is_due_is_said(town: Town) -> None:
    with town.database.transaction() as session:
        for minutes in range(3):
            a_report(session, town.world, now=NOW + timedelta(minutes=minutes))
        first = session.exec(select(Report).order_by(col(Report.submitted_at))).first()
        assert first is not None
    with town.database.transaction() as session:
        # Seven and a half minutes are half of the quarter of an hour; only the first has had them.
        assert fire_due(session, world=town.world, now=NOW + timedelta(minutes=8)) == 1
        assert spoken(session, first.number) == [(A.WARN, 50)]


def test_nights_and_weekends_do_not_run_a_working_clock(town: Town) -> None:
    with town.database.transaction() as session:
        friday_evening = datetime.fromisoformat("2026-11-20T17:30:00+08:00")
        a_report(session, town.world, category=DECISIVE_CATEGORY, now=friday_evening)
        (timer,) = session.exec(select(Timer).where(Timer.stage == Stage.HANDLE).order_by(col(Timer.id))).all()
        assert timer.clock is Clock.WORKING
    assert tick(town, datetime.fromisoformat("2026-11-23T08:30:00+08:00")) == 0
    assert tick(town, datetime.fromisoformat("2026-11-23T08:30:01+08:00")) == 1
