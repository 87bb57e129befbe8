"""Puts a history into the tables of a database, as fast as each engine takes it."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import Connection, text

from app.infra.database import Database
from tests.search.many_reports import History


def fill(database: Database, history: History, *, tell: Callable[[str], None] = lambda _: None) -> None:
    """Store a history in a database that has a city and no reports; triggers sleep meanwhile."""
    with _plain_tables(database) as connection:
        numbers = range(1, history.count + 1)
        _load(connection, "user_account", history.people())
        tell("reports")
        _load(connection, "report", map(history.report, numbers))
        tell("photos")
        _load(connection, "photo", map(history.photo, numbers))
        tell("postings")
        _load(connection, "search_posting", history.postings())
        _load(connection, "search_block", history.blocks())
        connection.execute(
            text(
                "INSERT INTO queue_tally (holder, street_code, status, n) SELECT holder, street_code, status, count(*) "
                "FROM report WHERE holder IS NOT NULL GROUP BY holder, street_code, status"
            )
        )
        if database.dialect == "postgresql":
            for table in ("user_account", "report"):
                connection.execute(text(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))"))  # noqa: S608
        tell("indexes")
    tell("statistics")
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if database.dialect == "sqlite" else "VACUUM ANALYZE"))


@contextmanager
def _plain_tables(database: Database) -> Iterator[Connection]:
    """Give a transaction in which the tables that are filled have no triggers and no indexes but their keys."""
    with database.engine.begin() as connection:
        if database.dialect == "sqlite":
            found = connection.execute(
                text(
                    "SELECT type, name, sql FROM sqlite_master WHERE tbl_name IN ('report', 'photo') "
                    "AND type IN ('index', 'trigger') AND sql IS NOT NULL"
                )
            )
        else:
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            found = connection.execute(
                text(
                    "SELECT 'index', indexname, indexdef FROM pg_indexes WHERE tablename IN ('report', 'photo') "
                    "AND indexname LIKE 'ix\\_%'"
                )
            )
        parts = [(kind, name, sql) for kind, name, sql in found]
        for kind, name, _ in parts:
            connection.execute(text(f"DROP {kind} {name}"))
        yield connection
        for _, _, sql in parts:
            connection.exec_driver_sql(sql)


def _load(connection: Connection, table: str, rows: Iterator[dict[str, Any]]) -> None:
    first = next(rows, None)
    if first is None:
        return
    columns = list(first)
    values = (tuple(row.values()) for row in chain([first], rows))
    names = ", ".join(columns)
    if connection.dialect.name == "sqlite":
        marks = ", ".join("?" * len(columns))
        cursor: Any = connection.connection.cursor()
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({marks})", map(_for_sqlite, values))  # noqa: S608
        return
    with connection.connection.cursor() as cursor, cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:  # type: ignore[attr-defined]  # psycopg's
        for row in values:
            copy.write_row(row)


def _for_sqlite(row: Sequence[Any]) -> list[Any]:
    return [each.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(each, datetime) else each for each in row]
