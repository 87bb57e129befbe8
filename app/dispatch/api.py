"""Endpoints of queues: list, pull, release."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from app.dispatch.pull import pull, release
from app.dispatch.queues import holder_for, holder_to_pull, queues_of
from app.domain.roles import Permission
from app.identity.caller import require
from app.infra.paging import Page, PageRequest
from app.infra.problems import problems
from app.reports.acting import DeskDep, Number
from app.reports.present import item_page, items, state
from app.reports.queries import list_waiting, waiting_key
from app.reports.schemas import ReportItem, ReportState
from app.texts import text

router = APIRouter(prefix="/api/v1", tags=["queues"], dependencies=[Depends(require(Permission.VIEW_QUEUE))])

Queue = Annotated[str, Path(max_length=32, description="acceptance、dispatch、inspection 或 unit（本单位）")]


class QueueRead(BaseModel):
    queue: str
    name: str


class PullRequest(BaseModel):
    """How many to take at once."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=1, ge=1, le=20)


class Pulled(BaseModel):
    items: list[ReportItem]


@router.get("/queues", responses=problems(401, 403))
def list_queues(desk: DeskDep) -> list[QueueRead]:
    """List the queues one may open."""
    return [QueueRead(queue=name, name=text(f"queue.{name}")) for name in queues_of(desk.context.caller)]


@router.get("/queues/{queue}", responses=problems(401, 403, 404, 422))
def read_queue(queue: Queue, filters: Annotated[PageRequest, Query()], desk: DeskDep) -> Page[ReportItem]:
    """List what waits, the nearest deadline first."""
    holder = holder_for(queue, desk.context.caller)
    with desk.database.reading() as session:
        rows = list_waiting(session, filters, holder=holder, caller=desk.context.caller)
        return item_page(session, rows, limit=filters.limit, key_of=waiting_key, reader=desk.reader)


@router.post("/queues/{queue}/pull", responses=problems(401, 403, 404, 413, 422))
def pull_from_queue(queue: Queue, body: PullRequest, desk: DeskDep) -> Pulled:
    """Take the most urgent reports for oneself; colleagues do not get them for ten minutes."""
    holder = holder_to_pull(queue, desk.context.caller)
    with desk.database.transaction() as session:
        rows = pull(session, queue=holder, limit=body.limit, caller=desk.context.caller, now=desk.now)
        return Pulled(items=items(session, rows, reader=desk.reader))


@router.post("/reports/{number}/release", responses=problems(401, 403, 404, 409, 413, 422))
def release_report(number: Number, desk: DeskDep) -> ReportState:
    """Give a pulled report back before its ten minutes are over."""
    with desk.database.transaction() as session:
        report = release(session, number, caller=desk.context.caller, now=desk.now)
        return state(report, reader=desk.reader)
