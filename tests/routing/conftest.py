"""The default city with the default rules, loaded once."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.city.snapshot import CitySnapshot
from app.infra.database import Database
from app.reports.world import World
from app.setup import load_city
from tests.builders import NOW, the_world


@pytest.fixture(scope="session")
def city(sqlite_town_template: Path) -> Iterator[CitySnapshot]:
    """Give the small city, for tests that need no database."""
    with Database(f"sqlite:///{sqlite_town_template}") as database:
        yield the_world(database).city


@pytest.fixture(scope="session")
def default_world(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = shutil.copy(sqlite_template, tmp_path_factory.mktemp("default") / "city.db")
    database = Database(f"sqlite:///{path}", sqlite_synchronous="OFF")
    load_city(database, now=NOW)
    yield the_world(database)
    database.dispose()
