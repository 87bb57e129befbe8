"""INSERT ... ON CONFLICT: the same words on SQLite and PostgreSQL, which SQLAlchemy spells once per dialect."""

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, SQLModel


def insert_into(session: Session, model: type[SQLModel]) -> postgresql.Insert:
    """Return an INSERT for `model` with `on_conflict_do_nothing` and `on_conflict_do_update`.

    The type named is PostgreSQL's; the two dialects' constructs have the same methods.
    """
    if session.get_bind().dialect.name == "sqlite":
        return sqlite.insert(model)  # type: ignore[return-value]  # both dialects have the methods used
    return postgresql.insert(model)
