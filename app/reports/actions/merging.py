"""The acceptance desk finds that two reports show one problem: one becomes the master, the other follows it."""

from sqlmodel import Session

from app.domain.report_number import parse
from app.domain.roles import Role
from app.domain.workflow import TERMINAL, Action, Status
from app.reports.access import ReportNotFound, get_visible, roles_on
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import MergeBody, NoteBody
from app.reports.assisting import replace_assisting
from app.reports.clocks import id_of
from app.reports.errors import HasFollowers, MasterClosed, MasterIsMerged, MasterIsSelf, MasterNotFound
from app.reports.followers import has_followers
from app.reports.models import Report
from app.reports.routing_step import propose, propose_after_return


def merge(session: Session, report: Report, body: MergeBody, *, context: Context) -> None:
    """Let a report follow its master, so that whoever sent it gets the master's result; nobody holds it any more.

    The caller has locked both in the order of their ids (`app.reports.actions.verbs.perform`), so neither becomes
    somebody's master or follower meanwhile.

    :raises MasterIsSelf: the report itself
    :raises MasterNotFound: none that the caller may accept
    :raises MasterIsMerged: it follows another report itself
    :raises MasterClosed: it is over
    :raises HasFollowers: the report has followers of its own
    """
    check_allowed(report, Action.MERGE, context=context)
    master = _master(session, report, body, context=context)
    if has_followers(session, report):
        raise HasFollowers
    facts = {"master": master.number} | ({"unit": report.unit_code} if report.unit_code else {})
    replace_assisting(session, report)
    report.master_id = id_of(master)
    report.unit_code, report.handler_id, report.has_result = None, None, False
    act(session, report, Action.MERGE, context=context, facts=facts, text=body.note)


def _master(session: Session, report: Report, body: MergeBody, *, context: Context) -> Report:
    if parse(body.master) == report.number:
        raise MasterIsSelf
    try:
        master = get_visible(session, body.master, caller=context.caller)
    except ReportNotFound:
        raise MasterNotFound from None
    if Role.ACCEPTOR not in roles_on(master, context.caller):
        raise MasterNotFound
    if master.status is Status.MERGED:
        raise MasterIsMerged
    if master.status in TERMINAL:
        raise MasterClosed
    return master


def unmerge(session: Session, report: Report, body: NoteBody, *, context: Context) -> None:
    """Let a report go its own way again, from its beginning: nobody has accepted, dispatched or signed it."""
    check_allowed(report, Action.UNMERGE, context=context)
    report.master_id = None
    report.accepted_at = report.dispatched_at = report.signed_at = None
    propose(session, report, world=context.world, now=context.now)
    if report.proposed_unit_code in report.returned_by:
        propose_after_return(report, world=context.world)
    act(session, report, Action.UNMERGE, context=context, text=body.note)
