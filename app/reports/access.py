"""Who sees which report, in which of their roles, and how one is taken for a change."""

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, exists, false, or_, true
from sqlmodel import Session, col, select

from app.domain.errors import Conflict, NotFound, Stale
from app.domain.report_number import parse
from app.domain.roles import ACTS_ON, SEES, STAFF_ROLES, UNIT_ROLES, Caller, Role, Rows
from app.domain.workflow import ASSISTING_MAY, Action
from app.media.models import Photo
from app.media.refusals import PhotoNotFound
from app.reports.models import AssistingUnit, Report


class ReportNotFound(NotFound):
    """No such report, or not for this caller: the two look alike from outside."""

    code = "REPORT_NOT_FOUND"


class LeasedByAnother(Conflict):
    """A colleague has pulled this report and still holds it."""

    code = "LEASED_BY_ANOTHER"


def visible_to(caller: Caller) -> ColumnElement[bool]:
    """Return the row scope of a caller as a condition on `report`: what the table `SEES` gives each of their roles."""
    kinds = {kind for role in caller.roles for kind in SEES[role]}
    scopes = [_SCOPES[kind](caller) for kind in Rows if kind in kinds]
    return or_(*scopes) if scopes else false()


def seen_at_work(caller: Caller) -> ColumnElement[bool]:
    """Return what a caller sees for their work, and not because they sent it.

    Staff search in notes, and what staff note about a report is not for whoever reported it.
    """
    kinds = kinds_at_work(caller)
    scopes = [_SCOPES[kind](caller) for kind in Rows if kind in kinds]
    return or_(*scopes) if scopes else false()


def kinds_at_work(caller: Caller) -> set[Rows]:
    """Return why a caller sees reports, other than that they sent them."""
    return {kind for role in caller.roles for kind in SEES[role]} - {Rows.OWN}


def served_by(caller: Caller, holder: str) -> ColumnElement[bool]:
    """Return which of a holder's reports a caller works on: a unit's all, a desk's those of their area.

    Narrower than what they see: an inspector who reported something in another district does not check it there.
    """
    return true() if holder == caller.unit_code else _SCOPES[Rows.AREA](caller)


def _of_unit(caller: Caller) -> ColumnElement[bool]:
    return col(Report.unit_code) == caller.unit_code if caller.unit_code else false()


def _assisted(caller: Caller) -> ColumnElement[bool]:
    if not caller.unit_code:
        return false()
    return exists().where(
        col(AssistingUnit.report_id) == col(Report.id), col(AssistingUnit.unit_code) == caller.unit_code
    )


_SCOPES: Mapping[Rows, Callable[[Caller], ColumnElement[bool]]] = {
    Rows.OWN: lambda caller: col(Report.reporter_id) == caller.user_id,
    Rows.UNIT: _of_unit,
    Rows.ASSISTED: _assisted,
    Rows.AREA: lambda caller: col(Report.cell_code).startswith(caller.area_code, autoescape=True),
}


def rows_of(report: Report, caller: Caller) -> frozenset[Rows]:
    """Return what a report is to a caller who sees it, among what their roles see.

    Assisting units are in a table of their own, which is not asked: what somebody sees for no other reason is what
    their unit assists with.
    """
    kinds = {
        Rows.OWN: report.reporter_id == caller.user_id,
        Rows.UNIT: caller.unit_code is not None and report.unit_code == caller.unit_code,
        Rows.AREA: report.cell_code.startswith(caller.area_code),
    }
    seen = {kind for role in caller.roles for kind in SEES[role]}
    found = frozenset(kind for kind, is_so in kinds.items() if is_so and kind in seen)
    is_assisted = not found and Rows.ASSISTED in seen and caller.unit_code is not None
    return frozenset({Rows.ASSISTED}) if is_assisted else found


def roles_on(report: Report, caller: Caller) -> frozenset[Role]:
    """Return the roles in which a caller may act on this very report: the same scopes, one role at a time.

    Somebody with two roles does not carry the scope of one into the other: a unit's lead who reports something as a
    citizen does not resolve it for another unit.
    """
    rows = rows_of(report, caller)
    return frozenset(role for role in caller.roles if not rows.isdisjoint(ACTS_ON[role]))


def roles_to(action: Action, report: Report, caller: Caller) -> frozenset[Role]:
    """Return the roles in which a caller may take one action: those of `roles_on`, and a unit's that only assists."""
    roles = roles_on(report, caller)
    if action in ASSISTING_MAY and Rows.ASSISTED in rows_of(report, caller):
        return roles | (caller.roles & UNIT_ROLES)
    return roles


def is_staff_on(report: Report, caller: Caller) -> bool:
    """Tell whether a caller sees this report as staff; who reported it as a citizen sees it as one."""
    return Rows.ASSISTED in rows_of(report, caller) or not roles_on(report, caller).isdisjoint(STAFF_ROLES)


def is_leased(report: Report, now: datetime) -> bool:
    """Tell whether somebody has pulled the report and holds it still."""
    return report.lease_until is not None and report.lease_until > now


def get_visible(session: Session, number: str, *, caller: Caller) -> Report:
    """Return a report the caller may see.

    :raises ReportNotFound: there is none
    :raises InvalidReportNumber: the number has a typing mistake
    """
    report = session.exec(select(Report).where(Report.number == parse(number), visible_to(caller))).first()
    if report is None:
        raise ReportNotFound
    return report


def get_at_work(session: Session, number: str, *, caller: Caller) -> Report:
    """Return a report the caller sees for their work, and not because they sent it.

    :raises ReportNotFound: there is none
    :raises InvalidReportNumber: the number has a typing mistake
    """
    report = session.exec(select(Report).where(Report.number == parse(number), seen_at_work(caller))).first()
    if report is None:
        raise ReportNotFound
    return report


def original_key(session: Session, photo_id: str, *, caller: Caller) -> str:
    """Return where the original of a photo is, if the caller sees the report it belongs to.

    :raises PhotoNotFound: no such photo for this caller
    """
    statement = (
        select(Photo.original_key)
        .join(Report, col(Report.id) == col(Photo.report_id))
        .where(Photo.id == photo_id, seen_at_work(caller))
    )
    key = session.exec(statement).first()
    if key is None:
        raise PhotoNotFound(photo_ids=[photo_id])
    return key


def get_for_update(
    session: Session,
    number: str,
    *,
    caller: Caller,
    version: int | None,
    now: datetime,
    together_with: str | None = None,
    heeds_lease: bool = True,
) -> Report:
    """Return a report locked for a change by this caller.

    A second number is locked in the same statement, both in the order of their ids, so that two requests that need
    the same two reports never wait for each other; whether the caller sees that one is for the change to ask.

    :raises ReportNotFound: there is none for this caller
    :raises InvalidReportNumber: one of the numbers has a typing mistake
    :raises Stale: `version` is given and is no longer the report's
    :raises LeasedByAnother: a colleague holds it, and the change waits for that
    """
    wanted = parse(number)
    numbers = {wanted} if together_with is None else {wanted, parse(together_with)}
    statement = select(Report).where(col(Report.number).in_(numbers), visible_to(caller)).order_by(col(Report.id))
    report = next((each for each in session.exec(statement.with_for_update()) if each.number == wanted), None)
    if report is None:
        raise ReportNotFound
    if version is not None and version != report.version:
        raise Stale(version=report.version)
    if heeds_lease and _is_kept_from(caller, report, now):
        raise LeasedByAnother
    return report


def _is_kept_from(caller: Caller, report: Report, now: datetime) -> bool:
    return (
        is_leased(report, now)
        and report.lease_owner_id != caller.user_id
        and Role.CITIZEN not in roles_on(report, caller)
    )
