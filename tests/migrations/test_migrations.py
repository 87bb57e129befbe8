"""Migrations lead to the tables the models describe, forwards and backwards, on both engines."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, create_engine, inspect, text
from sqlalchemy.pool import NullPool
from sqlmodel import SQLModel

import app.tables  # noqa: F401 - completes SQLModel.metadata
from app import migrate

SCRIPTS = ScriptDirectory.from_config(migrate.configuration(""))
REVISIONS = [script.revision for script in reversed(list(SCRIPTS.walk_revisions()))]


def test_there_is_one_line_of_revisions() -> None:
    assert len(SCRIPTS.get_heads()) == 1


def test_stairway(empty_url: str) -> None:
    """Every revision goes up, down and up again, and its way down restores exactly what was there before."""
    for revision in REVISIONS:
        before = _schema(empty_url)
        migrate.upgrade(empty_url, revision=revision)
        after = _schema(empty_url)
        command.downgrade(migrate.configuration(empty_url), "-1")
        assert _schema(empty_url) == before, revision
        migrate.upgrade(empty_url, revision=revision)
        assert _schema(empty_url) == after, revision


def test_the_way_down_from_photos_that_wait_shows_their_originals(empty_url: str) -> None:
    """What the revision before calls NOT NULL must not be empty, or nobody could go back."""
    migrate.upgrade(empty_url, revision="0003")
    engine = create_engine(empty_url, poolclass=NullPool)
    waiting = {"id": "p", "owner_id": 1, "kind": "near", "sha256": "a", "original_key": "a.heic", "mime": "image/heic"}
    with engine.begin() as connection:
        connection.execute(
            text(
                "INSERT INTO user_account (id, display_name, roles, area_code, created_at, is_active, is_demo)"
                " VALUES (1, '', '[]', '', '2026-11-20 02:00:00', true, false)"
            )
        )
        connection.execute(
            text(
                "INSERT INTO photo (id, owner_id, kind, sha256, original_key, mime, size_bytes, width, height,"
                " taken_at_is_assumed, created_at, position, state) VALUES (:id, :owner_id, :kind, :sha256,"
                " :original_key, :mime, 1, 1, 1, false, '2026-11-20 02:00:00', 0, 'processing')"
            ),
            waiting,
        )
    command.downgrade(migrate.configuration(empty_url), "-1")
    with engine.connect() as connection:
        assert connection.execute(text("SELECT large_key, small_key FROM photo")).one() == ("a.heic", "a.heic")


def test_autogenerate_finds_nothing_to_do(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    command.check(migrate.configuration(empty_url))


def test_the_migrated_schema_equals_the_models(empty_url: str, new_database: Callable[[], str]) -> None:
    """Autogenerate sees no CHECK constraints and no server defaults; this comparison does."""
    migrate.upgrade(empty_url)
    created_url = new_database()
    _make_room(created_url)
    SQLModel.metadata.create_all(create_engine(created_url, poolclass=NullPool))
    assert _schema(empty_url) == _schema(created_url)


def test_current_tells_the_revision(empty_url: str) -> None:
    migrate.upgrade(empty_url, revision=REVISIONS[0])
    assert migrate.current(empty_url) == REVISIONS[0]
    migrate.upgrade(empty_url)
    assert migrate.current(empty_url) == migrate.newest()


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    once = _schema(empty_url)
    migrate.upgrade(empty_url)
    assert _schema(empty_url) == once


def _make_room(url: str) -> None:
    if url.startswith("sqlite"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir()


def _schema(url: str) -> dict[str, Any]:
    """Return every table with its columns, keys, indexes and constraints, in an order that can be compared."""
    if url.startswith("sqlite") and not Path(url.removeprefix("sqlite:///")).exists():
        return {}
    engine = create_engine(url, poolclass=NullPool)
    seen = inspect(engine)
    return {
        table: {
            "columns": {column["name"]: _column(column) for column in seen.get_columns(table)},
            "primary key": seen.get_pk_constraint(table),
            "foreign keys": _sorted(seen.get_foreign_keys(table)),
            "uniques": _sorted(seen.get_unique_constraints(table)),
            "checks": _sorted(seen.get_check_constraints(table)),
        }
        for table in seen.get_table_names()
        if table != "alembic_version"
    } | _indexes(engine)


def _column(column: Any) -> str:
    return f"{column['type']} nullable={column['nullable']} default={column['default']}"


def _sorted(things: Any) -> list[str]:
    return sorted(str(sorted(thing.items(), key=str)) for thing in things)


def _indexes(engine: Engine) -> dict[str, Any]:
    """Return the text of all indexes: reflection loses expressions on SQLite."""
    question = (
        "SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
        if engine.dialect.name == "sqlite"
        else "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'alembic_version'"
    )
    with engine.connect() as connection:
        rows = connection.execute(text(question)).all()
    return {f"index {name}": " ".join(definition.split()) for name, definition in rows}
