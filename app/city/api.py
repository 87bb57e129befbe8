"""`GET /config`: what a client needs to know of the city before it can report.

The application holds `app.state.photo_budget`, whose `max_bytes` is the largest photo it accepts.
"""

import hashlib
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Response
from fastapi.requests import HTTPConnection
from pydantic import BaseModel

from app.city.snapshot import CityDep, CitySnapshot
from app.infra.clock import Now
from app.infra.wire import BeijingTime
from app.texts import text

router = APIRouter(prefix="/api/v1", tags=["city"])

MIN_CLIENT_VERSION = "1.0.0"
CACHE = "public, max-age=60"


class CategoryRead(BaseModel):
    """A category as citizens see it; icon is the name of a picture that the client ships."""

    code: str
    name: str
    hint: str
    icon: str


class LimitsRead(BaseModel):
    """What the server accepts, so that a client can refuse early."""

    photos_max: int
    photo_bytes_max: int
    description_max: int
    datums: list[str]


class ConfigRead(BaseModel):
    version: str
    service_name: str
    categories: list[CategoryRead]
    limits: LimitsRead
    min_client_version: str
    now: BeijingTime


async def _photo_bytes_max(connection: HTTPConnection) -> int:
    limit: int = connection.app.state.photo_budget.max_bytes
    return limit


@router.get("/config", responses={304: {"description": "未改变"}})
def read_config(
    city: CityDep,
    photo_bytes_max: Annotated[int, Depends(_photo_bytes_max)],
    now: Now,
    response: Response,
    if_none_match: Annotated[str | None, Header(max_length=200, description="上次的 ETag，未变则返回 304")] = None,
) -> ConfigRead:
    """Give the categories, limits and texts of the city; unchanged since `If-None-Match` answers 304."""
    tag = _tag(city, photo_bytes_max)
    response.headers["ETag"], response.headers["Cache-Control"] = tag, CACHE
    if if_none_match == tag:
        return Response(status_code=304, headers=dict(response.headers))  # type: ignore[return-value]  # no body to type
    return ConfigRead(
        version=str(city.version),
        service_name=text("city.service_name"),
        categories=[
            CategoryRead(code=each.code, name=each.name, hint=each.hint, icon=each.icon)
            for each in city.categories
            if each.is_public
        ],
        limits=LimitsRead(
            photos_max=9,
            photo_bytes_max=photo_bytes_max,
            description_max=2000,
            datums=["gcj02", "wgs84", "bd09", "cgcs2000"],
        ),
        min_client_version=MIN_CLIENT_VERSION,
        now=now,
    )


def _tag(city: CitySnapshot, photo_bytes_max: int) -> str:
    content = f"{city.version}:{MIN_CLIENT_VERSION}:{len(city.categories)}:{photo_bytes_max}"
    return f'"{hashlib.sha256(content.encode()).hexdigest()[:16]}"'
