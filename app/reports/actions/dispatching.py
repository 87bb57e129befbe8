"""The dispatch desk: dispatch, send back to acceptance, review the unit's result."""

from sqlmodel import Session

from app.domain.roles import Role
from app.domain.workflow import Action
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import DispatchBody, NoteBody, ReasonBody
from app.reports.assisting import named_by_hand, named_by_rule, replace_assisting
from app.reports.clocks import dispatched_limit
from app.reports.errors import NeedsRuling, UnitReturnedIt, UnknownUnit
from app.reports.models import Report

RETURNS_BEFORE_RULING = 2


def dispatch(session: Session, report: Report, body: DispatchBody, *, context: Context) -> None:
    """Give a report to its responsible unit; its handling clock runs from now, not from signing.

    Who assists sees the report, until it is dispatched again or nobody handles it any more.

    :raises UnknownUnit: no such active unit
    :raises UnitTwice: a unit assists twice, or leads as well
    :raises NeedsRuling: returned twice already, and the caller is no supervisor
    :raises UnitReturnedIt: the unit returned it, and the caller is no supervisor
    """
    check_allowed(report, Action.DISPATCH, context=context)
    unit_code = body.unit or report.proposed_unit_code
    unit = context.world.city.units.get(unit_code)
    if unit is None or not unit.is_active:
        raise UnknownUnit(unit=unit_code)
    if not context.caller.has(Role.SUPERVISOR):
        _check_returns(report, unit_code)
    assisting = _assisting(report, body, lead=unit_code, context=context)
    replace_assisting(session, report, assisting)
    report.unit_code, report.handler_id, report.signed_at = unit_code, None, None
    report.dispatched_at = context.now
    facts: dict[str, object] = {"unit": unit.code, "unit_name": unit.name}
    if assisting:
        facts["assisting"] = assisting
    if unit_code == report.routing.get("unit"):
        facts |= {"rule_set": report.routing["rule_set"], "rule": report.rule_key, "basis": report.routing["basis"]}
    facts |= dispatched_limit(report, world=context.world)
    act(session, report, Action.DISPATCH, context=context, facts=facts, text=body.note)


def _check_returns(report: Report, unit_code: str) -> None:
    if report.return_count >= RETURNS_BEFORE_RULING:
        raise NeedsRuling(returns=report.return_count)
    if unit_code in report.returned_by:
        raise UnitReturnedIt


def _assisting(report: Report, body: DispatchBody, *, lead: str, context: Context) -> list[str]:
    city = context.world.city
    if body.assisting is None:
        return named_by_rule(report.routing, lead=lead, city=city)
    return named_by_hand(body.assisting, lead=lead, city=city)


def send_back(session: Session, report: Report, body: ReasonBody, *, context: Context) -> None:
    """Hand a report that cannot be dispatched back to the acceptance desk; dispatch and handling are cancelled."""
    check_allowed(report, Action.SEND_BACK, context=context)
    replace_assisting(session, report)
    report.unit_code, report.handler_id = None, None
    act(session, report, Action.SEND_BACK, context=context, text=body.reason)


def pass_review(session: Session, report: Report, body: NoteBody, *, context: Context) -> None:
    act(session, report, Action.PASS_REVIEW, context=context, text=body.note)


def rework(session: Session, report: Report, body: ReasonBody, *, context: Context) -> None:
    """Send an insufficient result back to the same unit; its clock runs on."""
    check_allowed(report, Action.REWORK, context=context)
    report.rework_count += 1
    report.has_result = False
    act(session, report, Action.REWORK, context=context, text=body.reason)
