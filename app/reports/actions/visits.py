"""The inspection desk: verification before filing, check after handling; both need photos and a point on the spot."""

from sqlmodel import Session

from app.domain.gcj02 import distance_m, to_wgs84
from app.domain.workflow import Action
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import FailedCheckBody, Point, VerificationBody, VisitBody
from app.reports.errors import TooFar
from app.reports.evidence import attach_evidence
from app.reports.models import Report

MAX_DISTANCE_M = 200.0
"""How far from the report's place a visit may stand: a pin's and a phone's error in a street canyon, added up."""


def report_verification(session: Session, report: Report, body: VerificationBody, *, context: Context) -> None:
    """Tell the acceptance desk whether the problem is there; the report goes back to where it came from.

    :raises TooFar: the inspector was not on the spot
    """
    facts = _visit(session, report, Action.REPORT_VERIFICATION, body, context=context)
    report.is_verified = body.is_true
    facts["is_true"] = body.is_true
    act(session, report, Action.REPORT_VERIFICATION, context=context, facts=facts, text=body.note)


def pass_check(session: Session, report: Report, body: VisitBody, *, context: Context) -> None:
    """Confirm on the spot that it is done.

    :raises TooFar: the inspector was not on the spot
    """
    facts = _visit(session, report, Action.PASS_CHECK, body, context=context)
    act(session, report, Action.PASS_CHECK, context=context, facts=facts, text=body.note)


def fail_check(session: Session, report: Report, body: FailedCheckBody, *, context: Context) -> None:
    """Find on the spot that it is not done: the unit works on with what is left of its limit.

    :raises TooFar: the inspector was not on the spot
    """
    facts = _visit(session, report, Action.FAIL_CHECK, body, context=context)
    report.rework_count += 1
    report.has_result = False
    act(session, report, Action.FAIL_CHECK, context=context, facts=facts, text=body.reason)


def _visit(session: Session, report: Report, action: Action, body: VisitBody, *, context: Context) -> dict[str, object]:
    check_allowed(report, action, context=context)
    offset_m = _distance(report, body.point)
    if offset_m > MAX_DISTANCE_M:
        raise TooFar(distance_m=round(offset_m), max_distance_m=round(MAX_DISTANCE_M))
    attach_evidence(session, report, body.photo_ids, caller=context.caller, now=context.now)
    return {"photos": len(body.photo_ids), "distance_m": round(offset_m)}


def _distance(report: Report, point: Point) -> float:
    lon, lat = to_wgs84(point.lon, point.lat, point.datum)
    return distance_m(report.lon, report.lat, lon, lat)
