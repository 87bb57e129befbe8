"""A seeded demonstration is a city in order: every rule of the workflow holds for every report in it."""

import io
import shutil
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
from rich.console import Console
from rich.progress import Progress
from sqlmodel import Session, col, select

from app.demo.command import demonstrate
from app.demo.plan import STAFF_SIDE
from app.demo.scenario import load_scenario
from app.demo.seeding import ForeignReports, Script, seed
from app.domain.durations import Happening, stage_spans, total
from app.domain.workflow import TERMINAL, Action, Desk, Status
from app.identity.models import AccessToken, UserAccount
from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.journal.models import JournalEntry
from app.journal.queries import entries_of, verify
from app.media.models import Photo
from app.reports.models import Report
from app.reports.queries import chain_heads
from app.sla.models import Timer, TimerFiring, TimerState
from app.texts import text
from tests.journeys.conftest import NOW, REPORTS, Demo

ROOT = Path(__file__).parents[2]
STORIES = len(load_scenario())


def reports(session: Session) -> list[Report]:
    return list(session.exec(select(Report)))


def test_every_report_of_the_plan_and_of_the_scenario_is_there(demo: Demo) -> None:
    with demo.database.reading() as session:
        found = reports(session)
    assert len(found) == REPORTS + STORIES
    assert {report.category_code for report in found} >= STAFF_SIDE - {"other"}


def test_every_chain_of_the_journal_holds(demo: Demo) -> None:
    with demo.database.reading() as session:
        assert list(verify(session, chain_heads(session))) == []


def test_the_stages_of_every_report_add_up_to_the_whole(demo: Demo) -> None:
    with demo.database.reading() as session:
        for report in reports(session):
            entries = entries_of(session, report.id or 0)
            history = [Happening(each.at, each.action, each.to_status, each.holder) for each in entries]
            over = next((each.at for each in reversed(entries) if each.action in ENDS), NOW)
            end = over if report.status in TERMINAL else NOW
            spans = stage_spans(history)
            whole = total(spans, measure=microseconds, until=end)
            assert whole == microseconds(report.submitted_at, end), report.number


ENDS = {Action.CLOSE, Action.REJECT, Action.VOID, Action.WITHDRAW}


def microseconds(since: object, until: object) -> int:
    return (until - since) // timedelta(microseconds=1)  # type: ignore[operator,no-any-return]  # rows are untyped


def test_exactly_one_desk_or_unit_holds_an_open_report(demo: Demo) -> None:
    desks = {desk.value for desk in Desk}
    with demo.database.reading() as session:
        for report in reports(session):
            if report.status in TERMINAL:
                assert report.holder is None
            else:
                assert report.holder in desks or report.holder == report.unit_code
                assert report.due_at is not None


def test_an_open_report_has_one_running_clock_and_an_ended_one_none(demo: Demo) -> None:
    with demo.database.reading() as session:
        timers = session.exec(select(Timer).where(col(Timer.state).in_((TimerState.RUNNING, TimerState.PAUSED)))).all()
        states = Counter((timer.report_id, timer.state) for timer in timers)
        for report in reports(session):
            running = states[report.id or 0, TimerState.RUNNING]
            if report.status in TERMINAL:
                assert (running, states[report.id or 0, TimerState.PAUSED]) == (0, 0), report.number
            else:
                assert running == 1, report.number


def test_nothing_happens_after_now(demo: Demo) -> None:
    with demo.database.reading() as session:
        for column in (
            JournalEntry.at,
            Report.changed_at,
            Timer.started_at,
            TimerFiring.fired_at,
            Photo.created_at,
            Photo.attached_at,
            UserAccount.created_at,
            AccessToken.created_at,
        ):
            newest = session.scalars(
                select(column).where(col(column).is_not(None)).order_by(col(column).desc())
            ).first()
            assert newest is not None
            assert newest <= NOW, column


def test_warnings_and_breaches_come_right_after_their_instant(demo: Demo) -> None:
    with demo.database.reading() as session:
        firings = session.exec(select(TimerFiring)).all()
    assert {firing.percent for firing in firings} >= {50, 80, 100}
    late = {firing.fired_at - firing.due_at for firing in firings}
    assert timedelta(0) < min(late)
    assert max(late) <= timedelta(minutes=1)


def test_most_reports_are_closed_and_the_last_day_is_not(demo: Demo) -> None:
    with demo.database.reading() as session:
        found = reports(session)
    early = [report for report in found if report.submitted_at < NOW - timedelta(days=5)]
    late = [report for report in found if report.submitted_at > NOW - timedelta(hours=12)]
    assert sum(report.status is Status.CLOSED for report in early) > len(early) / 2
    assert any(report.status not in TERMINAL for report in late)


def test_the_demonstrations_people_are_marked_and_share_one_password_hash(demo: Demo) -> None:
    with demo.database.reading() as session:
        staff = session.exec(select(UserAccount).where(col(UserAccount.login_name).is_not(None))).all()
    assert all(account.is_demo for account in staff)
    assert len({account.password_hash for account in staff}) == 1
    units = [unit.code for unit in demo.world.city.units.values() if unit.is_active]
    assert {account.login_name for account in staff} >= {f"lead.{unit}" for unit in units}


def test_a_second_run_adds_and_loses_nothing(demo: Demo) -> None:
    with demo.database.reading() as session:
        before = [(report.number, report.version, report.journal_hash) for report in reports(session)]
    later = NOW + timedelta(days=3)
    assert not seed(demo.database, BlobStore.local(demo.blobs), wanted=Script(reports=REPORTS), now=later)
    with demo.database.reading() as session:
        assert [(report.number, report.version, report.journal_hash) for report in reports(session)] == before


KILLED = """
import os, signal, sys
from datetime import datetime
from app.demo.seeding import Script, seed
from app.infra.blobs import BlobStore
from app.infra.database import Database

def tell(stage, done, total):
    if stage == "reports" and done:
        os.kill(os.getpid(), signal.SIGKILL)

now = datetime.fromisoformat(sys.argv[3])
seed(Database(sys.argv[1]), BlobStore.local(sys.argv[2]), wanted=Script(reports=30), now=now, progress=tell)
"""


def test_a_killed_seeding_leaves_nothing_and_the_next_run_makes_it_whole(city: Path, tmp_path: Path) -> None:
    path = shutil.copy(city, tmp_path / "killed.db")
    url, blobs = f"sqlite:///{path}", tmp_path / "blobs"
    command = (sys.executable, "-c", KILLED, url, str(blobs), NOW.isoformat())
    killed = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=60)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    database = Database(url, sqlite_synchronous="OFF")
    with database.reading() as session:
        assert reports(session) == []
        assert session.exec(select(UserAccount)).all() == []
    console = Console(file=io.StringIO(), width=100)
    bars = Progress(console=console)
    demonstrate(
        database,
        BlobStore.local(blobs),
        wanted=Script(reports=2),
        base="http://127.0.0.1:8000",
        picture=None,
        console=console,
        bars=bars,
        now=NOW,
    )
    with database.reading() as session:
        assert len(reports(session)) == 2 + STORIES
    told = [task.description for task in bars.tasks]
    assert told == [text(f"demo.progress.{stage}") for stage in ("photos", "people", "reports")]
    assert bars.finished
    database.dispose()


def test_real_reports_are_never_mixed_with_invented_ones(demo: Demo, tmp_path: Path) -> None:
    path = shutil.copy(demo.path, tmp_path / "real.db")
    database = Database(f"sqlite:///{path}", sqlite_synchronous="OFF")
    with database.transaction() as session:
        for account in session.exec(select(UserAccount)):
            account.is_demo = False
            session.add(account)
    with pytest.raises(ForeignReports, match="SUISHOUPAI_DATABASE_URL"):
        seed(database, BlobStore.memory(), wanted=Script(reports=5), now=NOW)
    database.dispose()
