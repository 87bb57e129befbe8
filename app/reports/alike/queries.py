"""What a citizen has joined, and where each of those reports stands: a page in four statements."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from app.domain.roles import Caller
from app.infra.paging import Page, PageRequest, SortKey, keyset, page
from app.journal.queries import events_of_each, texts_at
from app.media.queries import photos_of
from app.reports.alike.refusals import FollowedNotFound
from app.reports.alike.schemas import FollowedRead
from app.reports.clocks import id_of
from app.reports.models import Follower, Report
from app.reports.present import Reader, category_of, master_view
from app.reports.timeline import standing_result

_BY_TIME: tuple[SortKey, ...] = ((col(Follower.joined_at), True), (col(Follower.id), True))


@dataclass(frozen=True, slots=True)
class Followed:
    """A follow, the report whose fate it shares now, and whether that is the master of the one joined."""

    id: int
    joined_at: datetime
    report: Report
    is_merged: bool


def list_followed(session: Session, filters: PageRequest, *, reader: Reader) -> Page[FollowedRead]:
    """Return what the caller follows by joining, the latest first."""
    wanted = keyset(_of(reader.caller), *_BY_TIME, cursor=filters.cursor, limit=filters.limit)
    rows = [Followed(*row) for row in session.execute(wanted)]
    shown = {each.followed_id: each for each in _present(session, rows[: filters.limit], reader=reader)}
    return page(
        rows,
        limit=filters.limit,
        key_of=lambda row: (row.joined_at, row.id),
        present=lambda row: shown[str(row.id)],
    )


def read_followed(session: Session, followed_id: int, *, reader: Reader) -> FollowedRead:
    """Return one of those.

    :raises FollowedNotFound: the caller follows no such report by joining it
    """
    row = session.execute(_of(reader.caller).where(col(Follower.id) == followed_id)).first()
    if row is None:
        raise FollowedNotFound
    return _present(session, [Followed(*row)], reader=reader)[0]


def _of(caller: Caller) -> Select[*tuple[Any, ...]]:
    """Select the caller's follows with the report, or its master while it is merged: a master never is itself."""
    joined, now_at = aliased(Report), aliased(Report)
    return (
        select(col(Follower.id), col(Follower.joined_at), now_at, col(joined.master_id).is_not(None))
        .join(joined, col(joined.id) == col(Follower.report_id))
        .join(now_at, col(now_at.id) == func.coalesce(col(joined.master_id), col(joined.id)))
        .where(col(Follower.user_id) == caller.user_id)
    )


def _present(session: Session, rows: Sequence[Followed], *, reader: Reader) -> list[FollowedRead]:
    ids = {id_of(row.report) for row in rows}
    if not ids:
        return []
    results = {each: standing_result(events) for each, events in events_of_each(session, ids).items()}
    given = {(each, result.seq) for each, result in results.items() if result is not None}
    words = texts_at(session, given) if given else {}
    photos = photos_of(session, {report_id for report_id, _ in given})
    shown = []
    for row in rows:
        report_id = id_of(row.report)
        result = results[report_id]
        told = words.get((report_id, result.seq)) if result else None
        view = master_view(row.report, result, told, photos.get(report_id, ()), reader=reader)
        shown.append(
            FollowedRead(
                followed_id=str(row.id),
                joined_at=row.joined_at,
                category=category_of(row.report, reader.world),
                is_merged=row.is_merged,
                report=view,
            )
        )
    return shown
