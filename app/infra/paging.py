"""One way to page every list: keyset pages with an opaque cursor and no totals."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any, Generic, TypeVar, cast

import orjson
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, ColumnElement, Integer, Select, TypeDecorator, and_, bindparam, or_, tuple_

from app.domain.errors import Invalid

Item = TypeVar("Item")
Row = TypeVar("Row")
Key = str | int | float | date | datetime
SortKey = tuple[Any, bool]
"""A column without NULLs, and whether it descends."""

_MAX_INT = 2**63 - 1
_MAX_NARROW_INT = 2**31 - 1


class BadCursor(Invalid):
    code = "BAD_CURSOR"


class PageRequest(BaseModel):
    """Query parameters of every list; filters inherit it, so a misspelt filter is refused."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=20, ge=1, le=100, description="每页条数")
    cursor: str | None = Field(default=None, max_length=500, description="上一页返回的 next_cursor")


class Page(BaseModel, Generic[Item]):
    """One page; `next_cursor` is null on the last."""

    items: list[Item]
    next_cursor: str | None


def encode_cursor(key: Sequence[Key]) -> str:
    """Return the opaque cursor that continues after the row with this key."""
    return urlsafe_b64encode(orjson.dumps([_tagged(value) for value in key])).decode().rstrip("=")


def decode_cursor(cursor: str, *, types: Sequence[type]) -> tuple[Key, ...]:
    """Return the key inside a cursor, checked against the types of the columns it will meet.

    :raises BadCursor: not a cursor, or one of another list
    """
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        pairs = orjson.loads(urlsafe_b64decode(padded))
        return tuple(_fitted(_untagged(*pair), kind) for pair, kind in zip(pairs, types, strict=True))
    except (ValueError, TypeError, KeyError, OverflowError) as error:
        raise BadCursor from error


def keyset(statement: Select[Row], *keys: SortKey, cursor: str | None, limit: int) -> Select[Row]:
    """Order `statement` by `keys`, continue after `cursor`, and ask for one row more than `limit`.

    The keys together must be unique (end with the id). With an index on them in this order, a page costs the
    same however deep it lies. Use `page` on the rows.

    :raises BadCursor: the cursor does not belong to a list with these keys
    """
    ordered = statement.order_by(*(column.desc() if descends else column.asc() for column, descends in keys))
    if cursor is not None:
        values = decode_cursor(cursor, types=[_python_type(column) for column, _ in keys])
        if not all(_holds(column, value) for (column, _), value in zip(keys, values, strict=True)):
            raise BadCursor
        ordered = ordered.where(_after(keys, values))
    return ordered.limit(limit + 1)


def page(
    rows: Sequence[Row], *, limit: int, key_of: Callable[[Row], Sequence[Key]], present: Callable[[Row], Item]
) -> Page[Item]:
    """Make a page out of the rows of a `keyset` statement.

    :param key_of: the values of the keys given to `keyset`, in their order
    :param present: turns a row into what the API shows
    """
    shown = rows[:limit]
    following = encode_cursor(key_of(shown[-1])) if len(rows) > limit else None
    return Page(items=[present(row) for row in shown], next_cursor=following)


def _after(keys: Sequence[SortKey], values: Sequence[Key]) -> ColumnElement[bool]:
    columns = [column for column, _ in keys]
    bound = [bindparam(None, value, type_=column.type) for column, value in zip(columns, values, strict=True)]
    directions = {descends for _, descends in keys}
    if len(directions) == 1:  # a row comparison is one range on the index, on both engines
        left, right = tuple_(*columns), tuple_(*bound)
        further: ColumnElement[bool] = left < right if directions.pop() else left > right
        return further
    steps: list[ColumnElement[bool]] = []
    for position, (column, descends) in enumerate(keys):
        equal = [columns[i] == bound[i] for i in range(position)]
        steps.append(and_(*equal, column < bound[position] if descends else column > bound[position]))
    first_column, first_descends = keys[0]
    # Said once more without OR, so that the index is entered at the right place.
    bounds = first_column <= bound[0] if first_descends else first_column >= bound[0]
    return and_(bounds, or_(*steps))


def _tagged(value: Key) -> tuple[str, str | int | float]:
    if isinstance(value, datetime):
        return ("t", value.isoformat())
    if isinstance(value, date):
        return ("d", value.isoformat())
    if isinstance(value, Enum):
        return ("s", str(value.value))
    if isinstance(value, str):
        return ("s", value)
    return ("n", value)


def _instant(value: str) -> datetime:
    instant = datetime.fromisoformat(value)
    if instant.tzinfo is None:
        raise ValueError("an instant without offset")
    return instant.astimezone(UTC)


def _text(value: object) -> str:
    if not isinstance(value, str) or "\0" in value:
        raise ValueError("not a text a column can hold")
    return value


def _number(value: object) -> int | float:
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > _MAX_INT:
        raise ValueError("not a number a column can hold")
    return value


_READERS: dict[str, Callable[[Any], Key]] = {"t": _instant, "d": date.fromisoformat, "s": _text, "n": _number}


def _untagged(tag: str, value: Any) -> Key:  # noqa: ANN401 - whatever the client made of it
    return _READERS[tag](value)


def _holds(column: ColumnElement[Any], value: Key) -> bool:
    """Say whether a number fits the column: PostgreSQL fails on an INTEGER compared with more than 32 bits."""
    is_narrow = isinstance(column.type, Integer) and not isinstance(column.type, BigInteger)
    return not is_narrow or (isinstance(value, int) and abs(value) <= _MAX_NARROW_INT)


def _python_type(column: ColumnElement[Any]) -> type:
    column_type = column.type
    return (column_type.impl_instance if isinstance(column_type, TypeDecorator) else column_type).python_type


def _fitted(value: Key, column_type: type) -> Key:
    """Return the value as the column's type has it.

    :raises ValueError: it is of another type
    """
    if issubclass(column_type, Enum):
        return cast("Key", column_type(value))
    if type(value) is column_type or (column_type is float and isinstance(value, int)):
        return value
    raise ValueError(f"not a {column_type.__name__}")
