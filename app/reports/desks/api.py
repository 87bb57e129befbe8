"""Endpoints of the desks and units: one for each action of the workflow table, and one for many reports at once."""

from fastapi import APIRouter, Depends, Response

from app.domain.roles import Permission
from app.domain.workflow import Action
from app.identity.caller import require
from app.infra.problems import problems
from app.reports.acting import DeskDep, Number, endpoint_of
from app.reports.actions.schemas import (
    AcceptBody,
    AssignBody,
    CloseBody,
    DispatchBody,
    FailedCheckBody,
    FileBody,
    MergeBody,
    NoteBody,
    ReasonBody,
    RemarkBody,
    ResolveBody,
    ResultBody,
    VerificationBody,
    VisitBody,
)
from app.reports.bulk import BulkRead, BulkRequest, act_on_each

router = APIRouter(prefix="/api/v1/reports", tags=["actions"])


@router.post("/bulk", dependencies=[Depends(require(Permission.ACT_IN_BULK))], responses=problems(401, 403, 413, 422))
def act_in_bulk(body: BulkRequest, desk: DeskDep) -> BulkRead:
    """Take one action on up to a hundred reports, each for itself; each gets a result.

    With an Idempotency-Key the request may be sent again: what is done is not done twice, what is not is tried again.
    """
    return act_on_each(body, desk=desk)


@router.post("/{number}/accept", **endpoint_of(Action.ACCEPT))
def accept_report(number: Number, body: AcceptBody, desk: DeskDep) -> Response:
    """Accept a report under a class (受理)."""
    return desk.act(number, Action.ACCEPT, body)


@router.post("/{number}/reject", **endpoint_of(Action.REJECT))
def reject_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Refuse a report with a reason the citizen reads (不予受理)."""
    return desk.act(number, Action.REJECT, body)


@router.post("/{number}/request-verification", **endpoint_of(Action.REQUEST_VERIFICATION))
def request_verification_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Have somebody look before filing (核实)."""
    return desk.act(number, Action.REQUEST_VERIFICATION, body)


@router.post("/{number}/report-verification", **endpoint_of(Action.REPORT_VERIFICATION))
def report_verification_report(number: Number, body: VerificationBody, desk: DeskDep) -> Response:
    """Report what the visit found (核实结果)."""
    return desk.act(number, Action.REPORT_VERIFICATION, body)


@router.post("/{number}/file", **endpoint_of(Action.FILE))
def file_report(number: Number, body: FileBody, desk: DeskDep) -> Response:
    """File an accepted report under a condition (立案)."""
    return desk.act(number, Action.FILE, body)


@router.post("/{number}/void", **endpoint_of(Action.VOID))
def void_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Void a report (作废)."""
    return desk.act(number, Action.VOID, body)


@router.post("/{number}/merge", **endpoint_of(Action.MERGE))
def merge_report(number: Number, body: MergeBody, desk: DeskDep) -> Response:
    """Let a report follow another that shows the same problem (并案)."""
    return desk.act(number, Action.MERGE, body)


@router.post("/{number}/unmerge", **endpoint_of(Action.UNMERGE))
def unmerge_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Let a merged report go its own way again, from the beginning (撤销并案)."""
    return desk.act(number, Action.UNMERGE, body)


@router.post("/{number}/dispatch", **endpoint_of(Action.DISPATCH))
def dispatch_report(number: Number, body: DispatchBody, desk: DeskDep) -> Response:
    """Give a report to its responsible unit, and name who assists (派遣)."""
    return desk.act(number, Action.DISPATCH, body)


@router.post("/{number}/sign", **endpoint_of(Action.SIGN))
def sign_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Confirm receipt (签收)."""
    return desk.act(number, Action.SIGN, body)


@router.post("/{number}/assign", **endpoint_of(Action.ASSIGN))
def assign_report(number: Number, body: AssignBody, desk: DeskDep) -> Response:
    """Give the task to a handler of the unit (指派)."""
    return desk.act(number, Action.ASSIGN, body)


@router.post("/{number}/return", **endpoint_of(Action.RETURN))
def return_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Hand back what is not this unit's (退回)."""
    return desk.act(number, Action.RETURN, body)


@router.post("/{number}/send-back", **endpoint_of(Action.SEND_BACK))
def send_back_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Hand a report back to the acceptance desk (退回受理)."""
    return desk.act(number, Action.SEND_BACK, body)


@router.post("/{number}/submit-result", **endpoint_of(Action.SUBMIT_RESULT))
def submit_result_report(number: Number, body: ResultBody, desk: DeskDep) -> Response:
    """Propose a result to the unit's lead (提交处置结果)."""
    return desk.act(number, Action.SUBMIT_RESULT, body)


@router.post("/{number}/internal-rework", **endpoint_of(Action.INTERNAL_REWORK))
def internal_rework_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Send a proposed result back inside the unit (内部返工)."""
    return desk.act(number, Action.INTERNAL_REWORK, body)


@router.post("/{number}/resolve", **endpoint_of(Action.RESOLVE))
def resolve_report(number: Number, body: ResolveBody, desk: DeskDep) -> Response:
    """Give the unit's confirmed result (反馈)."""
    return desk.act(number, Action.RESOLVE, body)


@router.post("/{number}/pass-review", **endpoint_of(Action.PASS_REVIEW))
def pass_review_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Pass the desk check of a result (督察通过)."""
    return desk.act(number, Action.PASS_REVIEW, body)


@router.post("/{number}/rework", **endpoint_of(Action.REWORK))
def rework_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Send an insufficient result back to the unit (返工)."""
    return desk.act(number, Action.REWORK, body)


@router.post("/{number}/pass-check", **endpoint_of(Action.PASS_CHECK))
def pass_check_report(number: Number, body: VisitBody, desk: DeskDep) -> Response:
    """Confirm on the spot that it is done (核查通过)."""
    return desk.act(number, Action.PASS_CHECK, body)


@router.post("/{number}/fail-check", **endpoint_of(Action.FAIL_CHECK))
def fail_check_report(number: Number, body: FailedCheckBody, desk: DeskDep) -> Response:
    """Find on the spot that it is not done (核查不通过)."""
    return desk.act(number, Action.FAIL_CHECK, body)


@router.post("/{number}/close", **endpoint_of(Action.CLOSE))
def close_report(number: Number, body: CloseBody, desk: DeskDep) -> Response:
    """Close a checked report (结案)."""
    return desk.act(number, Action.CLOSE, body)


@router.post("/{number}/accept-reopen", **endpoint_of(Action.ACCEPT_REOPEN))
def accept_reopen_report(number: Number, body: NoteBody, desk: DeskDep) -> Response:
    """Grant the citizen another try: dispatch starts anew (同意重办)."""
    return desk.act(number, Action.ACCEPT_REOPEN, body)


@router.post("/{number}/refuse-reopen", **endpoint_of(Action.REFUSE_REOPEN))
def refuse_reopen_report(number: Number, body: ReasonBody, desk: DeskDep) -> Response:
    """Leave a report closed, with a reason the citizen reads (不同意重办)."""
    return desk.act(number, Action.REFUSE_REOPEN, body)


@router.post("/{number}/note", **endpoint_of(Action.NOTE))
def note_report(number: Number, body: RemarkBody, desk: DeskDep) -> Response:
    """Note something for everybody who works on the report (备注)."""
    return desk.act(number, Action.NOTE, body)
