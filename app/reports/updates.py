"""What is new on one's own reports since an instant: for clients that ask when they are opened."""

from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.domain.roles import Caller
from app.journal.queries import events_since
from app.reports.models import Report
from app.reports.schemas import UpdateRead, UpdatesRead
from app.reports.timeline import INTERNAL, words

MOST = 100
"""A client that was away longer asks again."""


OVERLAP = timedelta(seconds=30)
"""Longer than any transaction lasts: a step that is not committed when a client asks is in its next answer."""


def updates(session: Session, *, since: datetime, caller: Caller, now: datetime) -> UpdatesRead:
    """Return the steps after `since` that a reporter may see, oldest first, at most the first hundred."""
    mine = select(Report.id).where(Report.reporter_id == caller.user_id, col(Report.changed_at) > since)
    events = events_since(session, mine, since=since, without=INTERNAL, limit=MOST)
    ids = {report_id for report_id, _ in events}
    numbers = dict(session.exec(select(Report.id, Report.number).where(col(Report.id).in_(ids))).all())
    items = [
        UpdateRead(number=numbers[report_id], at=event.at, action=event.action, status=event.status, text=words(event))
        for report_id, event in events
    ]
    # A full answer may have cut a second in two, so that second is asked for again.
    goes_on = items[-1].at - timedelta(seconds=1) if len(items) == MOST else now - OVERLAP
    return UpdatesRead(items=items, next_since=max(since, goes_on), now=now)
