"""Types that fix how values look in the API."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, WithJsonSchema

from app.domain.working_time import BEIJING


def beijing_text(instant: datetime) -> str:
    """Return an aware instant as `2026-11-20T18:05:00+08:00` (ISO 8601, whole seconds, rounded down)."""
    return instant.astimezone(BEIJING).isoformat(timespec="seconds")


NO_NUL = r"^[^\x00]*$"
"""Pattern of every text that is stored or looked up: PostgreSQL has no NUL in a text."""

BeijingTime = Annotated[
    AwareDatetime,
    PlainSerializer(beijing_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-11-20T18:05:00+08:00"]}),
]
"""An aware instant: any offset is read, Beijing time is written; a naive value is refused."""


def _restored_plus(value: object) -> object:
    """Undo what happens to the + of an offset in a query that was not percent-encoded."""
    return value.replace(" ", "+") if isinstance(value, str) else value


def _in_utc(instant: datetime) -> datetime:
    """Return the instant in UTC.

    :raises ValueError: it is outside the years 1 to 9999 there
    """
    try:
        return instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("outside the years 1 to 9999") from error


Since = Annotated[AwareDatetime, BeforeValidator(_restored_plus), AfterValidator(_in_utc)]
"""An aware instant in a query parameter; `+08:00` may arrive as ` 08:00`."""
