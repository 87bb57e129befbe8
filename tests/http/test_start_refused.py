"""A server that could not answer says why in one line and does not start."""

from pathlib import Path

import pytest

from app.infra.database import Database
from app.serving import refuse_unprepared
from app.settings import Settings, StartRefused
from app.setup import prepare_schema
from app.sla.policies import load_default_limits


def test_a_database_that_was_never_migrated(tmp_path: Path) -> None:
    with pytest.raises(StartRefused, match="suishoupai migrate"):
        refuse_unprepared(Settings(database_url=f"sqlite:///{tmp_path / 'new.db'}"))


def test_a_database_without_a_city(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'migrated.db'}"
    prepare_schema(url)
    database = Database(url)
    with database.transaction() as session:
        load_default_limits(session)
    database.dispose()
    with pytest.raises(StartRefused, match="city load-default"):
        refuse_unprepared(Settings(database_url=url))
