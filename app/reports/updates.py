"""What is new on one's own reports since an instant: for clients that ask when they are opened."""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session, col, select

from app.domain.roles import Caller
from app.journal.queries import events_since
from app.reports.models import Report
from app.reports.schemas import UpdateRead
from app.reports.timeline import INTERNAL, words

MOST = 100
"""A client that was away longer asks again."""


def updates(session: Session, *, since: datetime, caller: Caller) -> Sequence[UpdateRead]:
    """Return the steps after `since` that a reporter may see, oldest first, at most the first hundred.

    Asking again with the `at` of the last one goes on from there.
    """
    mine = select(Report.id).where(Report.reporter_id == caller.user_id, col(Report.changed_at) > since)
    events = events_since(session, mine, since=since, without=INTERNAL, limit=MOST)
    ids = {report_id for report_id, _ in events}
    numbers = dict(session.exec(select(Report.id, Report.number).where(col(Report.id).in_(ids))).all())
    return [
        UpdateRead(number=numbers[report_id], at=event.at, action=event.action, status=event.status, text=words(event))
        for report_id, event in events
    ]
