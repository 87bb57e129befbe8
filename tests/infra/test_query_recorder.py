"""The recorder counts the same on both engines."""

from datetime import datetime

from sqlalchemy import text

from app.infra.database import Database
from tests.infra.sample_table import a_sample, make_table
from tests.query_recorder import QueryRecorder


def run(database: Database, now: datetime) -> list[str]:
    with database.transaction() as session:
        make_table(session)
    with QueryRecorder(database) as recorder:
        with database.transaction() as session:
            with session.begin_nested():
                session.add(a_sample("a", now))
            session.execute(text("SELECT 2"))
        with database.reading() as session:
            session.execute(text("SELECT 3"))
    with database.reading() as session:
        session.execute(text("SELECT 4"))
    return [statement.split()[0] for statement in recorder.statements]


def test_it_counts_statements_and_savepoints_but_no_transactions(database: Database, now: datetime) -> None:
    assert run(database, now) == ["SAVEPOINT", "INSERT", "RELEASE", "SELECT", "SELECT"]


def test_it_counts_the_same_on_a_database_of_its_own(committed_database: Database, now: datetime) -> None:
    assert run(committed_database, now) == ["SAVEPOINT", "INSERT", "RELEASE", "SELECT", "SELECT"]
