"""The reporting citizen: withdraw before anybody is at work, rate what was done."""

from datetime import timedelta

from sqlmodel import Session

from app.domain.workflow import Action
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import NoteBody, RateBody, Score
from app.reports.errors import AlreadySigned, RatingClosed
from app.reports.models import Report

RATING_DAYS = 15
POINTS = {Score.SATISFIED: 3, Score.MOSTLY: 2, Score.DISSATISFIED: 1}


def withdraw(session: Session, report: Report, body: NoteBody, *, context: Context) -> None:
    """Take a report back, as long as no unit has signed it.

    :raises AlreadySigned: a unit is or has been at work on it
    """
    check_allowed(report, Action.WITHDRAW, context=context)
    if report.signed_at is not None:
        raise AlreadySigned
    act(session, report, Action.WITHDRAW, context=context, text=body.note)


def rate(session: Session, report: Report, body: RateBody, *, context: Context) -> None:
    """Rate a closed report once, within 15 days; the time until the rating is nobody's handling time.

    :raises RatingClosed: rated before, or too late
    """
    check_allowed(report, Action.RATE, context=context)
    is_late = report.closed_at is None or context.now - report.closed_at > timedelta(days=RATING_DAYS)
    if report.rating_score is not None or is_late:
        raise RatingClosed(days=RATING_DAYS)
    report.rating_score, report.rated_at = POINTS[body.score], context.now
    facts = {"score": body.score.value, "is_solved": body.is_solved}
    act(session, report, Action.RATE, context=context, facts=facts, text=body.reason)
