"""The endpoint of the staff's list of reports and its search."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.domain.roles import Permission
from app.identity.caller import require
from app.infra.paging import Page
from app.infra.problems import problems
from app.reports.acting import DeskDep
from app.reports.filters import ListRequest, understand
from app.reports.present import items
from app.reports.schemas import ReportItem
from app.search.find import find_reports

router = APIRouter(prefix="/api/v1", tags=["reports"])


@router.get(
    "/reports",
    dependencies=[Depends(require(Permission.SEARCH_REPORTS))],
    responses=problems(401, 403, 422),
)
def list_reports(request: Annotated[ListRequest, Query()], desk: DeskDep) -> Page[ReportItem]:
    """List the reports one may see as staff, newest first, or those with certain words or a number.

    New words are found after a second or two. A request looks at 2,000 reports at most (with `q`, at 500 that have the
    words), so a page may be shorter than `limit` and even empty; the list ends where `next_cursor` is null.
    """
    wanted = understand(request)
    with desk.database.reading() as session:
        found = find_reports(session, request, wanted, caller=desk.context.caller, now=desk.now)
        return Page(items=items(session, found.rows, reader=desk.reader), next_cursor=found.next_cursor)
