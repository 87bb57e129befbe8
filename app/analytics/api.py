"""Endpoints of the figures: handling times, the reports behind each of them, and what they mean."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.analytics.behind import handling_time_reports
from app.analytics.definitions import Definitions, definitions
from app.analytics.handling_time import handling_time
from app.analytics.question import HandlingTimeQuery, HandlingTimeReportsQuery
from app.analytics.schemas import HandlingTime, MeasuredReport
from app.domain.roles import Caller, Permission
from app.identity.caller import require
from app.infra.clock import Now
from app.infra.database import DatabaseDep
from app.infra.paging import Page
from app.infra.problems import problems
from app.reports.acting import WorldDep

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])

Viewer = Annotated[Caller, Depends(require(Permission.VIEW_ANALYTICS))]


@router.get("/handling-time", responses=problems(401, 403, 422))
def read_handling_time(
    query: Annotated[HandlingTimeQuery, Query()], database: DatabaseDep, caller: Viewer, world: WorldDep, now: Now
) -> HandlingTime:
    """Measure handling times: n, fastest with its report, median, P90, open ones; each row opens its reports."""
    with database.reading() as session:
        return handling_time(session, query, caller=caller, world=world, now=now)


@router.get("/handling-time/reports", responses=problems(401, 403, 422))
def list_handling_time_reports(
    query: Annotated[HandlingTimeReportsQuery, Query()],
    database: DatabaseDep,
    caller: Viewer,
    world: WorldDep,
    now: Now,
) -> Page[MeasuredReport]:
    """List exactly the reports behind a row: its n finished and its open ones."""
    with database.reading() as session:
        return handling_time_reports(session, query, caller=caller, world=world, now=now)


@router.get("/definitions", responses=problems(401, 403))
def read_definitions(_caller: Viewer) -> Definitions:
    """Read what every figure means, word for word as in docs/metrics.md."""
    return definitions()
