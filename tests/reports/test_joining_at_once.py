"""Somebody joins a report at the moment it is merged, parted, withdrawn or closed: nobody waits for ever or is lost."""

from collections.abc import Callable
from contextlib import suppress
from itertools import count

import pytest
from sqlmodel import Session, col, select

from app.domain.errors import DomainError
from app.domain.roles import Caller, Role
from app.domain.workflow import Action, Status
from app.infra.database import Database
from app.reports.actions import schemas as words
from app.reports.actions.engine import Context
from app.reports.actions.verbs import perform
from app.reports.alike.joining import join, leave
from app.reports.alike.tokens import join_token
from app.reports.models import Follower, Report
from tests.builders import NOW, a_case, a_citizen, staff
from tests.reports.test_merging_at_once import repeated_at_once
from tests.towns import Town

A, R = Action, Role
SECRET = b"for tests only"


def joining(database: Database, report_id: int, by: Caller) -> int:
    token = join_token(report_id, user_id=by.user_id, secret=SECRET, now=NOW)
    with database.transaction() as session:
        return join(session, token, caller=by, secret=SECRET, now=NOW)


def joiners(session: Session, report_id: int) -> int:
    return len(session.exec(select(Follower.id).where(col(Follower.report_id) == report_id)).all())


def test_joining_and_leaving_while_it_is_merged_and_parted_over_and_over(committed_town: Town) -> None:
    """The younger follows the older: a merge takes the older first, and joining the younger waits for neither."""
    town = committed_town
    with town.database.transaction() as session:
        acceptor, citizens = staff(session, R.ACCEPTOR), [a_citizen(session) for _ in range(3)]
        older, younger = a_case(session, town.world), a_case(session, town.world)
        report_id = younger.report(session).id or 0

    def do(number: str, action: Action, body: words.Body) -> None:
        with suppress(DomainError), town.database.transaction() as session:
            perform(session, number, action, body, version=None, context=Context(acceptor, NOW, town.world))

    def merge_and_part() -> None:
        do(younger.number, A.MERGE, words.MergeBody(master=older.number))
        do(older.number, A.MERGE, words.MergeBody(master=younger.number))  # refused, with both locked
        do(younger.number, A.MERGE, words.MergeBody(master=older.number))  # refused, too
        do(younger.number, A.UNMERGE, words.NoteBody())

    def come_and_go(citizen: Caller) -> Callable[[], None]:
        def deed() -> None:
            followed_id = joining(town.database, report_id, citizen)
            with town.database.transaction() as session:
                leave(session, followed_id, caller=citizen)

        return deed

    deeds = [merge_and_part, merge_and_part, *map(come_and_go, citizens)]
    assert repeated_at_once(30, *deeds) == []
    with town.database.reading() as session:
        assert joiners(session, report_id) == 0


def test_a_crowd_with_one_account_joins_once(committed_town: Town) -> None:
    town = committed_town
    with town.database.transaction() as session:
        citizen, case = a_citizen(session), a_case(session, town.world)
        report_id = case.report(session).id or 0
    told: list[int] = []

    def again() -> None:
        told.append(joining(town.database, report_id, citizen))

    assert repeated_at_once(5, again, again, again, again) == []
    assert (len(told), len(set(told))) == (20, 1)
    with town.database.reading() as session:
        assert joiners(session, report_id) == 1


@pytest.mark.parametrize("action", [A.WITHDRAW, A.REJECT])
def test_what_ends_while_it_is_joined_has_either_no_joiner_or_one_that_came_before(
    committed_town: Town, action: Action
) -> None:
    town = committed_town
    with town.database.transaction() as session:
        joiner, acceptor = a_citizen(session), staff(session, R.ACCEPTOR)
        cases = [a_case(session, town.world) for _ in range(20)]
        ids = [case.report(session).id or 0 for case in cases]
    turns = {"join": count(), "end": count()}

    def join_next() -> None:
        with suppress(DomainError):
            joining(town.database, ids[next(turns["join"])], joiner)

    def end_next() -> None:
        case = cases[next(turns["end"])]
        by = case.people[R.CITIZEN] if action is A.WITHDRAW else acceptor
        body = words.NoteBody() if action is A.WITHDRAW else words.ReasonBody(reason="不属受理范围")
        with suppress(DomainError), town.database.transaction() as session:
            perform(session, case.number, action, body, version=None, context=Context(by, NOW, town.world))

    assert repeated_at_once(len(cases), join_next, end_next) == []
    with town.database.reading() as session:
        for report_id in ids:
            status = session.get_one(Report, report_id).status
            assert (status, joiners(session, report_id)) in {
                (Status.WITHDRAWN, 0),
                (Status.SUBMITTED, 1),
                (Status.REJECTED, 0),
                (Status.REJECTED, 1),
            }
