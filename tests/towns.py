"""Fixtures: databases in which the small city stands already, filled once per run and copied per test."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import make_url

from app.infra.database import Database
from app.reports.world import World
from tests.builders import a_world, the_world
from tests.conftest import postgres_copy, rolled_back


@dataclass(frozen=True)
class Town:
    """A database with the small city in it, and the world read from it."""

    database: Database
    world: World


_worlds: dict[str, World] = {}
"""By dialect: every copy of a template has the same city, and reading it takes longer than most tests."""


def _town(database: Database) -> Town:
    if database.dialect not in _worlds:
        _worlds[database.dialect] = the_world(database)
    return Town(database, _worlds[database.dialect])


def _fill(url: str) -> None:
    database = Database(url, sqlite_synchronous="OFF")
    a_world(database)
    database.dispose()


@pytest.fixture(scope="session")
def sqlite_town_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = Path(shutil.copy(sqlite_template, tmp_path_factory.mktemp("town") / "town.db"))
    _fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_town_template(postgres_url: str, postgres_template: str) -> Iterator[str]:
    with postgres_copy(postgres_url, template=postgres_template) as url:
        _fill(url)
        yield str(make_url(url).database)


@pytest.fixture(scope="session")
def postgres_town_database(postgres_url: str, postgres_town_template: str) -> Iterator[Database]:
    with postgres_copy(postgres_url, template=postgres_town_template) as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture
def town(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Town]:
    """Give the small city: a file of its own, or one PostgreSQL transaction that is rolled back."""
    if engine_name == "sqlite":
        path = shutil.copy(request.getfixturevalue("sqlite_town_template"), tmp_path / "town.db")
        database = Database(f"sqlite:///{path}", sqlite_synchronous="OFF")
        yield _town(database)
        database.dispose()
    else:
        with rolled_back(request.getfixturevalue("postgres_town_database")) as bound:
            yield _town(bound)


@pytest.fixture
def committed_url(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Give the URL of a database of its own with the small city in it, for threads and applications."""
    if engine_name == "sqlite":
        yield f"sqlite:///{shutil.copy(request.getfixturevalue('sqlite_town_template'), tmp_path / 'committed.db')}"
    else:
        server, template = (request.getfixturevalue(name) for name in ("postgres_url", "postgres_town_template"))
        with postgres_copy(server, template=template) as url:
            yield url


@pytest.fixture
def committed_town(committed_url: str) -> Iterator[Town]:
    """Give the small city in a database of its own, for tests with threads that really commit."""
    database = Database(committed_url, sqlite_synchronous="OFF")
    yield _town(database)
    database.dispose()
