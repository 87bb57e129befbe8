"""What is new on one's own reports since an instant: for clients that ask when they are opened."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.domain.roles import Caller
from app.journal.queries import PastEvent, events_followed, events_since
from app.reports.models import Report
from app.reports.schemas import UpdateRead, UpdatesRead
from app.reports.timeline import INTERNAL, TOLD_TO_FOLLOWERS, words
from app.texts import text

MOST = 100
"""A client that was away longer asks again."""


OVERLAP = timedelta(seconds=30)
"""Longer than any transaction lasts: a step that is not committed when a client asks is in its next answer."""


def updates(session: Session, *, since: datetime, caller: Caller, now: datetime) -> UpdatesRead:
    """Return the steps after `since` that a reporter may see, oldest first: a hundred, and what else that instant had.

    Whose report follows another hears under their own number what happens to that one.
    """
    own = _own(session, since=since, caller=caller)
    followed = _followed(session, since=since, caller=caller)
    found, is_full = _first_of(sorted([*own, *followed], key=lambda step: (step[1].at, step[0])))
    numbers = _numbers(session, [report_id for report_id, _, _ in found])
    items = [
        UpdateRead(
            number=numbers[report_id],
            at=event.at,
            action=event.action,
            status=event.status,
            text=text("timeline.followed", step=words(event)) if is_followed else words(event),
            is_followed=is_followed,
        )
        for report_id, event, is_followed in found
    ]
    goes_on = min(items[-1].at, now - OVERLAP) if is_full else now - OVERLAP
    return UpdatesRead(items=items, next_since=max(since, goes_on), now=now)


Step = tuple[int, PastEvent, bool]
"""The report it is told under, what happened, and whether it happened to that report's master."""


def _first_of(steps: Sequence[Step]) -> tuple[Sequence[Step], bool]:
    """Return the first steps up to a whole instant, and whether there may be later ones."""
    if len(steps) < MOST:
        return steps, False
    last = steps[MOST - 1][1].at
    return [step for step in steps if step[1].at <= last], True


def _own(session: Session, *, since: datetime, caller: Caller) -> list[Step]:
    mine = select(col(Report.id)).where(col(Report.reporter_id) == caller.user_id, col(Report.changed_at) > since)
    events = events_since(session, mine, since=since, without=INTERNAL, limit=MOST)
    return [(report_id, event, False) for report_id, event in events]


def _followed(session: Session, *, since: datetime, caller: Caller) -> list[Step]:
    master = aliased(Report)
    mine = (
        select(col(Report.id), col(Report.master_id))
        .join(master, col(master.id) == col(Report.master_id))
        .where(col(Report.reporter_id) == caller.user_id, col(master.changed_at) > since)
    )
    events = events_followed(session, mine, since=since, told=TOLD_TO_FOLLOWERS, limit=MOST)
    return [(report_id, event, True) for report_id, event in events]


def _numbers(session: Session, ids: Sequence[int]) -> dict[int, str]:
    statement = select(col(Report.id), col(Report.number)).where(col(Report.id).in_(set(ids)))
    return dict(session.execute(statement).all())
