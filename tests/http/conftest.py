"""One application per kind of database for all tests here; people and reports are new in each test."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import update
from sqlalchemy.engine import make_url
from sqlmodel import col

from app.infra.blobs import BlobStore
from app.main import create_app
from app.routing.models import RuleSetState, RuleSetVersion
from app.settings import LoginProvider, Settings
from app.triage.models import TriageModel
from tests.conftest import postgres_copy
from tests.http.strict_client import Clock, Service, StrictClient


def an_app(url: str, clock: Clock, **changes: Any) -> FastAPI:
    """Build the application on a database, with its photos in memory and no worker inside."""
    settings = Settings(
        database_url=make_url(url).set(drivername=make_url(url).get_backend_name()).render_as_string(False),
        sqlite_synchronous="NORMAL",
        secret_key=SecretStr("for tests only, and long enough to be taken"),
        login_provider=LoginProvider.DEVELOPMENT,
        worker_embedded=False,
        **changes,
    )
    return create_app(settings, clock=clock, blobs=BlobStore.memory())


@contextmanager
def a_service(url: str) -> Iterator[Service]:
    clock = Clock()
    app = an_app(url, clock)
    with StrictClient(app) as client:
        yield Service(app, client, clock)


@pytest.fixture(scope="session")
def sqlite_service(sqlite_town_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    path = shutil.copy(sqlite_town_template, tmp_path_factory.mktemp("service") / "service.db")
    with a_service(f"sqlite:///{path}") as service:
        yield service


@pytest.fixture(scope="session")
def postgres_service(postgres_url: str, postgres_town_template: str) -> Iterator[Service]:
    with postgres_copy(postgres_url, template=postgres_town_template) as url, a_service(url) as service:
        yield service


@pytest.fixture
def service(engine_name: str, request: pytest.FixtureRequest) -> Iterator[Service]:
    found: Service = request.getfixturevalue("sqlite_service" if engine_name == "sqlite" else "postgres_service")
    before, rule_set_id = found.clock.now, found.world.rule_set_id
    yield found
    found.clock.now = before
    _take_back(found, rule_set_id)


def _take_back(service: Service, rule_set_id: int) -> None:
    """Let what a test published and activated decide nothing in the tests after it."""
    with service.database.transaction() as session:
        session.execute(update(TriageModel).where(col(TriageModel.is_active)).values(is_active=False))
        is_new = (col(RuleSetVersion.state) == RuleSetState.PUBLISHED, col(RuleSetVersion.id) != rule_set_id)
        session.execute(update(RuleSetVersion).where(*is_new).values(state=RuleSetState.RETIRED))
    service.app.state.world.refresh()
