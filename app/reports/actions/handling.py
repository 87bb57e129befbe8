"""The responsible unit: sign, assign, return, propose a result, resolve."""

from sqlmodel import Session, col, select

from app.domain.roles import Role
from app.domain.workflow import Action
from app.identity.models import UserAccount
from app.reports.actions.closing_condition import confirm_closing_condition
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import AssignBody, NoteBody, ReasonBody, ResolveBody, ResultBody
from app.reports.errors import NotYourTask, PhotoRequired, UnknownHandler
from app.reports.evidence import attach_evidence
from app.reports.models import Report
from app.reports.routing_step import propose_after_return


def sign(session: Session, report: Report, body: NoteBody, *, context: Context) -> None:
    """Confirm receipt; measured, but the handling clock has been running since dispatch."""
    check_allowed(report, Action.SIGN, context=context)
    report.signed_at = context.now
    act(session, report, Action.SIGN, context=context, text=body.note)


def assign(session: Session, report: Report, body: AssignBody, *, context: Context) -> None:
    """Give the task to a handler of the unit, or take it oneself; assigning an unsigned report signs it.

    :raises NotYourTask: a handler assigns somebody else
    :raises UnknownHandler: not an active handler or lead of this unit
    """
    check_allowed(report, Action.ASSIGN, context=context)
    if not context.caller.has(Role.UNIT_LEAD) and int(body.handler_id) != context.caller.user_id:
        raise NotYourTask
    handler = session.exec(
        select(UserAccount).where(
            UserAccount.id == int(body.handler_id),
            UserAccount.unit_code == report.unit_code,
            col(UserAccount.is_active),
        )
    ).first()
    if handler is None:
        raise UnknownHandler
    report.handler_id = handler.id
    report.signed_at = report.signed_at or context.now
    _hand_over(report)
    act(session, report, Action.ASSIGN, context=context, facts={"handler": handler.id}, text=body.note)


def return_to_dispatch(session: Session, report: Report, body: ReasonBody, *, context: Context) -> None:
    """Hand back what is not this unit's, with the reason; its clock stands and the desk answers for the time."""
    check_allowed(report, Action.RETURN, context=context)
    unit = str(report.unit_code)
    report.return_count += 1
    report.returned_by = [*report.returned_by, unit] if unit not in report.returned_by else report.returned_by
    report.handler_id, report.has_result = None, False
    propose_after_return(report, world=context.world)
    act(session, report, Action.RETURN, context=context, facts={"unit": unit}, text=body.reason)


def submit_result(session: Session, report: Report, body: ResultBody, *, context: Context) -> None:
    """Propose a result to the unit's lead.

    :raises NotYourTask: assigned to somebody else
    """
    check_allowed(report, Action.SUBMIT_RESULT, context=context)
    _check_task(report, context=context)
    attach_evidence(session, report, body.photo_ids, caller=context.caller, now=context.now)
    report.has_result = True
    _hand_over(report)
    facts = {"photos": len(body.photo_ids)}
    act(session, report, Action.SUBMIT_RESULT, context=context, facts=facts, text=body.result)


def internal_rework(session: Session, report: Report, body: ReasonBody, *, context: Context) -> None:
    """Send a handler's proposal back inside the unit; outside nothing has happened."""
    check_allowed(report, Action.INTERNAL_REWORK, context=context)
    report.has_result = False
    act(session, report, Action.INTERNAL_REWORK, context=context, text=body.reason)


def resolve(session: Session, report: Report, body: ResolveBody, *, context: Context) -> None:
    """Give the unit's confirmed result: the feedback that the citizen sees at this instant.

    :raises ClosingConditionNotMet: the caller says that the closing condition is not met
    :raises PhotoRequired: neither these photos nor a proposed result with photos
    """
    check_allowed(report, Action.RESOLVE, context=context)
    confirmed = confirm_closing_condition(report, is_met=body.is_closing_condition_met, context=context)
    if not body.photo_ids and not report.has_result:
        raise PhotoRequired
    attach_evidence(session, report, body.photo_ids, caller=context.caller, now=context.now)
    report.resolved_at = context.now
    report.feedback_at = report.feedback_at or context.now
    facts = {"photos": len(body.photo_ids), "unit": report.unit_code} | confirmed
    act(session, report, Action.RESOLVE, context=context, facts=facts, text=body.result)


def _hand_over(report: Report) -> None:
    """Give up the lease inside the unit: the next step is a colleague's, who would otherwise be kept out."""
    report.lease_owner_id, report.lease_until = None, None


def _check_task(report: Report, *, context: Context) -> None:
    is_lead = context.caller.has(Role.UNIT_LEAD)
    if report.handler_id not in {None, context.caller.user_id} and not is_lead:
        raise NotYourTask
