"""One place opens, commits and rolls back; the same on both engines."""

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout
from sqlmodel import Session

import app.infra.database
from app.infra.clock import Now
from app.infra.clock import now as system_now
from app.infra.database import Database, DatabaseDep
from tests.infra.sample_table import Sample, a_sample, make_table


def count(session: Session) -> int:
    return session.scalars(select(func.count()).select_from(Sample)).one()


def with_table(database: Database) -> Database:
    with database.transaction() as session:
        make_table(session)
    return database


def test_a_block_commits_when_it_ends(database: Database, now: datetime) -> None:
    with_table(database)
    with database.transaction() as session:
        session.add(a_sample("a", now))
    with database.reading() as session:
        assert count(session) == 1


def test_a_block_that_raises_leaves_nothing(database: Database, now: datetime) -> None:
    with_table(database)

    def fail() -> None:
        with database.transaction() as session:
            session.add(a_sample("a", now))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.reading() as session:
        assert count(session) == 0


def test_objects_survive_the_block(database: Database, now: datetime) -> None:
    with_table(database)
    with database.transaction() as session:
        sample = a_sample("a", now)
        session.add(sample)
    assert (sample.name, sample.at, sample.at.tzinfo) == ("a", now, UTC)


def test_a_savepoint_undoes_only_itself(database: Database, now: datetime) -> None:
    with_table(database)
    with database.transaction() as session:
        session.add(a_sample("a", now))
        session.flush()
        with pytest.raises(IntegrityError), session.begin_nested():
            session.add(a_sample("a", now))
        session.add(a_sample("b", now))
    with database.reading() as session:
        assert count(session) == 2


def test_reading_refuses_to_write(database: Database, now: datetime) -> None:
    with_table(database)
    with database.reading() as session:
        session.add(a_sample("a", now))
        with pytest.raises(DBAPIError):
            session.flush()
    with database.transaction() as session:  # and the connection can write again afterwards
        session.add(a_sample("b", now))
    with database.reading() as session:
        assert count(session) == 1


def test_reading_refuses_to_write_on_a_database_of_its_own(committed_database: Database, now: datetime) -> None:
    test_reading_refuses_to_write(committed_database, now)


def test_a_thread_holds_one_session_at_a_time(database: Database) -> None:
    with database.transaction():
        for block in (database.transaction, database.reading):
            with pytest.raises(RuntimeError, match="already holds a session"), block():
                pass
    with database.reading(), pytest.raises(RuntimeError, match="already holds a session"), database.transaction():
        pass
    with database.transaction() as session:  # a refusal leaves nothing behind
        assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_foreign_keys_are_enforced(database: Database, now: datetime) -> None:
    with_table(database)
    orphan = a_sample("a", now)
    orphan.parent_id = 4711
    with pytest.raises(IntegrityError), database.transaction() as session:
        session.add(orphan)


def test_no_update_is_lost_between_threads(committed_database: Database, now: datetime) -> None:
    database = with_table(committed_database)
    with database.transaction() as session:
        session.add(a_sample("0", now))

    def increment(_: int) -> None:
        with database.transaction() as session:
            sample = session.scalars(select(Sample).with_for_update()).one()
            sample.name = str(int(sample.name) + 1)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(increment, range(80)))
    with database.reading() as session:
        assert session.scalars(select(Sample)).one().name == "80"


def test_a_reader_does_not_wait_for_a_writer(committed_database: Database, now: datetime) -> None:
    database = with_table(committed_database)
    with ThreadPoolExecutor(1) as pool, database.transaction() as session:
        session.add(a_sample("a", now))
        session.flush()

        def read() -> int:
            with database.reading() as reader:
                return count(reader)

        assert pool.submit(read).result(timeout=5) == 0


def test_waiting_for_the_write_lock_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.infra.database, "WAIT_S", 0.05)
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    entered, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with database.transaction():
            entered.set()
            leave.wait(5)

    with ThreadPoolExecutor(1) as pool:
        held = pool.submit(hold)
        entered.wait(5)
        with pytest.raises(DatabaseTimeout), database.transaction():
            pass
        leave.set()
        held.result()
    database.dispose()


def test_two_processes_write_to_one_sqlite_file(tmp_path: Path, now: datetime) -> None:
    url = f"sqlite:///{tmp_path / 'a.db'}"
    database = with_table(Database(url))
    with database.transaction() as session:
        session.add(a_sample("0", now))
    program = (
        "import sys; from sqlalchemy import text; from app.infra.database import Database\n"
        "database = Database(sys.argv[1])\n"
        "for _ in range(50):\n"
        "    with database.transaction() as session:\n"
        "        name = session.execute(text('SELECT name FROM sample')).scalar_one()\n"
        "        session.execute(text('UPDATE sample SET name = :name'), {'name': str(int(name) + 1)})\n"
        "database.dispose()\n"
    )
    children = [subprocess.Popen([sys.executable, "-c", program, url]) for _ in range(2)]
    assert [child.wait(60) for child in children] == [0, 0]
    with database.reading() as session:
        assert session.scalars(select(Sample)).one().name == "100"
    database.dispose()


def test_sqlite_is_set_up_for_safety(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'a.db'}")
    wanted = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 10_000, "query_only": 0}
    with database.transaction() as session:
        found = {pragma: session.execute(text(f"PRAGMA {pragma}")).scalar_one() for pragma in wanted}
    database.dispose()
    assert found == wanted


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://user@host/name"])
def test_other_databases_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"needs a file|neither SQLite nor PostgreSQL"):
        Database(url)


def test_errors_do_not_repeat_what_people_wrote(database: Database, now: datetime) -> None:
    with_table(database)
    with database.transaction() as session:
        session.add(a_sample("secret-phone", now))
    with pytest.raises(IntegrityError) as caught, database.transaction() as session:
        session.add(a_sample("secret-phone", now))
    assert "[SQL parameters hidden" in str(caught.value)


def test_a_postgres_row_lock_is_not_waited_for_forever(committed_postgres: Database) -> None:
    with committed_postgres.reading() as session:
        assert session.execute(text("SHOW lock_timeout")).scalar_one() == "10s"
        assert session.execute(text("SHOW transaction_read_only")).scalar_one() == "on"
    with committed_postgres.transaction() as session:
        assert session.execute(text("SHOW transaction_read_only")).scalar_one() == "off"


def test_a_restarted_postgres_costs_one_failure(committed_postgres: Database) -> None:
    with committed_postgres.reading() as session:
        victim = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with ThreadPoolExecutor(1) as pool, committed_postgres.transaction() as session:

        def kill() -> None:
            with committed_postgres.transaction() as other:
                own = other.execute(text("SELECT pg_backend_pid()")).scalar_one()
                assert own != session_pid
                other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": session_pid})

        session_pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
        assert session_pid == victim  # the warm connection is used again
        pool.submit(kill).result()
        with pytest.raises(DBAPIError) as caught:
            session.execute(text("SELECT 1"))
        assert caught.value.connection_invalidated
        session.rollback()
    with committed_postgres.reading() as session:
        assert session.execute(text("SELECT 1")).scalar_one() == 1


def test_an_endpoint_gets_the_database_and_the_time(database: Database, now: datetime) -> None:
    application = FastAPI()
    application.state.database = database
    application.state.clock = lambda: now

    @application.get("/")
    def read(database: DatabaseDep, now: Now) -> dict[str, str]:
        with database.reading() as session:
            return {"one": str(session.execute(text("SELECT 1")).scalar_one()), "now": now.isoformat()}

    with TestClient(application) as client:
        assert client.get("/").json() == {"one": "1", "now": "2026-11-20T02:00:00+00:00"}


def test_the_clock_is_aware_utc() -> None:
    before = time.time()
    read = system_now()
    assert read.tzinfo is UTC
    assert before - 1 < read.timestamp() < before + 5
