"""Endpoints of the desks: queues and what waits in them, a person's filters, ready-made reasons."""

from typing import Annotated

from fastapi import APIRouter, Body, Depends, Path, Query

from app.dispatch.counts import depths
from app.dispatch.pull import pull, release
from app.dispatch.queues import holder_for, holder_to_pull, queues_of
from app.dispatch.saved_filters import delete_filter, list_filters, replace_filter, save_filter
from app.dispatch.schemas import (
    FilterToSave,
    Pulled,
    PullRequest,
    QueueCounts,
    QueueRead,
    SavedFilterRead,
    SavedFilters,
    TemplateRead,
    TemplateRequest,
    Templates,
    TemplateWrite,
    queue_count,
    saved_filter,
    template,
)
from app.dispatch.templates import add_template, list_templates, replace_template, retire_template
from app.domain.roles import Permission
from app.identity.caller import require
from app.infra.paging import Page
from app.infra.problems import problems
from app.reports.acting import DeskDep, Number
from app.reports.filters import QueueRequest, understand
from app.reports.present import items, state
from app.reports.queries import list_waiting
from app.reports.schemas import ReportItem, ReportState
from app.texts import text

router = APIRouter(prefix="/api/v1", tags=["queues"])

Queue = Annotated[str, Path(max_length=32, description="acceptance、dispatch、inspection 或 unit（本单位）")]
Id = Annotated[int, Path(ge=1, le=2**31 - 1, description="列表中给出的 id")]
# The two bodies are told apart by their queue.
NewFilter = Annotated[FilterToSave, Body(discriminator="queue")]

MayView = Depends(require(Permission.VIEW_QUEUE))
MayPull = Depends(require(Permission.PULL_QUEUE))
MaySave = Depends(require(Permission.SAVE_FILTER))
MayUseTemplates = Depends(require(Permission.VIEW_TEMPLATES))
MayEditTemplates = Depends(require(Permission.EDIT_TEMPLATES))


@router.get("/queues", dependencies=[MayView], responses=problems(401, 403))
def list_queues(desk: DeskDep) -> list[QueueRead]:
    """List the queues one may open."""
    return [QueueRead(queue=name, name=text(f"queue.{name}")) for name in queues_of(desk.context.caller)]


@router.get("/queues/counts", dependencies=[MayView], responses=problems(401, 403))
def count_queues(desk: DeskDep) -> QueueCounts:
    """Say how much waits in each queue one may open, by status, and how much of it is overdue."""
    caller = desk.context.caller
    holders = {queue: holder_for(queue, caller) for queue in queues_of(caller)}
    with desk.database.reading() as session:
        found = depths(session, holders, caller=caller, now=desk.now)
    return QueueCounts(queues=[queue_count(queue, depth) for queue, depth in found.items()], now=desk.now)


@router.get("/queues/{queue}", dependencies=[MayView], responses=problems(401, 403, 404, 422))
def read_queue(queue: Queue, request: Annotated[QueueRequest, Query()], desk: DeskDep) -> Page[ReportItem]:
    """List what waits, the nearest deadline first.

    A request looks at 2,000 reports at most (1,000 with `q`), so a page may be shorter than `limit` and even empty;
    the list ends where `next_cursor` is null.
    """
    holder = holder_for(queue, desk.context.caller)
    wanted = understand(request)
    with desk.database.reading() as session:
        found = list_waiting(session, request, wanted, holder=holder, caller=desk.context.caller, now=desk.now)
        return Page(items=items(session, found.rows, reader=desk.reader), next_cursor=found.next_cursor)


@router.post("/queues/{queue}/pull", dependencies=[MayPull], responses=problems(401, 403, 404, 413, 422))
def pull_from_queue(queue: Queue, body: PullRequest, desk: DeskDep) -> Pulled:
    """Take the most urgent reports for oneself; colleagues do not get them for ten minutes."""
    holder = holder_to_pull(queue, desk.context.caller)
    with desk.database.transaction() as session:
        rows = pull(session, queue=holder, limit=body.limit, caller=desk.context.caller, now=desk.now)
        return Pulled(items=items(session, rows, reader=desk.reader))


@router.post("/reports/{number}/release", dependencies=[MayPull], responses=problems(401, 403, 404, 409, 413, 422))
def release_report(number: Number, desk: DeskDep) -> ReportState:
    """Give a pulled report back before its ten minutes are over."""
    with desk.database.transaction() as session:
        report = release(session, number, caller=desk.context.caller, now=desk.now)
        return state(report, reader=desk.reader)


@router.get("/me/filters", dependencies=[MaySave], responses=problems(401, 403))
def list_my_filters(desk: DeskDep) -> SavedFilters:
    """List one's own filters by name."""
    with desk.database.reading() as session:
        return SavedFilters(items=[saved_filter(row) for row in list_filters(session, caller=desk.context.caller)])


@router.post("/me/filters", status_code=201, dependencies=[MaySave], responses=problems(401, 403, 409, 413, 422))
def save_my_filter(body: NewFilter, desk: DeskDep) -> SavedFilterRead:
    """Keep a filter under a name; it is checked against the queue it is for."""
    with desk.database.transaction() as session:
        return saved_filter(save_filter(session, body, caller=desk.context.caller, now=desk.now))


@router.put("/me/filters/{filter_id}", dependencies=[MaySave], responses=problems(401, 403, 404, 409, 413, 422))
def replace_my_filter(filter_id: Id, body: NewFilter, desk: DeskDep) -> SavedFilterRead:
    """Replace one of one's filters."""
    with desk.database.transaction() as session:
        return saved_filter(replace_filter(session, filter_id, body, caller=desk.context.caller, now=desk.now))


@router.delete(
    "/me/filters/{filter_id}", status_code=204, dependencies=[MaySave], responses=problems(401, 403, 404, 422)
)
def delete_my_filter(filter_id: Id, desk: DeskDep) -> None:
    """Forget one of one's filters."""
    with desk.database.transaction() as session:
        delete_filter(session, filter_id, caller=desk.context.caller)


@router.get("/templates", dependencies=[MayUseTemplates], responses=problems(401, 403, 422))
def read_templates(request: Annotated[TemplateRequest, Query()], desk: DeskDep) -> Templates:
    """List ready-made reasons."""
    with desk.database.reading() as session:
        rows = list_templates(session, request)
        return Templates(items=[template(row) for row in rows])


@router.post(
    "/templates", status_code=201, dependencies=[MayEditTemplates], responses=problems(401, 403, 409, 413, 422)
)
def create_template(body: TemplateWrite, desk: DeskDep) -> TemplateRead:
    """Add a ready-made reason."""
    with desk.database.transaction() as session:
        return template(add_template(session, body, now=desk.now))


@router.put(
    "/templates/{template_id}", dependencies=[MayEditTemplates], responses=problems(401, 403, 404, 409, 413, 422)
)
def change_template(template_id: Id, body: TemplateWrite, desk: DeskDep) -> TemplateRead:
    """Change a ready-made reason, or bring one back into use."""
    with desk.database.transaction() as session:
        return template(replace_template(session, template_id, body, now=desk.now))


@router.delete(
    "/templates/{template_id}", status_code=204, dependencies=[MayEditTemplates], responses=problems(401, 403, 404, 422)
)
def delete_template(template_id: Id, desk: DeskDep) -> None:
    """Take a ready-made reason out of use."""
    with desk.database.transaction() as session:
        retire_template(session, template_id, now=desk.now)
