"""People, reports and an application around photos."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from itertools import count
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Column, Table, TypeDecorator, insert
from sqlmodel import Session, SQLModel

import app.tables  # noqa: F401 - a photo refers to tables of other packages
from app.domain.roles import Role
from app.identity.caller import CallerCache
from app.identity.models import UserAccount
from app.identity.throttle import CallerThrottle
from app.identity.tokens import issue_token
from app.infra import problems
from app.infra.blobs import BlobStore
from app.infra.database import Database
from app.media import api
from app.media.budget import PhotoBudget
from app.media.models import Photo, PhotoKind
from app.media.upload import upload_photo
from tests.media.pictures import a_jpeg

NewUser = Callable[..., int]
NewReport = Callable[[int], int]
Upload = Callable[..., Photo]

_numbers = count(1)

_FILLERS: dict[type, Any] = {
    int: 0,
    float: 0.0,
    bool: False,
    dict: {},
    list: [],
    date: date(2026, 1, 1),
    datetime: datetime(2026, 1, 1, tzinfo=UTC),
}


def a_row(session: Session, table: Table, **given: object) -> Any:
    """Add a row whose required columns hold anything that fits, with the rows it refers to; return its key.

    What a report consists of is no business of photos: they only need one to exist.
    """
    needed = (column for column in table.columns if not column.nullable and column.default is None)
    for column in needed:
        if column.name in given or (column.primary_key and column.type.python_type is int):
            continue
        given[column.name] = _anything_for(session, column)
    (key,) = table.primary_key
    return session.execute(insert(table).values(given).returning(key)).scalar_one()


def _anything_for(session: Session, column: Column[Any]) -> object:
    for key in column.foreign_keys:
        return a_row(session, key.column.table)
    stored_as = column.type.impl_instance if isinstance(column.type, TypeDecorator) else column.type
    kind = stored_as.python_type
    if issubclass(kind, Enum):
        return next(iter(kind))
    return _FILLERS[kind] if kind in _FILLERS else f"x{next(_numbers)}"


@pytest.fixture
def new_user(database: Database, now: datetime) -> NewUser:
    def make(role: Role = Role.CITIZEN) -> int:
        with database.transaction() as session:
            user = UserAccount(display_name="某人", roles=[role.value], created_at=now)
            session.add(user)
            session.flush()
            assert user.id is not None
            return user.id

    return make


@pytest.fixture
def owner_id(new_user: NewUser) -> int:
    return new_user()


@pytest.fixture
def new_report(database: Database) -> NewReport:
    def make(reporter_id: int) -> int:
        with database.transaction() as session:
            return int(a_row(session, SQLModel.metadata.tables["report"], reporter_id=reporter_id))

    return make


@dataclass
class World:
    """The application with its clock, its files and a client without credentials."""

    client: TestClient
    blobs: BlobStore
    database: Database
    now: datetime

    def token(self, user_id: int) -> dict[str, str]:
        with self.database.transaction() as session:
            token = issue_token(session, user_id=user_id, lifetime=timedelta(days=30), now=self.now)
        return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def blobs() -> BlobStore:
    return BlobStore.memory()


@pytest.fixture
def world(database: Database, blobs: BlobStore, now: datetime) -> World:
    budget = PhotoBudget(max_bytes=300_000)
    app = FastAPI()
    problems.install(app)
    app.include_router(api.router, max_body_size=budget.max_bytes + 16_384)
    app.state.database = database
    app.state.blobs = blobs
    app.state.callers = CallerCache()
    app.state.allows_demo_accounts = False
    app.state.photo_budget = budget
    app.state.throttles = {"photos": CallerThrottle(per_hour=0)}
    app.state.link_secret = b"for tests only"
    there = World(client=TestClient(app), blobs=blobs, database=database, now=now)
    app.state.clock = lambda: there.now
    return there


@pytest.fixture
def upload(database: Database, blobs: BlobStore, now: datetime) -> Upload:
    """Give what keeps a photo as a request would."""

    def make(
        owner_id: int, original: bytes | None = None, *, client_id: str | None = None, at: datetime = now
    ) -> Photo:
        return upload_photo(
            database,
            blobs,
            original or a_jpeg(),
            owner_id=owner_id,
            kind=PhotoKind.NEAR,
            client_id=client_id,
            budget=PhotoBudget(),
            now=at,
        )

    return make
