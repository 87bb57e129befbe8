"""Endpoints of reports: everybody reads what they may see, reporters submit, follow and have their say."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlmodel import Session

from app.domain.roles import Permission
from app.domain.workflow import Action
from app.identity.caller import limited, require
from app.infra.blobs import BlobsDep
from app.infra.idempotency import KEY_PATTERN, find_by_key
from app.infra.paging import Page, PageRequest
from app.infra.problems import problems
from app.infra.wire import Since
from app.media.models import PHOTO_ID
from app.reports.access import ReportNotFound, get_visible, original_key
from app.reports.acting import DeskDep, Number, endpoint_of
from app.reports.actions.schemas import NoteBody, RateBody, ReasonBody, SupplementBody
from app.reports.models import Report
from app.reports.present import item_page, read, state
from app.reports.queries import list_own, newest_key
from app.reports.schemas import ReportDetail, ReportItem, ReportRead, ReportState, SubmitReport, UpdatesRead
from app.reports.submit import submit
from app.reports.updates import updates

router = APIRouter(prefix="/api/v1", tags=["reports"])

_ORIGINAL: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}


MaySubmit = Depends(require(Permission.SUBMIT_REPORT))
MayViewOwn = Depends(require(Permission.VIEW_OWN_REPORTS))


@router.post(
    "/reports",
    status_code=201,
    response_model=ReportState,
    dependencies=[MaySubmit, Depends(limited("reports"))],
    responses=problems(401, 403, 404, 409, 413, 422, 429),
)
def submit_report(body: SubmitReport, desk: DeskDep) -> Response:
    """Send a report; with an Idempotency-Key it may be sent again and again and is stored once.

    What others have probably reported already is refused with candidates (409 `POSSIBLE_DUPLICATES`) until the sender
    says that they have seen them.
    """

    def work(session: Session) -> tuple[ReportState, Report]:
        report = submit(session, body, context=desk.context, join_secret=desk.reader.secret)
        return state(report, reader=desk.reader), report

    return desk.once(201, work)


@router.get("/reports/by-key/{key}", dependencies=[MayViewOwn], responses=problems(401, 403, 404, 422))
def find_report_by_key(
    key: Annotated[str, Path(max_length=128, pattern=KEY_PATTERN, description="提交时用的 Idempotency-Key")],
    desk: DeskDep,
) -> ReportRead | ReportDetail:
    """Find the report that one's own Idempotency-Key made, after a lost answer."""
    with desk.database.reading() as session:
        answer = find_by_key(session, caller_id=desk.context.caller.user_id, key=key)
        if answer is None or answer.subject is None:
            raise ReportNotFound
        return read(session, get_visible(session, answer.subject, caller=desk.context.caller), reader=desk.reader)


@router.get("/me/reports", dependencies=[MayViewOwn], responses=problems(401, 403, 422))
def list_my_reports(filters: Annotated[PageRequest, Query()], desk: DeskDep) -> Page[ReportItem]:
    """List one's own reports, newest first."""
    with desk.database.reading() as session:
        rows = list_own(session, filters, caller=desk.context.caller)
        return item_page(session, rows, limit=filters.limit, key_of=newest_key, reader=desk.reader)


@router.get(
    "/photos/{photo_id}/original",
    response_class=Response,
    dependencies=[Depends(require(Permission.VIEW_ORIGINAL))],
    responses={**_ORIGINAL, **problems(401, 403, 404, 422)},
)
def download_original(
    photo_id: Annotated[str, Path(pattern=PHOTO_ID, description="照片编号")], desk: DeskDep, blobs: BlobsDep
) -> Response:
    """Hand the untouched original, with its metadata, to the desk: as a file to save, never to be shown in place."""
    with desk.database.reading() as session:
        key = original_key(session, photo_id, caller=desk.context.caller)
    headers = {
        "Content-Disposition": f'attachment; filename="{key.rsplit("/", 1)[1]}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-store",
    }
    return Response(blobs.get(key), media_type="application/octet-stream", headers=headers)


@router.get("/me/updates", dependencies=[MayViewOwn], responses=problems(401, 403, 422))
def list_my_updates(since: Annotated[Since, Query(description="上次返回的 next_since")], desk: DeskDep) -> UpdatesRead:
    """List what is new on one's own reports, for a client that has just been opened."""
    with desk.database.reading() as session:
        return updates(session, since=since, caller=desk.context.caller, now=desk.now)


@router.get(
    "/reports/{number}",
    dependencies=[Depends(require(Permission.VIEW_REPORT))],
    responses=problems(401, 403, 404, 422),
)
def read_report(number: Number, desk: DeskDep) -> ReportDetail | ReportRead:
    """Read a report: its reporter with the timeline in words, staff with everything they need to act."""
    with desk.database.reading() as session:
        return read(session, get_visible(session, number, caller=desk.context.caller), reader=desk.reader)


@router.post("/reports/{number}/withdraw", **endpoint_of(Action.WITHDRAW))
def withdraw_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Take one's report back before a unit has signed it (撤回)."""
    return desk.act(number, Action.WITHDRAW, body)


@router.post("/reports/{number}/supplement", **endpoint_of(Action.SUPPLEMENT))
def supplement_report(number: Number, body: SupplementBody, desk: DeskDep) -> Response:
    """Add words or photos to one's report while it is open (补充说明)."""
    return desk.act(number, Action.SUPPLEMENT, body)


@router.post("/reports/{number}/rate", **endpoint_of(Action.RATE))
def rate_report(number: Number, body: RateBody, desk: DeskDep) -> Response:
    """Rate a closed report within 15 days (评价)."""
    return desk.act(number, Action.RATE, body)


@router.post("/reports/{number}/request-reopen", **endpoint_of(Action.REQUEST_REOPEN))
def request_reopen_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Ask once, within 15 days of closing, for another try (申请重办)."""
    return desk.act(number, Action.REQUEST_REOPEN, body)
