"""The acceptance desk: accept, refuse, send to verification, file, void, close."""

from sqlmodel import Session

from app.city.snapshot import ConditionFact
from app.domain.workflow import Action
from app.reports.actions.closing_condition import confirm_closing_condition
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import AcceptBody, CloseBody, FileBody, NoteBody, ReasonBody
from app.reports.errors import ConditionRequired, VerificationRequired, VerifiedFalse
from app.reports.models import Report
from app.reports.routing_step import propose


def accept(session: Session, report: Report, body: AcceptBody, *, context: Context) -> None:
    """Accept a report under a class.

    :raises ConditionRequired: it has no class yet and none is given
    """
    check_allowed(report, Action.ACCEPT, context=context)
    condition = _chosen_condition(report, body.condition_id, body.category, context=context)
    if condition is None:
        raise ConditionRequired
    set_condition(session, report, condition, context=context)
    report.accepted_at = report.accepted_at or context.now
    facts = {"class": condition.class_code, "condition": condition.id}
    act(session, report, Action.ACCEPT, context=context, facts=facts, text=body.note)


def reject(session: Session, report: Report, body: ReasonBody, *, context: Context) -> None:
    act(session, report, Action.REJECT, context=context, text=body.reason)


def request_verification(session: Session, report: Report, body: NoteBody, *, context: Context) -> None:
    act(session, report, Action.REQUEST_VERIFICATION, context=context, text=body.note)


def file(session: Session, report: Report, body: FileBody, *, context: Context) -> None:
    """File an accepted report under a filing condition, which gives the limit.

    :raises ConditionRequired: no condition is known
    :raises VerificationRequired: its class is never filed unseen
    :raises VerifiedFalse: the visit found nothing
    """
    check_allowed(report, Action.FILE, context=context)
    condition = _chosen_condition(report, body.condition_id, None, context=context)
    if condition is None:
        raise ConditionRequired
    if condition.needs_verification and report.is_verified is None:
        raise VerificationRequired
    if report.is_verified is False:
        raise VerifiedFalse
    set_condition(session, report, condition, context=context)
    facts = {
        "class": condition.class_code,
        "condition": condition.id,
        "limit": condition.limit.plain_amount,
        "limit_unit": condition.limit.unit.value,
    }
    act(session, report, Action.FILE, context=context, facts=facts, text=body.note)


def void(session: Session, report: Report, body: ReasonBody, *, context: Context) -> None:
    """End what should never have been a report; whoever follows it reads that it is void."""
    check_allowed(report, Action.VOID, context=context)
    report.reopen_requested_at = None
    act(session, report, Action.VOID, context=context, text=body.reason)


def close(session: Session, report: Report, body: CloseBody, *, context: Context) -> None:
    """Close a checked report.

    :raises ClosingConditionNotMet: the caller says that the closing condition is not met
    """
    check_allowed(report, Action.CLOSE, context=context)
    facts = confirm_closing_condition(report, is_met=body.is_closing_condition_met, context=context)
    report.closed_at = context.now
    act(session, report, Action.CLOSE, context=context, facts=facts, text=body.note)


def _chosen_condition(
    report: Report, condition_id: str | None, category_code: str | None, *, context: Context
) -> ConditionFact | None:
    city = context.world.city
    if condition_id is not None:
        return city.condition(int(condition_id))
    if category_code is not None and category_code != report.category_code:
        return city.default_condition(category_code)
    return city.condition(report.condition_id) if report.condition_id else None


def set_condition(session: Session, report: Report, condition: ConditionFact, *, context: Context) -> None:
    """Put a report under a condition; a changed class asks the rules again."""
    if report.condition_id == condition.id:
        return
    report.condition_id = condition.id
    report.scheme, report.class_code = condition.scheme, condition.class_code
    report.category_code = condition.category_code
    propose(session, report, world=context.world, now=context.now)
