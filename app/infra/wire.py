"""Types that fix how values look in the API."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Annotated, Any

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, StringConstraints, WithJsonSchema

from app.domain.working_time import BEIJING


def beijing_text(instant: datetime) -> str:
    """Return an aware instant as `2026-11-20T18:05:00+08:00` (ISO 8601, whole seconds, rounded down)."""
    return instant.astimezone(BEIJING).isoformat(timespec="seconds")


NO_NUL = r"^[^\x00]*$"
"""Pattern of every code that is looked up: PostgreSQL has no NUL in a text."""

_BIDI = r"\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
CLEAN_TEXT = rf"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}]*$"
"""No control characters but tab and line ends, and none that turns the direction of writing: a text must read the same
on every screen and say what it seems to say."""
CLEAN_LINE = rf"^[^\x00-\x1f\x7f-\x9f\u2028\u2029{_BIDI}]*$"
"""As `CLEAN_TEXT`, without tabs and line ends."""

_BEGINS_AS_DATE = re.compile(r"\d{4}-\d\d-\d\d")

_EDGES = " \t\n\r\xa0\u1680" + "".join(map(chr, range(0x2000, 0x200C))) + "\u2028\u2029\u202f\u205f\u2060\u3000\ufeff"
"""Blanks and what nobody sees; control characters are not among them, so that they are noticed."""


def _tidied(value: object) -> object:
    """Return a text without blanks around it and with one kind of line end; its words stay as they were written."""
    if not isinstance(value, str):
        return value
    return value.strip(_EDGES).replace("\r\n", "\n").replace("\r", "\n")


class HumanText(StringConstraints):
    """What people write, as in `Annotated[str, HumanText(max_length=200)]`: the one type of every free text.

    Blanks around it do not count; control characters and bidirectional controls are refused. A `line` has no line ends
    or tabs.
    """

    def __init__(self, *, max_length: int, min_length: int = 0, is_line: bool = False) -> None:
        pattern = CLEAN_LINE if is_line else CLEAN_TEXT
        super().__init__(min_length=min_length or None, max_length=max_length, pattern=pattern)

    def __iter__(self) -> Iterator[Any]:
        yield from super().__iter__()
        yield BeforeValidator(_tidied)  # the last one is the first to run


BeijingTime = Annotated[
    AwareDatetime,
    PlainSerializer(beijing_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-20T18:05:00+08:00"]}),
]
"""An aware instant: any offset is read, Beijing time is written; a naive value is refused."""


def _restored_plus(value: object) -> object:
    """Undo what happens to the + of an offset in a query that was not percent-encoded."""
    return value.replace(" ", "+") if isinstance(value, str) else value


def _no_number(value: object) -> object:
    """Have a number refused, which Pydantic takes for seconds since 1970: the description promises ISO 8601 only."""
    is_number = isinstance(value, int | float) or (isinstance(value, str) and not _BEGINS_AS_DATE.match(value))
    return "" if is_number else value


def _in_utc(instant: datetime) -> datetime:
    """Return the instant in UTC.

    :raises ValueError: it is outside the years 1 to 9999 there
    """
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the years 1 to 9999") from error


Since = Annotated[AwareDatetime, BeforeValidator(_no_number), BeforeValidator(_restored_plus), AfterValidator(_in_utc)]
"""An aware instant in a query parameter; `+08:00` may arrive as ` 08:00`."""

Day = Annotated[date, BeforeValidator(_no_number)]
"""A day in a query parameter."""
