"""One seeded demonstration for all tests that only look at it, and the parts to play another one quickly."""

import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.demo.deeds import Step
from app.demo.people import add_people, load_cast
from app.demo.photos import Album, make_album
from app.demo.plan import BY_CATEGORY
from app.demo.scenario import load_scenario, script
from app.demo.seeding import Script, seed
from app.demo.simulation import Play, Stage
from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.reports.world import World, WorldHolder
from app.setup import load_city, prepare_schema

REPORTS = 60
NOW = datetime(2026, 11, 20, 2, 0, 17, 250_000, tzinfo=UTC)
"""Friday, 10:00 in Beijing."""

Played = Callable[[Path | None], Database]

__all__ = ["NOW", "REPORTS", "Demo", "Step"]


@dataclass(frozen=True, slots=True)
class Demo:
    """A seeded demonstration; tests must not change it."""

    database: Database
    path: Path
    blobs: Path
    world: World


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a database file with the whole default city and nobody in it."""
    path = tmp_path_factory.mktemp("city") / "city.db"
    prepare_schema(f"sqlite:///{path}")
    database = Database(f"sqlite:///{path}", sqlite_synchronous="OFF")
    load_city(database, now=NOW - timedelta(days=14))
    database.dispose()
    return path


@pytest.fixture(scope="session")
def demo(city: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    root = tmp_path_factory.mktemp("demo")
    path = root / "demo.db"
    shutil.copy(city, path)
    database = Database(f"sqlite:///{path}", sqlite_synchronous="OFF")
    assert seed(database, BlobStore.local(root / "blobs"), wanted=Script(reports=REPORTS), now=NOW)
    database.dispose()  # the file alone is now the whole database, so that tests may copy it
    yield Demo(database, path, root / "blobs", WorldHolder(database, clock=lambda: NOW).current())
    database.dispose()


@pytest.fixture(scope="session")
def album() -> Album:
    return make_album(BlobStore.memory(), categories=tuple(BY_CATEGORY), now=NOW, progress=lambda _done, _total: None)


@pytest.fixture
def played(city: Path, album: Album, tmp_path: Path) -> Iterator[Played]:
    """Give a function that plays the stories of a scenario file, and nothing else, in a database of their own."""
    opened: list[Database] = []

    def play(scenario: Path | None) -> Database:
        path = shutil.copy(city, tmp_path / f"{len(opened)}.db")
        database = Database(f"sqlite:///{path}", sqlite_synchronous="OFF")
        opened.append(database)
        world = WorldHolder(database, clock=lambda: NOW).current()
        with database.transaction() as session:
            add_people(session, units=world.city.units.values(), now=NOW - timedelta(days=14))
            stage = Stage(session, world, load_cast(session), album, random.Random(1))
            stories = [script(story, now=NOW) for story in load_scenario(scenario)]
            Play(stage, stories, until=NOW).run(lambda _done, _total: None)
        return database

    yield play
    for database in opened:
        database.dispose()
