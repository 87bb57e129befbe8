"""The counts of the queues are those of the rows, at every moment, whoever acts and whoever folds."""

import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import func, update
from sqlmodel import Session, col, select

from app.dispatch import counts
from app.dispatch.counts import Depth, depths
from app.dispatch.jobs import fold_queue_changes
from app.dispatch.models import QueueChange, QueueTally
from app.dispatch.queues import holder_for, queues_of
from app.dispatch.tallies import fold, tallies
from app.domain.errors import DomainError
from app.domain.roles import Caller, Role
from app.domain.workflow import Status
from app.reports.models import Report
from app.reports.offering import offered_actions
from tests.builders import (
    DECISIVE_CATEGORY,
    NOW,
    PATHS,
    ROLE_OF,
    SQUAD,
    Case,
    a_case,
    a_citizen,
    a_report,
    at_status,
    people,
)
from tests.builders_city import IN_LICUN, IN_XIANGGANGZHONGLU, IN_ZHENHUALU, IN_ZHONGSHANLU, LICANG, LICUN, SHINAN
from tests.query_recorder import QueryRecorder
from tests.towns import Town

PLACES = (IN_LICUN, IN_ZHENHUALU, IN_ZHONGSHANLU, IN_XIANGGANGZHONGLU)
R, S = Role, Status


def by_row(session: Session, area: str = "") -> dict[str, dict[Status, int]]:
    """Count the slow way."""
    statement = (
        select(Report.holder, Report.status, func.count())
        .where(col(Report.holder).is_not(None), col(Report.street_code).startswith(area))
        .group_by(col(Report.holder), col(Report.status))
    )
    found: dict[str, dict[Status, int]] = {}
    for holder, status, number in session.execute(statement):
        found.setdefault(holder, {})[status] = number
    return found


def by_tally(session: Session, area: str = "") -> dict[str, dict[Status, int]]:
    session.flush()
    holders = {*session.exec(select(QueueTally.holder)), *session.exec(select(QueueChange.holder))}
    return {holder: found for holder, found in tallies(session, holders, area_code=area).items() if found}


def step(session: Session, case: Case, dice: random.Random) -> None:
    """Try any action that is offered to somebody now."""
    report = case.report(session)
    offers = [
        action for action, role in ROLE_OF.items() if action in offered_actions(report, case.people[role], now=case.now)
    ]
    with suppress(DomainError):
        case.do(session, dice.choice(offers))


@pytest.mark.parametrize("seed", range(4))
def test_after_any_actions_and_foldings_the_counts_are_those_of_the_rows(town: Town, seed: int) -> None:
    dice = random.Random(seed)
    with town.database.transaction() as session:
        cases = [a_case(session, town.world, at=dice.choice(PLACES)) for _ in range(6)]
        for turn in range(60):
            step(session, dice.choice(cases), dice)
            if dice.random() < 0.3:
                fold(session, limit=dice.randint(1, 20))
            if turn % 6 == 0:
                for area in ("", LICANG, SHINAN, LICUN):
                    assert by_tally(session, area) == by_row(session, area)
        assert len({case.report(session).status for case in cases}) > 2
        while fold(session):
            pass
        assert session.exec(select(QueueChange)).all() == []
        assert by_tally(session) == by_row(session)
        assert sum(row.n for row in session.exec(select(QueueTally))) == sum(
            sum(each.values()) for each in by_row(session).values()
        )


def test_the_worker_folds_all_that_waits(town: Town) -> None:
    with town.database.transaction() as session:
        at_status(session, town.world, S.ACCEPTED)
        session.flush()
    assert [fold_queue_changes(town.database) for _ in range(2)] == [3, 0]
    with town.database.reading() as session:
        assert {row.status: row.n for row in session.exec(select(QueueTally)) if row.n} == {S.ACCEPTED: 1}


def test_statements_that_change_many_rows_are_counted_too(town: Town) -> None:
    with town.database.transaction() as session:
        for place in PLACES:
            a_report(session, town.world, at=place)
        session.flush()
        session.execute(update(Report).values(street_code=LICUN).where(col(Report.street_code).startswith(SHINAN)))
        assert by_tally(session, LICUN) == by_row(session, LICUN) == {"acceptance": {S.SUBMITTED: 3}}
        session.execute(update(Report).values(holder=None))
        assert by_tally(session) == {}


def test_a_row_that_moves_nowhere_changes_nothing(town: Town) -> None:
    with town.database.transaction() as session:
        a_report(session, town.world)
        session.flush()
        before = len(session.exec(select(QueueChange)).all())
        session.execute(update(Report).values(holder=col(Report.holder), status=col(Report.status), version=9))
        assert len(session.exec(select(QueueChange)).all()) == before == 1


def test_people_and_workers_at_once_lose_no_count(committed_town: Town) -> None:
    """Reading goes on meanwhile, and each reading is right for its own instant."""
    town = committed_town
    with town.database.transaction() as session:
        citizens = [a_citizen(session) for _ in range(3)]
    over = threading.Event()
    readings: list[tuple[object, object]] = []

    def work() -> None:
        while not over.is_set():
            with town.database.transaction() as session:
                fold(session, limit=3)

    def look() -> None:
        while not over.is_set():
            with town.database.reading(snapshot=True) as session:
                readings.append((by_tally(session), by_row(session)))

    with ThreadPoolExecutor(6) as pool:
        others = [pool.submit(each) for each in (work, work, look)]
        for each in [pool.submit(submit_some, town, caller) for caller in citizens]:
            each.result()
        over.set()
        for other in others:
            other.result()
    assert readings
    assert [reading for reading in readings if reading[0] != reading[1]] == []
    with town.database.transaction() as session:
        while fold(session):
            pass
        assert session.exec(select(func.count()).select_from(Report)).one() == 24
        assert by_tally(session) == by_row(session)


def submit_some(town: Town, caller: Caller) -> None:
    dice = random.Random(caller.user_id)
    for _ in range(8):
        with town.database.transaction() as session:
            category = dice.choice([DECISIVE_CATEGORY, None])
            a_report(session, town.world, reporter=caller, at=dice.choice(PLACES), category=category)


def depths_of(session: Session, caller: Caller, minutes: float = 0) -> dict[str, Depth]:
    holders = {queue: holder_for(queue, caller) for queue in queues_of(caller)}
    return depths(session, holders, caller=caller, now=NOW + timedelta(minutes=minutes))


def test_everybody_gets_the_counts_of_their_own_queues_in_their_area(town: Town) -> None:
    with town.database.transaction() as session:
        for status in (S.SUBMITTED, S.SUBMITTED, S.CHECKED, S.FILED, S.HANDLING, S.CHECKING, S.CLOSED, S.REJECTED):
            at_status(session, town.world, status)
        at_status(session, town.world, S.SUBMITTED, at=IN_ZHONGSHANLU)
        fold(session, limit=7)
        city, district, street, cell = (people(session, area_code=area) for area in ("", SHINAN, LICUN, LICUN + "001"))
        totals = {
            role: {queue: depth.total for queue, depth in depths_of(session, city[role]).items()} for role in city
        }
        assert totals[R.ACCEPTOR] == {"acceptance": 4}
        assert totals[R.DISPATCHER] == {"dispatch": 1}
        assert totals[R.INSPECTOR] == {"inspection": 1}
        assert totals[R.HANDLER] == totals[R.UNIT_LEAD] == {"unit": 1}
        assert totals[R.SUPERVISOR] == totals[R.ADMINISTRATOR] == {"acceptance": 4, "dispatch": 1, "inspection": 1}
        assert totals[R.CITIZEN] == totals[R.SERVICE] == {}
        assert depths_of(session, district[R.ACCEPTOR])["acceptance"].by_status == {S.SUBMITTED: 1}
        assert depths_of(session, street[R.ACCEPTOR])["acceptance"].by_status == {S.SUBMITTED: 2, S.CHECKED: 1}
        assert depths_of(session, cell[R.ACCEPTOR])["acceptance"].by_status == {S.SUBMITTED: 2, S.CHECKED: 1}
        nobodys = people(session, area_code=LICUN + "002")
        assert depths_of(session, nobodys[R.ACCEPTOR])["acceptance"] == Depth({}, 0, has_more_overdue=False)


def test_a_unit_counts_its_own_wherever_it_is(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.HANDLING)
        lead = Caller(1, frozenset({R.UNIT_LEAD}), unit_code=SQUAD, area_code=SHINAN)
        assert case.report(session).holder == SQUAD
        assert depths_of(session, lead)["unit"].by_status == {S.HANDLING: 1}


def test_overdue_ones_are_counted_to_a_limit(town: Town, monkeypatch: pytest.MonkeyPatch) -> None:
    with town.database.transaction() as session:
        for n in range(5):
            a_report(session, town.world, at=PLACES[n % 2 * 2], now=NOW + timedelta(minutes=n))
        session.flush()
        city = people(session)[R.ACCEPTOR]
        here = people(session, area_code=LICANG)[R.ACCEPTOR]

        def overdue(caller: Caller, minutes: float) -> tuple[int, bool]:
            depth = depths_of(session, caller, minutes)["acceptance"]
            return depth.overdue, depth.has_more_overdue

        # The limit of acceptance is a quarter of a working hour.
        assert [overdue(city, minutes) for minutes in (0, 15, 16, 60)] == [
            (0, False),
            (0, False),
            (1, False),
            (5, False),
        ]
        assert overdue(here, 60) == (3, False)
        monkeypatch.setattr(counts, "OVERDUE_AT_MOST", 3)
        assert overdue(city, 60) == (3, True)
        assert overdue(city, 17.5) == (3, False)
        assert overdue(here, 60) == (2, True)


def test_counting_takes_the_same_few_statements_however_much_waits(town: Town) -> None:
    with town.database.transaction() as session:
        for status in PATHS:
            at_status(session, town.world, status)
        session.flush()
        administrator = people(session)[R.ADMINISTRATOR]
        with QueryRecorder(town.database) as recorder:
            assert len(depths_of(session, administrator)) == 3
        assert len(recorder.statements) == 2
        assert Counter(statement.count("FROM report") for statement in recorder.statements) == {0: 1, 3: 1}
