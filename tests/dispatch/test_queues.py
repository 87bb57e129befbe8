"""Queues: what waits where, in which order, page by page, and that no two people get the same report."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, col, select

from app.dispatch.pull import LEASE, NotLeased, pull, release
from app.dispatch.queues import QueueNotFound, QueueNotYours, holder_for, queues_of
from app.domain.roles import Caller, Role
from app.domain.workflow import Action, Status
from app.infra.paging import PageRequest
from app.reports import walk, wording
from app.reports.access import LeasedByAnother, ReportNotFound
from app.reports.filters import QueueRequest, Wanted, understand
from app.reports.models import Report
from app.reports.queries import NEWEST_FIRST, list_own, list_waiting
from app.reports.walk import Found, found
from tests.builders import (
    DECISIVE_CATEGORY,
    NOW,
    OTHER_UNIT,
    SQUAD,
    Case,
    a_citizen,
    a_report,
    at_status,
    people,
    staff,
)
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU, LICANG, LICUN, SHINAN
from tests.towns import Town

A, R, S = Action, Role, Status


@pytest.mark.parametrize(
    ("role", "queues"),
    [
        (R.ACCEPTOR, ["acceptance"]),
        (R.DISPATCHER, ["dispatch"]),
        (R.INSPECTOR, ["inspection"]),
        (R.UNIT_LEAD, ["unit"]),
        (R.HANDLER, ["unit"]),
        (R.SUPERVISOR, ["acceptance", "dispatch", "inspection"]),
        (R.ADMINISTRATOR, ["acceptance", "dispatch", "inspection"]),
        (R.CITIZEN, []),
        (R.SERVICE, []),
    ],
)
def test_each_desk_and_unit_opens_its_own_queue(role: Role, queues: list[str]) -> None:
    caller = Caller(1, frozenset({role}), unit_code=SQUAD if role in {R.UNIT_LEAD, R.HANDLER} else None)
    assert queues_of(caller) == queues
    for name in {"acceptance", "dispatch", "inspection", "unit"} - set(queues):
        with pytest.raises(QueueNotYours):
            holder_for(name, caller)


def test_the_queue_of_a_unit_is_the_callers_own() -> None:
    assert holder_for("unit", Caller(1, frozenset({R.HANDLER}), unit_code=SQUAD)) == SQUAD
    with pytest.raises(QueueNotYours):
        holder_for("unit", Caller(1, frozenset({R.HANDLER})))
    with pytest.raises(QueueNotYours):
        holder_for("unit", Caller(1, frozenset({R.ACCEPTOR}), unit_code=SQUAD))


@pytest.mark.parametrize("name", ["", "archive", SQUAD, "Acceptance"])
def test_there_is_no_other_queue(name: str) -> None:
    with pytest.raises(QueueNotFound):
        holder_for(name, Caller(1, frozenset({R.ADMINISTRATOR})))


def waiting(session: Session, caller: Caller, queue: str, *, limit: int = 100) -> list[str]:
    request = QueueRequest(limit=limit)
    found = list_waiting(session, request, Wanted(), holder=holder_for(queue, caller), caller=caller, now=NOW)
    return [row.number for row in found.rows]


@pytest.mark.parametrize(
    ("status", "role", "queue"),
    [
        (S.SUBMITTED, R.ACCEPTOR, "acceptance"),
        (S.ACCEPTED, R.ACCEPTOR, "acceptance"),
        (S.VERIFYING, R.INSPECTOR, "inspection"),
        (S.FILED, R.DISPATCHER, "dispatch"),
        (S.DISPATCHED, R.HANDLER, "unit"),
        (S.HANDLING, R.UNIT_LEAD, "unit"),
        (S.RETURNED, R.DISPATCHER, "dispatch"),
        (S.RESOLVED, R.DISPATCHER, "dispatch"),
        (S.CHECKING, R.INSPECTOR, "inspection"),
        (S.CHECKED, R.ACCEPTOR, "acceptance"),
    ],
)
def test_an_open_report_waits_in_exactly_one_queue(town: Town, status: Status, role: Role, queue: str) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        queues = {R.ACCEPTOR: "acceptance", R.DISPATCHER: "dispatch", R.INSPECTOR: "inspection", R.UNIT_LEAD: "unit"}
        found = {name for who, name in queues.items() if waiting(session, case.people[who], name)}
        assert found == {queue}
        assert waiting(session, case.people[role], queue) == [case.number]


@pytest.mark.parametrize("status", [S.CLOSED, S.REJECTED, S.VOIDED, S.WITHDRAWN])
def test_what_is_over_waits_nowhere(town: Town, status: Status) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, status)
        for queue in ("acceptance", "dispatch", "inspection"):
            assert waiting(session, case.people[R.SUPERVISOR], queue) == []


def test_the_nearest_deadline_comes_first(town: Town) -> None:
    with town.database.transaction() as session:
        unit = people(session)
        # Natural time until noon, working time until 14:30, and one that began earlier.
        squad_work = [
            a_report(session, town.world, category=DECISIVE_CATEGORY, now=NOW + timedelta(minutes=30)),
            a_report(session, town.world, category=DECISIVE_CATEGORY),
            a_report(session, town.world, category=DECISIVE_CATEGORY, now=NOW - timedelta(minutes=30)),
        ]
        assert waiting(session, unit[R.HANDLER], "unit") == [each.number for each in squad_work[::-1]]


def test_a_desk_sees_its_area_and_a_unit_itself(town: Town) -> None:
    with town.database.transaction() as session:
        in_licun = a_report(session, town.world)
        in_shinan = a_report(session, town.world, at=IN_ZHONGSHANLU)
        a_report(session, town.world, category=DECISIVE_CATEGORY)
        seen = {
            area: waiting(session, staff(session, R.ACCEPTOR, area_code=area), "acceptance")
            for area in ("", LICANG, LICUN, SHINAN)
        }
        assert seen == {
            "": [in_licun.number, in_shinan.number],
            LICANG: [in_licun.number],
            LICUN: [in_licun.number],
            SHINAN: [in_shinan.number],
        }
        assert waiting(session, staff(session, R.HANDLER, unit_code=OTHER_UNIT), "unit") == []


def walk_pages(read: Callable[[PageRequest], Found], each: int) -> list[str]:
    """Follow the cursors to the end."""
    seen: list[str] = []
    cursor = None
    while True:
        page = read(PageRequest(limit=each, cursor=cursor))
        seen += [row.number for row in page.rows]
        if page.next_cursor is None:
            return seen
        cursor = page.next_cursor


@pytest.mark.parametrize("each", [1, 3, 100])
def test_pages_give_each_row_once_while_rows_are_added(town: Town, each: int) -> None:
    with town.database.transaction() as session:
        citizen, acceptor = a_citizen(session), staff(session, R.ACCEPTOR)
        # Pairs with one deadline, so that the id has to decide.
        first = [
            a_report(session, town.world, reporter=citizen, now=NOW + timedelta(minutes=n // 2)).number
            for n in range(8)
        ]

        def read_queue(page: PageRequest) -> Found:
            request = QueueRequest(limit=page.limit, cursor=page.cursor)
            waiting = list_waiting(session, request, Wanted(), holder="acceptance", caller=acceptor, now=NOW)
            a_report(session, town.world, reporter=citizen, now=NOW - timedelta(minutes=1))  # before every cursor
            return waiting

        assert [number for number in walk_pages(read_queue, each) if number in first] == first

        def read_own(page: PageRequest) -> Found:
            rows = list_own(session, page, caller=citizen)
            a_report(session, town.world, reporter=citizen, now=NOW + timedelta(hours=1))
            return found(rows, page, NEWEST_FIRST, None)

        seen = walk_pages(read_own, each)
        assert len(seen) == len(set(seen))
        assert [number for number in seen if number in first] == sorted(first, key=first.index, reverse=True)


@pytest.mark.parametrize("given", [{"area": LICANG}, {"q": "问题"}, {"q": "问题", "area": LICANG}])
@pytest.mark.parametrize("each", [1, 2, 100])
def test_a_bounded_look_leaves_nothing_out_where_deadlines_are_the_same(
    town: Town, monkeypatch: pytest.MonkeyPatch, given: dict[str, Any], each: int
) -> None:
    monkeypatch.setattr(walk, "BUDGET", 3)
    monkeypatch.setattr(wording, "TEXTS_AT_A_TIME", 3)
    with town.database.transaction() as session:
        acceptor = staff(session, R.ACCEPTOR)
        numbers = [
            a_report(session, town.world, at=IN_ZHONGSHANLU if n % 3 else IN_LICUN, now=NOW + timedelta(minutes=n // 5))
            for n in range(14)
        ]

        def read_queue(page: PageRequest) -> Found:
            request = QueueRequest(limit=page.limit, cursor=page.cursor, **given)
            return list_waiting(session, request, understand(request), holder="acceptance", caller=acceptor, now=NOW)

        expected = [each.number for each in numbers if "area" not in given or each.district_code == LICANG]
        assert walk_pages(read_queue, each) == expected


def test_pulling_takes_the_most_urgent_and_asking_again_gives_the_same(town: Town) -> None:
    with town.database.transaction() as session:
        numbers = [a_report(session, town.world, now=NOW + timedelta(minutes=n)).number for n in range(5)]
        one, other = staff(session, R.ACCEPTOR), staff(session, R.ACCEPTOR)

        def pulled(by: Caller, limit: int, minutes: float = 0) -> list[str]:
            at = NOW + timedelta(minutes=minutes)
            rows = pull(session, queue="acceptance", limit=limit, caller=by, now=at)
            session.flush()
            assert all((row.lease_owner_id, row.lease_until) == (by.user_id, at + LEASE) for row in rows)
            return [row.number for row in rows]

        assert pulled(one, 2) == numbers[:2]
        assert pulled(other, 2) == numbers[2:4]
        assert pulled(one, 2, minutes=5) == numbers[:2]
        assert pulled(one, 3, minutes=5) == [*numbers[:2], numbers[4]]
        # The other's ten minutes are over; the first's began anew.
        assert pulled(other, 5, minutes=10) == numbers[2:4]
        assert pulled(other, 5, minutes=15) == numbers[2:4] + numbers[:2] + numbers[4:]


def test_a_lease_is_no_new_version(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world)
        pull(session, queue="acceptance", limit=1, caller=staff(session, R.ACCEPTOR), now=NOW)
        assert (report.version, report.journal_seq) == (1, 1)


def test_nobody_pulls_from_another_district(town: Town) -> None:
    with town.database.transaction() as session:
        a_report(session, town.world)
        acceptor = staff(session, R.ACCEPTOR, area_code=SHINAN)
        assert list(pull(session, queue="acceptance", limit=5, caller=acceptor, now=NOW)) == []


def test_a_colleague_cannot_act_on_a_pulled_report_until_it_is_released_or_expires(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.SUBMITTED)
        colleague = staff(session, R.ACCEPTOR)
        pull(session, queue="acceptance", limit=1, caller=case.people[R.ACCEPTOR], now=NOW)
        session.flush()
        with pytest.raises(LeasedByAnother):
            case.do(session, A.ACCEPT, by=colleague)
        with pytest.raises(LeasedByAnother):
            release(session, case.number, caller=colleague, now=NOW)
        release(session, case.number, caller=case.people[R.ACCEPTOR], now=NOW)
        session.flush()
        assert case.do(session, A.ACCEPT, by=colleague).status is S.ACCEPTED


def test_what_one_does_not_hold_cannot_be_released(town: Town) -> None:
    with town.database.transaction() as session:
        report = a_report(session, town.world)
        one = staff(session, R.ACCEPTOR)
        with pytest.raises(NotLeased):
            release(session, report.number, caller=one, now=NOW)
        pull(session, queue="acceptance", limit=1, caller=one, now=NOW)
        session.flush()
        with pytest.raises(NotLeased):
            release(session, report.number, caller=one, now=NOW + LEASE)
        with pytest.raises(ReportNotFound):
            release(session, report.number, caller=a_citizen(session), now=NOW)


def test_inside_a_unit_the_lease_passes_on_with_the_task(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.DISPATCHED)
        lead, handler = case.people[R.UNIT_LEAD], case.people[R.HANDLER]
        pull(session, queue=SQUAD, limit=1, caller=lead, now=NOW)
        session.flush()
        case.do(session, A.ASSIGN)
        pull(session, queue=SQUAD, limit=1, caller=handler, now=NOW)
        session.flush()
        case.do(session, A.SUBMIT_RESULT)
        assert case.do(session, A.RESOLVE).status is S.RESOLVED


def test_people_pulling_at_once_never_share_a_report(committed_town: Town) -> None:
    town = committed_town
    with town.database.transaction() as session:
        for n in range(24):
            a_report(session, town.world, now=NOW + timedelta(seconds=n))
        callers = [staff(session, R.ACCEPTOR) for _ in range(4)]
    taken: dict[int, list[str]] = {caller.user_id: [] for caller in callers}
    gate = threading.Barrier(len(callers))

    def work(caller: Caller) -> None:
        gate.wait()
        for limit in (2, 4, 6, 24):
            with town.database.transaction() as session:
                rows = pull(session, queue="acceptance", limit=limit, caller=caller, now=NOW)
                taken[caller.user_id] = [row.number for row in rows]

    threads = [threading.Thread(target=work, args=(caller,)) for caller in callers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    everything = [number for numbers in taken.values() for number in numbers]
    assert len(everything) == len(set(everything)) == 24
    with town.database.reading() as session:
        rows = session.exec(select(Report).where(col(Report.lease_owner_id).is_not(None))).all()
        assert {row.number: row.lease_owner_id for row in rows} == {
            number: owner for owner, numbers in taken.items() for number in numbers
        }


def test_two_dispatchers_at_one_report_do_it_once(committed_town: Town) -> None:
    town = committed_town
    with town.database.transaction() as session:
        case = at_status(session, town.world, S.FILED)
        rivals = [staff(session, R.DISPATCHER) for _ in range(3)]
    gate = threading.Barrier(len(rivals))
    outcomes: list[str] = []

    def work(caller: Caller) -> None:
        mine = Case(case.world, case.number, case.people, case.now)
        gate.wait()
        try:
            with town.database.transaction() as session:
                mine.do(session, A.DISPATCH, by=caller)
            outcomes.append("done")
        except Exception as refused:  # noqa: BLE001 - its name is what the test is about
            outcomes.append(type(refused).__name__)

    threads = [threading.Thread(target=work, args=(caller,)) for caller in rivals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["IllegalTransition", "IllegalTransition", "done"]
    with town.database.reading() as session:
        assert case.report(session).journal_seq == 4
