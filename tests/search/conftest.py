"""A city with a history of some blocks, one for all tests of a module; they only read, or put back what they change."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from app.infra.database import Database
from tests.builders import NOW
from tests.conftest import ENGINES, postgres_copy
from tests.http.conftest import postgres_service, service, sqlite_service
from tests.search.filling import fill
from tests.search.many_reports import History
from tests.towns import Town, _town

__all__ = ["postgres_service", "service", "sqlite_service"]

REPORTS = 5_000
"""Two blocks of the postings, the last one not full."""


@dataclass(frozen=True)
class OldTown(Town):
    """A town and its history."""

    history: History


@pytest.fixture(scope="module", params=ENGINES)
def old_town(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldTown]:
    if request.param == "sqlite":
        place = tmp_path_factory.mktemp("old-town") / "old.db"
        shutil.copy(request.getfixturevalue("sqlite_town_template"), place)
        with Database(f"sqlite:///{place}", sqlite_synchronous="OFF") as database:
            yield _filled(database)
    else:
        server, template = (request.getfixturevalue(name) for name in ("postgres_url", "postgres_town_template"))
        with postgres_copy(server, template=template) as url, Database(url) as database:
            yield _filled(database)


def _filled(database: Database) -> OldTown:
    town = _town(database)
    history = History(town.world, REPORTS, until=NOW, units=10)
    fill(database, history)
    return OldTown(town.database, town.world, history)
