"""Merging, parting, joining, leaving and ending in any order: no chains, and every count is that of a plain reading."""

from contextlib import suppress
from random import Random

import pytest
from sqlmodel import Session, col, select

from app.domain.errors import DomainError
from app.domain.roles import Caller, Role
from app.domain.workflow import Action, Status
from app.infra.paging import PageRequest
from app.reports.actions import schemas as words
from app.reports.alike.joining import join, leave
from app.reports.alike.queries import list_followed
from app.reports.alike.tokens import join_token
from app.reports.followers import relatives_of
from app.reports.models import Follower, Report
from app.reports.present import Reader
from tests.builders import NOW, PATHS, Case, a_case, a_citizen, staff
from tests.towns import Town

A, R = Action, Role
SECRET = b"for tests only"


@pytest.mark.parametrize("seed", range(4))
def test_whatever_happens_nothing_is_followed_at_second_hand_and_everybody_is_counted_once(
    town: Town, seed: int
) -> None:
    chance = Random(seed)
    done: set[str] = set()
    with town.database.transaction() as session:
        desk, joiners = staff(session, R.ACCEPTOR), [a_citizen(session) for _ in range(3)]
        cases = [a_case(session, town.world) for _ in range(8)]
        people = joiners + [case.people[R.CITIZEN] for case in cases]
        for _ in range(150):
            with suppress(DomainError):
                done.add(one_step(session, chance, cases, people))
            check(session, cases, desk)
        for person in people:
            told = list_followed(session, PageRequest(), reader=Reader(person, NOW, town.world, SECRET)).items
            assert all(each.report.status is not Status.MERGED for each in told)
    assert done == {"merge", "unmerge", "join", "leave", "withdraw", "finish", "reopen"}


def one_step(session: Session, chance: Random, cases: list[Case], people: list[Caller]) -> str:
    """Take one step somewhere, or be refused."""
    case, other, person = chance.choice(cases), chance.choice(cases), chance.choice(people)
    step = chance.choices(
        ["merge", "unmerge", "join", "leave", "withdraw", "finish", "reopen"], [25, 15, 15, 15, 5, 2, 20]
    )[0]
    with session.begin_nested():
        if step == "merge":
            case.do(session, A.MERGE, words.MergeBody(master=other.number))
        elif step == "unmerge":
            case.do(session, A.UNMERGE)
        elif step == "join":
            token = join_token(case.report(session).id or 0, user_id=person.user_id, secret=SECRET, now=NOW)
            join(session, token, caller=person, secret=SECRET, now=NOW)
        elif step == "leave":
            followed = session.exec(select(Follower).where(col(Follower.user_id) == person.user_id)).first()
            leave(session, (followed and followed.id) or 10**6, caller=person)
        elif step == "withdraw":
            case.do(session, A.WITHDRAW)
        elif step == "finish":
            case.walk(session, *PATHS[Status.CLOSED])
        else:
            case.do(session, A.REQUEST_REOPEN, words.ReasonBody(reason="仍未解决"))
            case.do(session, A.ACCEPT_REOPEN)
    return step


def check(session: Session, cases: list[Case], desk: Caller) -> None:
    """Hold what is stored against a plain reading of it."""
    session.expire_all()
    rows = {each.id or 0: each for each in session.exec(select(Report))}
    joined = [(each.report_id, each.user_id) for each in session.exec(select(Follower))]
    for case in cases:
        report = case.report(session)
        assert (report.status is Status.MERGED) == (report.master_id is not None)
        assert report.master_id is None or rows[report.master_id].master_id is None
        root = report.master_id or report.id
        family = {each for each, row in rows.items() if root in (each, row.master_id)}
        met = {rows[each].reporter_id for each in family} | {who for each, who in joined if each in family}
        below = {each for each, row in rows.items() if report.id in (each, row.master_id)}
        found = relatives_of(session, report, caller=desk)
        assert found.met_by == len(met - {report.reporter_id})
        assert found.joined == len({who for each, who in joined if each in below})
        assert found.follower_count == len(below) - 1
        if report.status is Status.WITHDRAWN:
            assert found.joined == found.follower_count == 0
