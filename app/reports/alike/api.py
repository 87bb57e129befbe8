"""Endpoints of reports of one problem: a citizen joins one and follows it, the desk looks for what to merge."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.domain.roles import Permission
from app.identity.caller import limited, require
from app.infra.paging import Page, PageRequest
from app.infra.problems import problems
from app.reports.acting import DeskDep, Number
from app.reports.alike.finding import find_duplicates
from app.reports.alike.joining import join, leave
from app.reports.alike.queries import list_followed, read_followed
from app.reports.alike.schemas import DuplicatesRead, FollowedRead, JoinReport

router = APIRouter(prefix="/api/v1", tags=["reports"])

MayJoin = Depends(require(Permission.JOIN_REPORT))

FollowedId = Annotated[int, Path(ge=1, le=2**31 - 1, description="followed_id")]


@router.post(
    "/reports/join",
    dependencies=[MayJoin, Depends(limited("reports"))],
    responses=problems(401, 403, 404, 409, 422, 429),
)
def join_report(body: JoinReport, desk: DeskDep) -> FollowedRead:
    """Follow a report of the same problem instead of sending one more (我也遇到); joining twice is joining once."""
    with desk.database.transaction() as session:
        followed = join(session, body.join_token, caller=desk.context.caller, secret=desk.reader.secret, now=desk.now)
        return read_followed(session, followed, reader=desk.reader)


@router.get("/followed", dependencies=[MayJoin], responses=problems(401, 403, 422))
def list_followed_reports(filters: Annotated[PageRequest, Query()], desk: DeskDep) -> Page[FollowedRead]:
    """List the reports that one has joined, the latest first."""
    with desk.database.reading() as session:
        return list_followed(session, filters, reader=desk.reader)


@router.delete(
    "/followed/{followed_id}", status_code=204, dependencies=[MayJoin], responses=problems(401, 403, 404, 422)
)
def leave_report(followed_id: FollowedId, desk: DeskDep) -> None:
    """Follow a report no longer."""
    with desk.database.transaction() as session:
        leave(session, followed_id, caller=desk.context.caller)


@router.get(
    "/reports/{number}/duplicates",
    dependencies=[Depends(require(Permission.FIND_DUPLICATES))],
    responses=problems(401, 403, 404, 422),
)
def list_duplicates(number: Number, desk: DeskDep) -> DuplicatesRead:
    """List the open reports that are probably the same problem as this one, for merging (疑似重复)."""
    with desk.database.reading() as session:
        return find_duplicates(session, number, reader=desk.reader)
