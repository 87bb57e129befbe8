"""The database: the only place that opens, commits or rolls back a session."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Annotated, Any, Literal, Self

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout
from sqlalchemy.pool import QueuePool
from sqlmodel import Session

import app.infra.columns  # noqa: F401 - constraint names are fixed before the first table is made
from app.infra.app_state import from_state

DATABASE_FAILURES = (OperationalError, InterfaceError, DatabaseTimeout)
"""What a lost, locked or overloaded database raises: nothing is wrong with the request, it may come again."""

Dialect = Literal["sqlite", "postgresql"]
SqliteSynchronous = Literal["FULL", "NORMAL", "OFF"]

WAIT_S = 10
"""How long anything waits for a connection, the write lock or a row lock, in seconds."""


def _json_text(value: object) -> str:
    return orjson.dumps(value).decode()


def _engine(url: URL, *, pool_size: int, **options: Any) -> Engine:  # noqa: ANN401 - passed on to create_engine
    return create_engine(
        url,
        poolclass=QueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=WAIT_S,
        pool_use_lifo=True,  # the warmest connection first; its caches and prepared statements are filled
        json_serializer=_json_text,
        json_deserializer=orjson.loads,
        hide_parameters=True,  # what people wrote does not belong in error messages
        **options,
    )


def _sqlite_engine(url: URL, *, pool_size: int, begin: str, pragmas: tuple[str, ...]) -> Engine:
    engine = _engine(url, pool_size=pool_size, connect_args={"check_same_thread": False})

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: object) -> None:  # noqa: ANN401 - a DBAPI connection
        # The driver must not open transactions by itself, or savepoints break and BEGIN comes too late.
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    return engine


def _sqlite_engines(url: URL, *, pool_size: int, synchronous: SqliteSynchronous) -> tuple[Engine, Engine]:
    if url.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a file: every connection to :memory: would see a database of its own")
    pragmas = (
        f"busy_timeout={WAIT_S * 1000}",
        "journal_mode=WAL",
        f"synchronous={synchronous}",
        "foreign_keys=ON",
        "temp_store=MEMORY",
        "cache_size=-16000",  # KiB per connection
        "mmap_size=268435456",
    )
    # A deferred BEGIN that reads and then writes loses half its transactions under load; IMMEDIATE loses none.
    writer = _sqlite_engine(url, pool_size=1, begin="BEGIN IMMEDIATE", pragmas=pragmas)
    reader = _sqlite_engine(url, pool_size=pool_size, begin="BEGIN", pragmas=(*pragmas, "query_only=ON"))
    return writer, reader


def _postgres_engines(url: URL, *, pool_size: int) -> tuple[Engine, Engine]:
    arguments: dict[str, Any] = {"connect_timeout": 5}
    if "options" not in url.query:
        arguments["options"] = f"-c lock_timeout={WAIT_S}s"
    # No pre-ping: it costs a round trip per request, and after a restart of the server only the first request
    # fails (503, retryable), because SQLAlchemy then empties the whole pool.
    engine = _engine(url, pool_size=pool_size, connect_args=arguments, pool_recycle=1800)
    # psycopg turns this into BEGIN READ ONLY: the same pool, no extra round trip.
    return engine, engine.execution_options(postgresql_readonly=True)


class Database:
    """One database, SQLite or PostgreSQL, with its pools; shared by all threads of a process.

    A thread holds at most one session at a time. `engine` (the writing one) and `engines` (every pool)
    are for migrations and tests.
    """

    def __init__(self, url: str, *, pool_size: int = 16, sqlite_synchronous: SqliteSynchronous = "FULL") -> None:
        """Open nothing yet: connections are made when first needed.

        :param url: `sqlite:///path` or `postgresql://...` (psycopg 3)
        :param pool_size: the most connections at a time; should equal the number of worker threads
        :raises ValueError: neither of the two databases, or SQLite without a file
        """
        parsed = make_url(url)
        self._held = threading.local()
        self._gate: threading.Lock | None = None
        self._join: dict[str, Any] = {}
        self.dialect: Dialect
        if parsed.get_backend_name() == "sqlite":
            self.dialect = "sqlite"
            # One writer at a time in the process: waiting here is fair enough, SQLite's busy back-off starves.
            self._gate = threading.Lock()
            self.engine, reader = _sqlite_engines(parsed, pool_size=pool_size, synchronous=sqlite_synchronous)
        elif parsed.get_backend_name() == "postgresql":
            self.dialect = "postgresql"
            psycopg_url = parsed.set(drivername="postgresql+psycopg")
            self.engine, reader = _postgres_engines(psycopg_url, pool_size=pool_size)
        else:
            raise ValueError(f"neither SQLite nor PostgreSQL: {parsed.get_backend_name()}")
        self._write_bind: Engine | Connection = self.engine
        self._read_bind: Engine | Connection = reader
        self.engines = (self.engine, reader) if self.dialect == "sqlite" else (self.engine,)

    @classmethod
    def bound_to(cls, connection: Connection) -> Self:
        """Return a database whose sessions are savepoints in the transaction already open on `connection`.

        For tests: rolling back that transaction undoes everything. Sessions of several threads take turns.
        """
        database = cls(connection.engine.url.render_as_string(hide_password=False), pool_size=1)
        database.engine = connection.engine
        database.engines = (connection.engine,)
        database._write_bind = database._read_bind = connection
        database._gate = threading.Lock()
        database._join = {"join_transaction_mode": "create_savepoint"}
        return database

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """Give a session that commits when the block ends and rolls back when it raises.

        On SQLite only one block at a time runs in a process, so what it reads cannot change under it.

        :raises RuntimeError: this thread already holds a session of this database
        :raises sqlalchemy.exc.TimeoutError: no turn or no connection within `WAIT_S`
        """
        with self._only_one(), self._turn(), Session(self._write_bind, expire_on_commit=False, **self._join) as session:
            yield session
            session.commit()

    @contextmanager
    def reading(self, *, snapshot: bool = False) -> Iterator[Session]:
        """Give a session that may only read (both engines refuse a write) and never waits for a writer.

        SQLite shows one snapshot for the whole block, PostgreSQL one per statement (READ COMMITTED) unless the block
        asks for a `snapshot` (REPEATABLE READ).

        :raises RuntimeError: this thread already holds a session of this database
        """
        turn = self._turn() if self.is_bound else nullcontext()
        with self._only_one(), turn, Session(self._read_bind, expire_on_commit=False, **self._join) as session:
            if snapshot and not self.is_bound and self.dialect == "postgresql":
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            if self.is_bound and self.dialect == "postgresql":
                session.execute(text("SET TRANSACTION READ ONLY"))  # ends with the savepoint
            yield session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self.dispose()

    def dispose(self) -> None:
        """Close every pooled connection."""
        for engine in self.engines:
            engine.dispose()

    @property
    def is_bound(self) -> bool:
        """Whether sessions are savepoints in a transaction of the outside (`bound_to`)."""
        return bool(self._join)

    @contextmanager
    def _only_one(self) -> Iterator[None]:
        if getattr(self._held, "session", False):
            raise RuntimeError("this thread already holds a session; pass it on instead of opening another")
        self._held.session = True
        try:
            yield
        finally:
            self._held.session = False

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._gate is None:
            yield
            return
        if not self._gate.acquire(timeout=WAIT_S):
            raise DatabaseTimeout(f"another thread held the write lock for {WAIT_S} s")
        try:
            yield
        finally:
            self._gate.release()


DatabaseDep = Annotated[Database, from_state("database")]
"""The database of the application: `request.app.state.database`."""
