"""Who sees which report, and how one is taken for a change."""

from datetime import datetime

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import Session, col, select

from app.domain.errors import Conflict, NotFound, Stale
from app.domain.report_number import parse
from app.domain.roles import DESK_ROLES, UNIT_ROLES, Caller, Role
from app.media.models import Photo
from app.media.refusals import PhotoNotFound
from app.reports.models import Report


class ReportNotFound(NotFound):
    """No such report, or not for this caller: the two look alike from outside."""

    code = "REPORT_NOT_FOUND"


class LeasedByAnother(Conflict):
    """A colleague has pulled this report and still holds it."""

    code = "LEASED_BY_ANOTHER"


def visible_to(caller: Caller) -> ColumnElement[bool]:
    """Return the row scope of a caller as a condition on `report`.

    Reporters see what they sent, units what they are responsible for, desks their area; anyone else nothing.
    """
    scopes: list[ColumnElement[bool]] = []
    if caller.has(Role.CITIZEN, Role.SERVICE, Role.INSPECTOR):
        scopes.append(col(Report.reporter_id) == caller.user_id)
    if caller.has(*UNIT_ROLES) and caller.unit_code:
        scopes.append(col(Report.unit_code) == caller.unit_code)
    if caller.has(*DESK_ROLES):
        scopes.append(col(Report.cell_code).startswith(caller.area_code, autoescape=True))
    return or_(*scopes) if scopes else false()


def roles_on(report: Report, caller: Caller) -> frozenset[Role]:
    """Return the roles in which a caller may act on this very report: the same scopes, one role at a time.

    Somebody with two roles does not carry the scope of one into the other: a unit's lead who reports something as a
    citizen does not resolve it for another unit.
    """
    scopes: set[Role] = set()
    if report.reporter_id == caller.user_id:
        scopes |= {Role.CITIZEN, Role.SERVICE}
    if caller.unit_code is not None and report.unit_code == caller.unit_code:
        scopes |= UNIT_ROLES
    if report.cell_code.startswith(caller.area_code):
        scopes |= DESK_ROLES
    return caller.roles & scopes


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


def original_key(session: Session, photo_id: str, *, caller: Caller) -> str:
    """Return where the original of a photo is, if the caller sees the report it belongs to.

    :raises PhotoNotFound: no such photo for this caller
    """
    statement = (
        select(Photo.original_key)
        .join(Report, col(Report.id) == col(Photo.report_id))
        .where(Photo.id == photo_id, visible_to(caller))
    )
    key = session.exec(statement).first()
    if key is None:
        raise PhotoNotFound(photo_ids=[photo_id])
    return key


def get_for_update(session: Session, number: str, *, caller: Caller, version: int | None, now: datetime) -> Report:
    """Return a report locked for a change by this caller.

    :raises ReportNotFound: there is none for this caller
    :raises Stale: `version` is given and is no longer the report's
    :raises LeasedByAnother: a colleague holds it
    """
    statement = select(Report).where(Report.number == parse(number), visible_to(caller)).with_for_update()
    report = session.exec(statement).first()
    if report is None:
        raise ReportNotFound
    if version is not None and version != report.version:
        raise Stale(version=report.version)
    if (
        is_leased(report, now)
        and report.lease_owner_id != caller.user_id
        and Role.CITIZEN not in roles_on(report, caller)
    ):
        raise LeasedByAnother
    return report
