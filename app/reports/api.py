"""Endpoints of reports: reporters submit and follow, staff act; who may do what is the workflow table's business."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path, Query, Response
from sqlmodel import Session

from app.domain.roles import Permission
from app.identity.caller import require
from app.infra.blobs import BlobsDep
from app.infra.idempotency import KEY_PATTERN, find_by_key
from app.infra.paging import Page, PageRequest
from app.infra.problems import problems
from app.infra.wire import Since
from app.media.models import PHOTO_ID
from app.reports.access import ReportNotFound, get_visible, original_key
from app.reports.acting import DeskDep, Number
from app.reports.actions import acceptance, citizen, dispatching, handling, visits
from app.reports.actions.schemas import (
    AcceptBody,
    AssignBody,
    DispatchBody,
    FailedCheckBody,
    FileBody,
    NoteBody,
    RateBody,
    ReasonBody,
    ResolveBody,
    ResultBody,
    VerificationBody,
    VisitBody,
)
from app.reports.models import Report
from app.reports.present import item_page, read, state
from app.reports.queries import list_own, newest_key
from app.reports.schemas import ReportDetail, ReportItem, ReportRead, ReportState, SubmitReport, UpdatesRead
from app.reports.submit import submit
from app.reports.updates import updates

router = APIRouter(prefix="/api/v1", tags=["reports"])
staff = APIRouter(prefix="/api/v1/reports/{number}", tags=["actions"])

_ORIGINAL: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}
}
_CLASHES = problems(401, 403, 404, 409, 412, 413, 422)

MaySubmit = Depends(require(Permission.SUBMIT_REPORT))
MayViewOwn = Depends(require(Permission.VIEW_OWN_REPORTS))


@router.post(
    "/reports",
    status_code=201,
    response_model=ReportState,
    dependencies=[MaySubmit],
    responses=problems(401, 403, 404, 409, 413, 422),
)
def submit_report(body: SubmitReport, desk: DeskDep) -> Response:
    """Send a report; with an Idempotency-Key it may be sent again and again and is stored once."""

    def work(session: Session) -> tuple[ReportState, Report]:
        report = submit(session, body, context=desk.context)
        return state(report, reader=desk.reader), report

    return desk.once(201, work)


@router.get("/reports/by-key/{key}", dependencies=[MayViewOwn], responses=problems(401, 403, 404, 422))
def find_report_by_key(
    key: Annotated[str, Path(max_length=128, pattern=KEY_PATTERN)], desk: DeskDep
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
def download_original(photo_id: Annotated[str, Path(pattern=PHOTO_ID)], desk: DeskDep, blobs: BlobsDep) -> Response:
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


@router.get("/reports/{number}", responses=problems(401, 403, 404, 422))
def read_report(number: Number, desk: DeskDep) -> ReportDetail | ReportRead:
    """Read a report: its reporter with the timeline in words, staff with everything they need to act."""
    with desk.database.reading() as session:
        return read(session, get_visible(session, number, caller=desk.context.caller), reader=desk.reader)


@router.post("/reports/{number}/withdraw", response_model=ReportState, responses=_CLASHES)
def withdraw_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Take one's report back before a unit has signed it."""
    return desk.act(number, citizen.withdraw, body)


@router.post("/reports/{number}/rate", response_model=ReportState, responses=_CLASHES)
def rate_report(number: Number, body: RateBody, desk: DeskDep) -> Response:
    """Rate a closed report within 15 days."""
    return desk.act(number, citizen.rate, body)


@staff.post("/accept", response_model=ReportState, responses=_CLASHES)
def accept_report(number: Number, body: AcceptBody, desk: DeskDep) -> Response:
    """Accept a report under a class (受理)."""
    return desk.act(number, acceptance.accept, body)


@staff.post("/reject", response_model=ReportState, responses=_CLASHES)
def reject_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Refuse a report with a reason the citizen reads (不予受理)."""
    return desk.act(number, acceptance.reject, body)


@staff.post("/request-verification", response_model=ReportState, responses=_CLASHES)
def request_verification_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Have somebody look before filing (核实)."""
    return desk.act(number, acceptance.request_verification, body)


@staff.post("/file", response_model=ReportState, responses=_CLASHES)
def file_report(number: Number, body: FileBody, desk: DeskDep) -> Response:
    """File an accepted report under a condition (立案)."""
    return desk.act(number, acceptance.file, body)


@staff.post("/void", response_model=ReportState, responses=_CLASHES)
def void_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Void a report (作废)."""
    return desk.act(number, acceptance.void, body)


@staff.post("/close", response_model=ReportState, responses=_CLASHES)
def close_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Close a checked report (结案)."""
    return desk.act(number, acceptance.close, body)


@staff.post("/report-verification", response_model=ReportState, responses=_CLASHES)
def report_verification_report(number: Number, body: VerificationBody, desk: DeskDep) -> Response:
    """Report what the visit found (核实结果)."""
    return desk.act(number, visits.report_verification, body)


@staff.post("/pass-check", response_model=ReportState, responses=_CLASHES)
def pass_check_report(number: Number, body: VisitBody, desk: DeskDep) -> Response:
    """Confirm on the spot that it is done (核查通过)."""
    return desk.act(number, visits.pass_check, body)


@staff.post("/fail-check", response_model=ReportState, responses=_CLASHES)
def fail_check_report(number: Number, body: FailedCheckBody, desk: DeskDep) -> Response:
    """Find on the spot that it is not done (核查不通过)."""
    return desk.act(number, visits.fail_check, body)


@staff.post("/dispatch", response_model=ReportState, responses=_CLASHES)
def dispatch_report(number: Number, body: DispatchBody, desk: DeskDep) -> Response:
    """Give a report to its responsible unit (派遣)."""
    return desk.act(number, dispatching.dispatch, body)


@staff.post("/send-back", response_model=ReportState, responses=_CLASHES)
def send_back_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Hand a report back to the acceptance desk (退回受理)."""
    return desk.act(number, dispatching.send_back, body)


@staff.post("/pass-review", response_model=ReportState, responses=_CLASHES)
def pass_review_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Pass the desk check of a result (督察通过)."""
    return desk.act(number, dispatching.pass_review, body)


@staff.post("/rework", response_model=ReportState, responses=_CLASHES)
def rework_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Send an insufficient result back to the unit (返工)."""
    return desk.act(number, dispatching.rework, body)


@staff.post("/sign", response_model=ReportState, responses=_CLASHES)
def sign_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Confirm receipt (签收)."""
    return desk.act(number, handling.sign, body)


@staff.post("/assign", response_model=ReportState, responses=_CLASHES)
def assign_report(number: Number, body: AssignBody, desk: DeskDep) -> Response:
    """Give the task to a handler of the unit (指派)."""
    return desk.act(number, handling.assign, body)


@staff.post("/return", response_model=ReportState, responses=_CLASHES)
def return_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Hand back what is not this unit's (退回)."""
    return desk.act(number, handling.return_to_dispatch, body)


@staff.post("/submit-result", response_model=ReportState, responses=_CLASHES)
def submit_result_report(number: Number, body: ResultBody, desk: DeskDep) -> Response:
    """Propose a result to the unit's lead (提交处置结果)."""
    return desk.act(number, handling.submit_result, body)


@staff.post("/internal-rework", response_model=ReportState, responses=_CLASHES)
def internal_rework_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Send a proposed result back inside the unit (内部返工)."""
    return desk.act(number, handling.internal_rework, body)


@staff.post("/resolve", response_model=ReportState, responses=_CLASHES)
def resolve_report(number: Number, body: ResolveBody, desk: DeskDep) -> Response:
    """Give the unit's confirmed result (反馈)."""
    return desk.act(number, handling.resolve, body)
