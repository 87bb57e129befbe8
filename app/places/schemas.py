"""The words of the API about places."""

from pydantic import BaseModel, Field

from app.domain.plausible_place import Reading
from app.infra.wire import BeijingTime
from app.reports.actions.schemas import Code, Point
from app.reports.schemas import CategoryRef


class PlaceQuestion(Point):
    """A position, and the category of what is to be reported there."""

    category: Code | None = Field(default=None, description="要上报的问题类别代码")


class AreaRef(BaseModel):
    code: str
    name: str


class Coordinates(BaseModel):
    """Degrees in the datum that the member's name says."""

    lon: float
    lat: float


class LikelyUnit(BaseModel):
    """Who would probably be responsible, and why; answers and a person's judgement may change it."""

    code: str
    name: str
    basis: str
    is_fallback: bool


class NearbyRead(BaseModel):
    """An open report of the same category; `distance_m` is rounded to ten metres, `submitted_at` down to the hour.

    More exact, they would tell who among the neighbours was there.
    """

    category: CategoryRef
    distance_m: int
    submitted_at: BeijingTime
    status_text: str


class PlaceFound(BaseModel):
    """Where a position is.

    Outside every cell the nearest was taken, `offset_m` metres away, and `is_certain` is false. `plausible` names the
    readings of the pair (another datum) that would lie in a cell, `hint` says so in Chinese. `nearby` was looked for
    within `nearby_radius_m`, the category's own (0: never one problem for being near), null without a category.
    """

    district: AreaRef
    street: AreaRef
    community: AreaRef
    cell: str
    is_certain: bool
    offset_m: float
    plausible: list[Reading]
    hint: str | None
    wgs84: Coordinates
    gcj02: Coordinates
    unit: LikelyUnit
    nearby: list[NearbyRead]
    nearby_radius_m: int | None
    now: BeijingTime
