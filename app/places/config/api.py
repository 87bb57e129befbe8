"""`GET /config`: what a client needs to know of the city before it can report.

The application holds `app.state.photo_budget`, whose `max_bytes` is the largest photo it accepts.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from fastapi.requests import HTTPConnection

from app.infra.clock import Now
from app.places.config.reading import config_of, tag_of
from app.places.config.schemas import ConfigRead
from app.reports.acting import WorldDep

router = APIRouter(prefix="/api/v1", tags=["city"])

CACHE = "public, max-age=60"


async def _photo_bytes_max(connection: HTTPConnection) -> int:
    limit: int = connection.app.state.photo_budget.max_bytes
    return limit


@router.get("/config", responses={304: {"description": "未改变"}})
def read_config(
    world: WorldDep,
    photo_bytes_max: Annotated[int, Depends(_photo_bytes_max)],
    now: Now,
    response: Response,
    if_none_match: Annotated[str | None, Header(max_length=200, description="上次的 ETag，未变则返回 304")] = None,
) -> ConfigRead:
    """Give the categories, questions and limits of the city; unchanged since `If-None-Match` answers 304."""
    tag = tag_of(world, photo_bytes_max=photo_bytes_max)
    response.headers["ETag"], response.headers["Cache-Control"] = tag, CACHE
    if if_none_match == tag:
        return Response(status_code=304, headers=dict(response.headers))  # type: ignore[return-value]  # no body to type
    return config_of(world, photo_bytes_max=photo_bytes_max, now=now)
