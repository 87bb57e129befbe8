"""The clock: the only place that reads the system time."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Depends
from fastapi.requests import HTTPConnection

Clock = Callable[[], datetime]
"""Returns the current instant, aware UTC."""


def now() -> datetime:
    """Return the system's time, aware UTC."""
    return datetime.now(UTC)


async def _now(connection: HTTPConnection) -> datetime:
    clock: Clock = connection.app.state.clock
    return clock()


Now = Annotated[datetime, Depends(_now)]
"""The instant of the request, read once per request from `app.state.clock`."""
