"""The acceptance desk: accept, refuse, send to verification, file, void, close."""

from collections.abc import Mapping

from sqlmodel import Session

from app.city.snapshot import ConditionFact
from app.domain.questions import PLACE_TYPE, check_answers
from app.domain.workflow import Action
from app.reports.actions.closing_condition import confirm_closing_condition
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import AcceptBody, CloseBody, FileBody, NoteBody, ReasonBody
from app.reports.clocks import filed_limit, id_of
from app.reports.errors import ConditionRequired, VerificationRequired, VerifiedFalse
from app.reports.models import Report
from app.reports.routing_step import propose
from app.triage.recording import record_decision

NO_ANSWERS: Mapping[str, str] = {}


def accept(session: Session, report: Report, body: AcceptBody, *, context: Context) -> None:
    """Accept a report under a class, and with the answers that the desk adds or corrects.

    :raises ConditionRequired: it has no class yet and none is given
    :raises UnknownQuestion: an answer to what is not asked for the category
    :raises UnknownAnswer: an answer that is none of the choices
    """
    check_allowed(report, Action.ACCEPT, context=context)
    condition = _chosen_condition(report, body.condition_id, body.category, context=context)
    if condition is None:
        raise ConditionRequired
    check_answers(context.world.rulebook.questions, condition.category_code, body.answers)
    set_condition(session, report, condition, answers=body.answers, context=context)
    report.accepted_at = report.accepted_at or context.now
    facts: dict[str, object] = {"class": condition.class_code, "condition": condition.id}
    if body.answers:
        facts["answers"] = body.answers
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
    facts = {"class": condition.class_code, "condition": condition.id} | filed_limit(report, world=context.world)
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


def set_condition(
    session: Session,
    report: Report,
    condition: ConditionFact,
    *,
    context: Context,
    answers: Mapping[str, str] = NO_ANSWERS,
) -> None:
    """Put a report under a condition, with answers that were checked; a change of either asks the rules again."""
    record_decision(session, id_of(report), condition, by=context.caller.user_id, now=context.now)
    known = {**report.answers, **answers}
    if report.condition_id == condition.id and report.answers == known:
        return
    report.answers, report.place_type = known, known.get(PLACE_TYPE, "")
    report.condition_id = condition.id
    report.scheme, report.class_code = condition.scheme, condition.class_code
    report.category_code = condition.category_code
    propose(session, report, world=context.world, now=context.now)
