"""The acceptance desk answers a citizen who asks for another try."""

from sqlmodel import Session

from app.domain.workflow import Action
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import NoteBody, ReasonBody
from app.reports.assisting import replace_assisting
from app.reports.errors import ReopenNotRequested
from app.reports.models import Report


def accept_reopen(session: Session, report: Report, body: NoteBody, *, context: Context) -> None:
    """File a closed report anew: dispatch starts again, with the unit that had it as the proposal.

    The journal keeps every time of the first try. The row keeps the first feedback and the verdict on it, and forgets
    what the new try has to earn.

    :raises ReopenNotRequested: nobody asks
    """
    _check_requested(report, Action.ACCEPT_REOPEN, context=context)
    replace_assisting(session, report)
    unit_code = report.unit_code
    unit = context.world.city.units.get(unit_code) if unit_code else None
    if unit is not None and unit.is_active:
        report.proposed_unit_code = unit.code
    report.reopen_requested_at = report.closed_at = None
    report.unit_code, report.handler_id, report.has_result = None, None, False
    report.dispatched_at = report.signed_at = None
    act(session, report, Action.ACCEPT_REOPEN, context=context, facts={"unit": unit_code}, text=body.note)


def refuse_reopen(session: Session, report: Report, body: ReasonBody, *, context: Context) -> None:
    """Leave a report closed, with a reason the citizen reads.

    :raises ReopenNotRequested: nobody asks
    """
    _check_requested(report, Action.REFUSE_REOPEN, context=context)
    report.reopen_requested_at = None
    act(session, report, Action.REFUSE_REOPEN, context=context, text=body.reason)


def _check_requested(report: Report, action: Action, *, context: Context) -> None:
    check_allowed(report, action, context=context)
    if report.reopen_requested_at is None:
        raise ReopenNotRequested
