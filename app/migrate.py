"""Brings a database to the newest revision, from the scripts in alembic/ beside this package.

Alembic costs half a second to import, so it is imported where it is used.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool

if TYPE_CHECKING:
    from alembic.config import Config

_CHECKOUT = Path(__file__).parents[1]


def configuration(database_url: str) -> "Config":
    """Return Alembic's configuration, `[tool.alembic]` of pyproject.toml, aimed at one database.

    :raises FileNotFoundError: the package was installed without its checkout; the scripts are not in the wheel
    """
    from alembic.config import Config

    project = _CHECKOUT / "pyproject.toml"
    if not (_CHECKOUT / "alembic" / "env.py").exists():
        raise FileNotFoundError(f"no migration scripts at {_CHECKOUT / 'alembic'}")
    configuration = Config(toml_file=project)
    configuration.attributes["url"] = database_url
    return configuration


def upgrade(database_url: str, *, revision: str = "head") -> None:
    """Bring the database to `revision`; several processes may ask at once, the first one does the work.

    Each engine's DDL is transactional here: a revision that fails leaves nothing behind.

    :raises sqlalchemy.exc.OperationalError: a table stayed locked longer than the lock timeout; try again
    """
    from alembic import command

    command.upgrade(configuration(database_url), revision)


def current(database_url: str) -> str | None:
    """Return the revision the database is at, None when it is empty."""
    engine = create_engine(database_url, poolclass=NullPool)
    with engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()


def newest() -> str | None:
    """Return the newest revision this program knows."""
    from alembic.script import ScriptDirectory

    return ScriptDirectory.from_config(configuration("")).get_current_head()
