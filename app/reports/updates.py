"""What is new on one's own reports since an instant: for clients that ask when they are opened."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.domain.roles import Caller
from app.journal.queries import events_since
from app.reports.models import Report
from app.reports.schemas import UpdateRead
from app.reports.timeline import is_internal, words

MOST = 100
"""A client that was away longer reads its list instead."""


def updates(session: Session, *, since: datetime, caller: Caller) -> Sequence[UpdateRead]:
    """Return the steps after `since` that a reporter may see, oldest first, at most the first hundred.

    Asking again with the `at` of the last one goes on from there.
    """
    mine = select(Report.id, Report.number).where(Report.reporter_id == caller.user_id, col(Report.changed_at) > since)
    numbers = dict(session.exec(mine).all())
    events = events_since(session, [each for each in numbers if each is not None], since=since)
    return [
        UpdateRead(number=numbers[report_id], at=event.at, action=event.action, status=event.status, text=words(event))
        for report_id, event in events
        if not is_internal(event.action)
    ][:MOST]
