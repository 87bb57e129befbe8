"""Column helpers for SQLModel tables: enums stored by value, JSON, and the names of constraints.

Example::

    class Report(SQLModel, table=True):
        id: int | None = Field(default=None, primary_key=True)
        status: Status = choice(Status, index=True)
        origin: Origin | None = choice(Origin, default=None)
        answers: dict[str, object] = json_column(default_factory=dict)
"""

from enum import Enum
from typing import Any

from sqlalchemy import JSON
from sqlalchemy import Enum as EnumType
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

# Fixed names let a migration drop or alter a constraint on both engines (Alembic, "Naming Constraints").
NAMING_CONVENTION = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING_CONVENTION


def _values(enum_class: type[Enum]) -> list[str]:
    return [str(member.value) for member in enum_class]


def choice(enum_class: type[Enum], *, length: int = 32, **field: Any) -> Any:  # noqa: ANN401 - stands in for any annotated field
    """Return a field that stores `member.value` in a VARCHAR(`length`), on both engines.

    Neither a native type nor a CHECK is made, so a new member needs no ALTER; SQLAlchemy itself refuses a
    value that is no member (`LookupError` inside `StatementError`). Nullability follows the annotation;
    `field` goes to `sqlmodel.Field` (default, index, primary_key, ...).

    :raises ValueError: a value is longer than `length`
    """
    too_long = [value for value in _values(enum_class) if len(value) > length]
    if too_long:
        raise ValueError(f"{enum_class.__name__} has values longer than {length}: {too_long}")
    column_type = EnumType(
        enum_class,
        native_enum=False,
        create_constraint=False,
        length=length,
        values_callable=_values,
        validate_strings=True,
    )
    return Field(sa_type=column_type, **field)


def json_column(**field: Any) -> Any:  # noqa: ANN401 - stands in for any annotated field
    """Return a field stored as JSONB on PostgreSQL and JSON text on SQLite; Python `None` becomes SQL NULL.

    A change inside the stored value goes unnoticed: assign a new value instead.
    """
    column_type = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
    return Field(sa_type=column_type, **field)
