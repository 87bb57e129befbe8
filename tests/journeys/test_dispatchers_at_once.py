"""Sixteen dispatchers on one queue, over two server processes: every report is held by one and acted on once.

Some of them ask again as after a lost answer, give reports back, and reach for what a colleague holds.
"""

from collections import Counter
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

from sqlmodel import Session, select

from app.domain.roles import Role
from app.domain.workflow import Action, Status
from app.identity.tokens import issue_token
from app.infra.clock import now as real_now
from app.journal.models import JournalEntry
from app.journal.queries import verify
from app.reports.models import Report
from app.reports.queries import chain_heads
from bench.desk_crowd import Board, work_off
from bench.servers import Server, free_port, served
from tests.builders import PATHS, Case, a_report, people, staff
from tests.towns import Town

REPORTS = 160
DISPATCHERS = 16
SERVERS = 2
SEED = 20230213
TROUBLE = 0.2


def test_no_report_is_held_by_two_and_each_is_dispatched_once(
    committed_town: Town, committed_url: str, tmp_path: Path
) -> None:
    with committed_town.database.transaction() as session:
        numbers = filed_reports(session, committed_town)
        dispatchers = [a_dispatcher(session) for _ in range(DISPATCHERS)]
    with ExitStack() as stack:
        ports = [stack.enter_context(a_server(committed_url, tmp_path)).port for _ in range(SERVERS)]
        board = work_off(ports, dispatchers, seed=SEED, trouble=TROUBLE)
    assert sorted(number for number, _ in board.dispatched) == sorted(numbers)
    assert_held_by_one_at_a_time(board)
    assert_answers_are_explained(board)
    with committed_town.database.reading() as session:
        assert_in_the_journal(session, dict(board.dispatched))


def filed_reports(session: Session, town: Town) -> list[str]:
    """Add reports that wait for a dispatcher; many share a deadline, so that everybody wants the same ones."""
    now = real_now()
    everybody = people(session)
    numbers = []
    for index in range(REPORTS):
        at = now - timedelta(seconds=index // 10)
        report = a_report(session, town.world, reporter=everybody[Role.CITIZEN], now=at)
        Case(town.world, report.number, everybody, at).walk(session, *PATHS[Status.FILED])
        numbers.append(report.number)
    return numbers


def a_dispatcher(session: Session) -> tuple[int, str]:
    user_id = staff(session, Role.DISPATCHER).user_id
    return user_id, issue_token(session, user_id=user_id, lifetime=timedelta(days=1), now=real_now())


def assert_held_by_one_at_a_time(board: Board) -> None:
    by_report: dict[str, list[tuple[float, float, int]]] = {}
    for hold in board.holds:
        by_report.setdefault(hold.number, []).append((hold.since, hold.until, hold.user_id))
    for number, holds in by_report.items():
        for (_, until, one), (since, _, another) in pairwise(sorted(holds)):
            assert until <= since, f"{number} was held by {one} and {another} at once"


def assert_answers_are_explained(board: Board) -> None:
    """Only who reached for a colleague's report was refused: it was held, or had been dispatched a moment before."""
    refused = {answer for answer in board.answers if answer[1] != 200}
    assert refused <= {("grab", 409, "LEASED_BY_ANOTHER"), ("grab", 412, "STALE_VERSION")}, board.answers
    kinds = Counter[str]()
    for (what, _, _), times in board.answers.items():
        kinds[what] += times
    assert kinds["dispatch"] == REPORTS
    assert kinds["something else"] == 0
    assert min(board.answers["grab", 409, "LEASED_BY_ANOTHER"], kinds["release"], kinds["the same again"]) > 0, (
        board.answers
    )


def assert_in_the_journal(session: Session, dispatched_by: dict[str, int]) -> None:
    reports = {report.id: report for report in session.exec(select(Report))}
    entries = session.exec(select(JournalEntry).where(JournalEntry.action == Action.DISPATCH)).all()
    assert len(entries) == REPORTS
    assert {reports[entry.report_id].number: entry.actor_id for entry in entries} == dispatched_by
    assert {report.status for report in reports.values()} == {Status.DISPATCHED}
    assert {report.lease_owner_id for report in reports.values()} == {None}
    assert list(verify(session, chain_heads(session))) == []


def a_server(url: str, place: Path) -> AbstractContextManager[Server]:
    port = free_port()
    env = {
        "SUISHOUPAI_DATABASE_URL": url,
        "SUISHOUPAI_BLOB_DIR": str(place / "blobs"),
        "SUISHOUPAI_SECRET_KEY": "only for this test " * 2,
        "SUISHOUPAI_LOGIN_PROVIDER": "development",
        "SUISHOUPAI_PORT": str(port),
    }
    return served(["app", "serve"], env=env, log=place / f"server-{port}.log", port=port)
