"""The reporting citizen: withdraw before anybody is at work, rate what was done, ask once for another try."""

from datetime import datetime, timedelta

from sqlmodel import Session

from app.domain.workflow import Action
from app.reports.actions.engine import Context, act, check_allowed
from app.reports.actions.schemas import NoteBody, RateBody, ReasonBody, Score
from app.reports.errors import AlreadySigned, HasFollowers, RatingClosed, ReasonRequired, ReopenClosed
from app.reports.followers import is_followed
from app.reports.models import Report

ANSWER_DAYS = 15
"""How long after closing a citizen may rate the result or ask for another try."""

POINTS = {Score.SATISFIED: 3, Score.MOSTLY: 2, Score.DISSATISFIED: 1}


def may_withdraw(report: Report) -> bool:
    """Tell whether no unit has been at work: neither this time nor before the report was reopened."""
    return report.signed_at is None and report.feedback_at is None


def may_rate(report: Report, now: datetime) -> bool:
    """Tell whether a closed report waits for its verdict; one that was reopened waits again once it is closed."""
    is_rated = report.rated_at is not None and report.closed_at is not None and report.rated_at >= report.closed_at
    return not is_rated and _is_fresh(report, now)


def may_ask_again(report: Report, now: datetime) -> bool:
    return report.reopen_count == 0 and _is_fresh(report, now)


def _is_fresh(report: Report, now: datetime) -> bool:
    return report.closed_at is not None and now - report.closed_at <= timedelta(days=ANSWER_DAYS)


def withdraw(session: Session, report: Report, body: NoteBody, *, context: Context) -> None:
    """Take a report back, as long as no unit has signed it and nobody else follows it.

    :raises AlreadySigned: a unit is or has been at work on it
    :raises HasFollowers: others wait for its result
    """
    check_allowed(report, Action.WITHDRAW, context=context)
    if not may_withdraw(report):
        raise AlreadySigned
    if is_followed(session, report):
        raise HasFollowers
    act(session, report, Action.WITHDRAW, context=context, text=body.note)


def rate(session: Session, report: Report, body: RateBody, *, context: Context) -> None:
    """Rate a closed report once for each closing, within 15 days; the time until then is nobody's handling time.

    :raises ReasonRequired: dissatisfied, but with what?
    :raises RatingClosed: rated before, or too late
    """
    check_allowed(report, Action.RATE, context=context)
    if body.score is Score.DISSATISFIED and not body.reason:
        raise ReasonRequired
    if not may_rate(report, context.now):
        raise RatingClosed(days=ANSWER_DAYS)
    report.rating_score, report.rated_at = POINTS[body.score], context.now
    facts = {"score": body.score.value, "is_solved": body.is_solved}
    act(session, report, Action.RATE, context=context, facts=facts, text=body.reason)


def request_reopen(session: Session, report: Report, body: ReasonBody, *, context: Context) -> None:
    """Ask for another try, once and within 15 days of closing; the report stays closed until an acceptor answers.

    :raises ReopenClosed: asked before, or too late
    """
    check_allowed(report, Action.REQUEST_REOPEN, context=context)
    if not may_ask_again(report, context.now):
        raise ReopenClosed(days=ANSWER_DAYS)
    report.reopen_requested_at = context.now
    report.reopen_count += 1
    act(session, report, Action.REQUEST_REOPEN, context=context, text=body.reason)
