"""The endpoint of places: what a client shows about a pin on the map before a report is sent."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.domain.roles import Permission
from app.identity.caller import require
from app.infra.clock import Now
from app.infra.database import DatabaseDep
from app.infra.problems import problems
from app.places.resolve import resolve
from app.places.schemas import PlaceFound, PlaceQuestion
from app.reports.acting import WorldDep

router = APIRouter(prefix="/api/v1", tags=["places"])


@router.get(
    "/geo/resolve",
    dependencies=[Depends(require(Permission.RESOLVE_PLACE))],
    responses=problems(401, 403, 404, 422),
)
def resolve_place(
    question: Annotated[PlaceQuestion, Query()], database: DatabaseDep, world: WorldDep, now: Now
) -> PlaceFound:
    """Say where a position is, who would probably be responsible there, and what has been reported near by today."""
    with database.reading() as session:
        return resolve(session, question, world=world, now=now)
