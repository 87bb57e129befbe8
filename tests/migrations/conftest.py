"""Databases without tables, on both engines."""

import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Protocol

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool


class NewDatabase(Protocol):
    """Makes an empty database and returns its URL; on SQLite not even the folder of the file is there yet."""

    def __call__(self) -> str: ...


@pytest.fixture
def new_database(engine_name: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewDatabase]:
    with ExitStack() as made:
        if engine_name == "sqlite":
            yield lambda: f"sqlite:///{tmp_path / uuid.uuid4().hex / 'new.db'}"
        else:
            server: str = request.getfixturevalue("postgres_url")
            yield lambda: made.enter_context(_on_server(server))


@pytest.fixture
def empty_url(new_database: NewDatabase) -> str:
    return new_database()


@contextmanager
def _on_server(server: str) -> Iterator[str]:
    name = f"suishoupai_migrations_{uuid.uuid4().hex}"
    engine = create_engine(server, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
        yield make_url(server).set(database=name).render_as_string(hide_password=False)
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
