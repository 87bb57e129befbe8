"""The triggers that feed counts and search are there, and found a database that had reports before them."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import text
from sqlmodel import col, select

from app import migrate
from app.dispatch.models import QueueTally
from app.domain.report_number import make
from app.domain.workflow import Action, Status
from app.infra.database import Database
from app.reports.models import AssistingUnit, Report
from app.search.models import SearchTodo
from tests.builders import NOW, OTHER_UNIT, PATHS, SQUAD, a_report, a_world, at_status
from tests.conftest import postgres_copy
from tests.dispatch.test_counts import by_row, by_tally
from tests.towns import Town

TRIGGERS = {
    "report_enters_queue",
    "report_changes_queue",
    "report_leaves_queue",
    "report_to_read",
    "report_to_read_again",
    "report_with_text",
    "report_with_assistance",
}


@pytest.fixture
def migrated_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give a database of its own, at the newest revision."""
    if engine_name == "sqlite":
        url = f"sqlite:///{tmp_path / 'migrated.db'}"
        migrate.upgrade(url)
        yield url
    else:
        with postgres_copy(request.getfixturevalue("postgres_url"), template="template1") as url:
            migrate.upgrade(url)
            yield url


def triggers_of(database: Database) -> set[str]:
    question = (
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        if database.dialect == "sqlite"
        else "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal"
    )
    with database.reading() as session:
        return {row[0] for row in session.execute(text(question))}


def test_every_trigger_is_there_after_all_migrations(database: Database) -> None:
    """On SQLite a later revision that rebuilds a table loses them unless it creates them again."""
    assert TRIGGERS - triggers_of(database) == set()


def test_reports_older_than_the_triggers_are_counted_and_will_be_read(migrated_url: str) -> None:
    with Database(migrated_url) as database:
        world = a_world(database)
        with database.transaction() as session:
            for status in PATHS:
                at_status(session, world, status)
    command.downgrade(migrate.configuration(migrated_url), "0003")
    migrate.upgrade(migrated_url)
    with Database(migrated_url) as database, database.transaction() as session:
        ids = set(session.exec(select(col(Report.id))))
        assert set(session.exec(select(SearchTodo.report_id))) == ids
        assert {(row.holder, row.status): row.n for row in session.exec(select(QueueTally))} == {
            (holder, status): number for holder, counts in by_row(session).items() for status, number in counts.items()
        }


def test_a_report_that_is_deleted_leaves_its_queue(town: Town) -> None:
    with town.database.transaction() as session:
        original = a_report(session, town.world)
        columns = original.model_dump(exclude={"id", "number"})
        copy = Report(**columns, number=make(NOW, 415_926))  # nothing refers to it, not even the journal
        session.add(copy)
        assert by_tally(session) == {"acceptance": {Status.SUBMITTED: 2}}
        session.delete(copy)
        assert by_tally(session) == {"acceptance": {Status.SUBMITTED: 1}}


def test_what_is_said_and_who_helps_is_read_and_nothing_else(town: Town) -> None:
    with town.database.transaction() as session:
        case = at_status(session, town.world, Status.FILED)
        report = case.report(session)

        def read_again(change: Callable[[], object]) -> int:
            session.execute(text("DELETE FROM search_todo"))
            change()
            session.flush()
            return len(session.exec(select(SearchTodo.report_id)).all())

        def set_columns(**columns: object) -> Callable[[], object]:
            return lambda: report.sqlmodel_update(columns)

        assert read_again(set_columns(version=9, status=Status.ACCEPTED)) == 0
        assert read_again(set_columns(address="书院路")) == 1
        assert read_again(set_columns(unit_code=SQUAD)) == 1
        assert read_again(lambda: session.add(AssistingUnit(report_id=report.id or 0, unit_code=OTHER_UNIT))) == 1
        assert read_again(lambda: case.do(session, Action.NOTE)) == 1
