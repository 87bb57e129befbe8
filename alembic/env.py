"""Runs migrations: on the database of `app.migrate`, of `-x url=...`, or of the settings."""

import time
from pathlib import Path
from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON, Connection, Enum
from sqlalchemy.engine import make_url
from sqlmodel import SQLModel
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

import app.tables  # noqa: F401 - completes SQLModel.metadata
from app.infra.database import Database
from app.settings import load

# A migration that waits for a table makes everybody behind it wait, too: give up soon and try again later.
LOCK_TIMEOUT = "5s"
ONE_AT_A_TIME = 7_307_013_091  # key of the advisory lock, any number that nobody else uses; freed with the connection
ASK_AGAIN_S = 0.2


def database_url() -> str:
    given = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True).get("url")
    return str(given or load().database_url)


def render(kind: str, thing: Any, autogenerate: AutogenContext) -> str | Literal[False]:  # noqa: ANN401 - Alembic's hook
    """Write a column in plain SQLAlchemy: a revision must not change when our types or enums do."""
    if kind == "column" and thing.primary_key and thing.default is not None:
        thing.autoincrement = False  # said aloud: without our default at hand it would become a SERIAL
    if kind == "type" and isinstance(thing, UTCDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(thing, (AutoString, Enum)):
        return f"sa.String(length={thing.length})"  # AutoString passes the question on to its String
    if kind == "type" and isinstance(thing, JSON):
        autogenerate.imports.add("from sqlalchemy.dialects import postgresql\n")
        return 'sa.JSON().with_variant(postgresql.JSONB(), "postgresql")'
    return False


def prepare(connection: Connection) -> None:
    """Let one process migrate at a time; the others wait here and then find nothing left to do."""
    if connection.dialect.name == "sqlite":
        # BEGIN IMMEDIATE of the engine is the lock. Rebuilding a table (batch mode) must not fire its cascades.
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        return
    # Asked again and again, not waited for: CREATE INDEX CONCURRENTLY would wait for the transaction that waits.
    while not connection.exec_driver_sql(f"SELECT pg_try_advisory_lock({ONE_AT_A_TIME})").scalar():
        connection.rollback()
        time.sleep(ASK_AGAIN_S)
    connection.exec_driver_sql(f"SET lock_timeout = '{LOCK_TIMEOUT}'")
    connection.commit()


def refuse_dangling_rows(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
        if dangling:
            raise RuntimeError(f"the migration leaves a row of {dangling[0]} that points at nothing")


def migrate(url: str) -> None:
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite" and parsed.database:
        Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
    database = Database(url, pool_size=1)
    try:
        with database.engine.connect() as connection:
            prepare(connection)
            context.configure(
                connection=connection,
                target_metadata=SQLModel.metadata,
                render_as_batch=True,  # SQLite alters most things by rebuilding the table
                render_item=render,
                transactional_ddl=True,
                # PostgreSQL: short locks, and room for an index built concurrently outside any transaction.
                transaction_per_migration=database.dialect == "postgresql",
            )
            with context.begin_transaction():
                context.run_migrations()
                refuse_dangling_rows(connection)
    finally:
        database.dispose()


if context.is_offline_mode():
    raise SystemExit("--sql is not supported: batch mode has to look at the tables it rebuilds")
migrate(database_url())
