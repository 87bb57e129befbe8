"""Many merge at the same moment: no chain, no deadlock, and each is told what came of it."""

from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise
from threading import Barrier, Thread

import pytest
from sqlmodel import Session, col, select

from app.dispatch.pull import pull
from app.domain.errors import DomainError
from app.domain.roles import Caller, Role
from app.domain.workflow import Action
from app.reports.access import LeasedByAnother
from app.reports.actions import schemas as words
from app.reports.actions.engine import Context
from app.reports.actions.verbs import perform
from app.reports.models import Report
from tests.builders import NOW, a_case, staff
from tests.towns import Town

A, R = Action, Role


def merge_at_once(town: Town, acceptor: Caller, pairs: list[tuple[str, str]]) -> list[str]:
    """Merge (follower, master) pairs in as many threads at once; return what each came to."""
    start, outcomes = Barrier(len(pairs)), [""] * len(pairs)

    def merge(place: int, follower: str, master: str) -> None:
        start.wait()
        context = Context(acceptor, NOW, town.world)
        try:
            with town.database.transaction() as session:
                perform(session, follower, A.MERGE, words.MergeBody(master=master), version=None, context=context)
            outcomes[place] = "merged"
        except DomainError as refused:
            outcomes[place] = refused.code

    threads = [Thread(target=merge, args=(place, *pair)) for place, pair in enumerate(pairs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def chains(session: Session) -> list[str]:
    """Return the reports that follow and are followed."""
    following = col(Report.master_id).is_not(None)
    masters = select(Report.master_id).where(following)
    return list(session.exec(select(Report.number).where(following, col(Report.id).in_(masters))))


def test_crossing_merges_end_with_one_of_them_done(committed_town: Town) -> None:
    town = committed_town
    with town.database.transaction() as session:
        acceptor = staff(session, R.ACCEPTOR)
        pairs = [(a_case(session, town.world).number, a_case(session, town.world).number) for _ in range(10)]
    for one, other in pairs:
        outcomes = merge_at_once(town, acceptor, [(one, other), (other, one)])
        assert sorted(outcomes) == ["MASTER_IS_MERGED", "merged"]
    with town.database.reading() as session:
        assert chains(session) == []


def test_a_ring_of_merges_at_once_makes_no_chain_and_no_deadlock(committed_town: Town) -> None:
    town = committed_town
    with town.database.transaction() as session:
        acceptor = staff(session, R.ACCEPTOR)
        rings = [[a_case(session, town.world).number for _ in range(4)] for _ in range(5)]
    for ring in rings:
        outcomes = merge_at_once(town, acceptor, list(zip(ring, [*ring[1:], ring[0]], strict=True)))
        assert "merged" in outcomes
        assert set(outcomes) <= {"merged", "HAS_FOLLOWERS", "MASTER_IS_MERGED"}
    with town.database.reading() as session:
        assert chains(session) == []


def repeated_at_once(times: int, *deeds: Callable[[], None]) -> list[Exception]:
    """Do each deed over and over in a thread of its own; return what went wrong."""
    failures: list[Exception] = []

    def repeat(deed: Callable[[], None]) -> None:
        try:
            for _ in range(times):
                deed()
        except Exception as failure:  # noqa: BLE001 - threads tell nobody
            failures.append(failure)

    threads = [Thread(target=repeat, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_pulling_and_merging_at_once_wait_for_each_other_in_one_order(committed_town: Town) -> None:
    """Somebody pulls again what they hold, most urgent first, while others merge the same reports, oldest first."""
    town, later = committed_town, NOW + timedelta(minutes=30)
    with town.database.transaction() as session:
        holder, acceptor = staff(session, R.ACCEPTOR), staff(session, R.ACCEPTOR)
        cases = [a_case(session, town.world, now=later - timedelta(minutes=place)) for place in range(8)]

    def pull_again() -> None:
        with town.database.transaction() as session:
            assert len(pull(session, queue="acceptance", limit=20, caller=holder, now=later)) == len(cases)

    def merge_each() -> None:
        context = Context(acceptor, later, town.world)
        for one, other in pairwise(cases):
            body = words.MergeBody(master=other.number)
            with pytest.raises(LeasedByAnother), town.database.transaction() as session:
                perform(session, one.number, A.MERGE, body, version=None, context=context)

    pull_again()
    assert repeated_at_once(60, pull_again, merge_each, merge_each) == []
