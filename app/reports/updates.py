"""What is new on one's own reports since an instant: for clients that ask when they are opened."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Integer, cast, null, select, union_all
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.domain.roles import Caller
from app.journal.queries import PastEvent, events_followed, events_joined, events_since
from app.reports.models import Follower, Report
from app.reports.schemas import UpdateRead, UpdatesRead
from app.reports.timeline import INTERNAL, TOLD_TO_FOLLOWERS, TOLD_TO_JOINERS, words
from app.texts import text

MOST = 100
"""A client that was away longer asks again."""


OVERLAP = timedelta(seconds=30)
"""Longer than any transaction lasts: a step that is not committed when a client asks is in its next answer."""


def updates(session: Session, *, since: datetime, caller: Caller, now: datetime) -> UpdatesRead:
    """Return the steps after `since` that a reporter may see, oldest first: a hundred, and what else that instant had.

    Whose report follows another hears under their own number what happens to that one; whoever has joined one hears
    under the id of that.
    """
    steps = [
        *_own(session, since=since, caller=caller),
        *_followed(session, since=since, caller=caller),
        *_joined(session, since=since, caller=caller),
    ]
    found, is_full = _first_of(sorted(steps, key=lambda step: (step.event.at, step.report_id, step.followed_id)))
    numbers = _numbers(session, {step.report_id for step in found})
    items = [
        UpdateRead(
            number=numbers.get(step.report_id),
            followed_id=str(step.followed_id) if step.followed_id else None,
            at=step.event.at,
            action=step.event.action,
            status=step.event.status,
            text=text(f"timeline.{step.told_as}", step=words(step.event)) if step.told_as else words(step.event),
            is_followed=bool(step.told_as),
        )
        for step in found
    ]
    goes_on = min(items[-1].at, now - OVERLAP) if is_full else now - OVERLAP
    return UpdatesRead(items=items, next_since=max(since, goes_on), now=now)


@dataclass(frozen=True, slots=True)
class _Step:
    """What happened, and under which id it is told: that of a report of the caller's own, or that of a follow.

    `told_as` is empty for what happened to that report itself, else the text that says to which other one.
    """

    event: PastEvent
    report_id: int = 0
    followed_id: int = 0
    told_as: str = ""


def _first_of(steps: Sequence[_Step]) -> tuple[Sequence[_Step], bool]:
    """Return the first steps up to a whole instant, and whether there may be later ones."""
    if len(steps) < MOST:
        return steps, False
    last = steps[MOST - 1].event.at
    return [step for step in steps if step.event.at <= last], True


def _own(session: Session, *, since: datetime, caller: Caller) -> list[_Step]:
    mine = select(col(Report.id)).where(col(Report.reporter_id) == caller.user_id, col(Report.changed_at) > since)
    events = events_since(session, mine, since=since, without=INTERNAL, limit=MOST)
    return [_Step(event, report_id) for report_id, event in events]


def _followed(session: Session, *, since: datetime, caller: Caller) -> list[_Step]:
    master = aliased(Report)
    mine = (
        select(col(Report.id), col(Report.master_id))
        .join(master, col(master.id) == col(Report.master_id))
        .where(col(Report.reporter_id) == caller.user_id, col(master.changed_at) > since)
    )
    events = events_followed(session, mine, since=since, told=TOLD_TO_FOLLOWERS, limit=MOST)
    return [_Step(event, report_id, told_as="followed") for report_id, event in events]


def _joined(session: Session, *, since: datetime, caller: Caller) -> list[_Step]:
    """Return what happened to the reports that the caller has joined, and to their masters since they were merged."""
    joined, master = aliased(Report), aliased(Report)
    mine = col(Follower.user_id) == caller.user_id
    themselves = (
        select(col(Follower.id), col(joined.id), col(Follower.joined_at), cast(null(), Integer))
        .join(joined, col(joined.id) == col(Follower.report_id))
        .where(mine, col(joined.changed_at) > since)
    )
    masters = (
        select(col(Follower.id), col(master.id), col(Follower.joined_at), col(joined.id))
        .join(joined, col(joined.id) == col(Follower.report_id))
        .join(master, col(master.id) == col(joined.master_id))
        .where(mine, col(master.changed_at) > since)
    )
    events = events_joined(session, union_all(themselves, masters), since=since, told=TOLD_TO_JOINERS, limit=MOST)
    return [_Step(event, followed_id=followed_id, told_as="joined") for followed_id, event in events]


def _numbers(session: Session, ids: Collection[int]) -> dict[int, str]:
    statement = select(col(Report.id), col(Report.number)).where(col(Report.id).in_(ids))
    return dict(session.execute(statement).all())
