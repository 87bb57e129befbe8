"""Reads of the journal: one report's entries, and the histories of many for the figures."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, CompoundSelect, ScalarSelect, Select, Subquery, func, or_, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from app.domain.durations import Happening
from app.domain.workflow import Action, Status
from app.journal.chain import Break, BreakKind, Head, anchor_break, first_break, text_breaks
from app.journal.models import JournalEntry, JournalText

ENTRIES_AT_A_TIME = 5_000


@dataclass(frozen=True, slots=True)
class PastEvent:
    """An entry as other packages read it."""

    seq: int
    at: datetime
    action: Action
    status: Status
    facts: dict[str, Any]


def events_of(session: Session, report_id: int) -> list[PastEvent]:
    """Return what happened to a report, oldest first."""
    return [
        PastEvent(entry.seq, entry.at, entry.action, entry.to_status, entry.facts)
        for entry in entries_of(session, report_id)
    ]


def events_of_each(session: Session, report_ids: Collection[int]) -> dict[int, list[PastEvent]]:
    """Return what happened to each of some reports, oldest first, in one statement; every report has an entry."""
    statement = (
        select(JournalEntry)
        .where(col(JournalEntry.report_id).in_(report_ids))
        .order_by(col(JournalEntry.report_id), col(JournalEntry.seq))
    )
    found: dict[int, list[PastEvent]] = {report_id: [] for report_id in report_ids}
    for entry in session.exec(statement):
        found[entry.report_id].append(PastEvent(entry.seq, entry.at, entry.action, entry.to_status, entry.facts))
    return found


def events_since(
    session: Session, report_ids: Select[Any], *, since: datetime, without: Collection[Action], limit: int
) -> list[tuple[int, PastEvent]]:
    """Return `limit` (report id, event) of the reports selected, oldest first, and the whole last instant.

    One request may do something to a hundred reports at one instant; were it cut in two, asking again would never end.
    """
    wanted = (
        col(JournalEntry.report_id).in_(report_ids),
        col(JournalEntry.at) > since,
        col(JournalEntry.action).not_in(without),
    )
    last = select(col(JournalEntry.at)).where(*wanted).order_by(col(JournalEntry.at)).offset(limit - 1).limit(1)
    statement = (
        select(JournalEntry)
        .where(*wanted, _up_to(last))
        .order_by(col(JournalEntry.at), col(JournalEntry.report_id), col(JournalEntry.seq))
    )
    return [
        (entry.report_id, PastEvent(entry.seq, entry.at, entry.action, entry.to_status, entry.facts))
        for entry in session.exec(statement)
    ]


def events_followed(
    session: Session, followers: Select[Any, Any], *, since: datetime, told: Collection[Action], limit: int
) -> list[tuple[int, PastEvent]]:
    """Return `limit` (follower's id, event of its master) since each was merged, and the whole last instant.

    `followers` selects (report id, its master's id); `told` are the actions a follower hears of.
    """
    pairs = followers.subquery()
    follower_id, master_id = pairs.columns
    merged_at = _merged_at(follower_id, pairs)
    wanted = (
        col(JournalEntry.report_id) == master_id,
        col(JournalEntry.at) > since,
        col(JournalEntry.at) >= merged_at,
        col(JournalEntry.action).in_(told),
    )
    return _told(session, pairs, follower_id, wanted, limit=limit)


def events_joined(
    session: Session, joined: CompoundSelect[Any], *, since: datetime, told: Collection[Action], limit: int
) -> list[tuple[int, PastEvent]]:
    """Return `limit` (follow's id, event) of the reports that somebody joined, and the whole last instant.

    `joined` selects (follow's id, report id, joined at, merged report's id): the last is null for a report that was
    joined itself, and for its master the report whose merging began it. `told` are the actions they hear of.
    """
    pairs = joined.subquery()
    follow_id, report_id, joined_at, merged_id = pairs.columns
    wanted = (
        col(JournalEntry.report_id) == report_id,
        col(JournalEntry.at) > since,
        col(JournalEntry.at) >= joined_at,
        or_(merged_id.is_(None), col(JournalEntry.at) >= _merged_at(merged_id, pairs)),
        col(JournalEntry.action).in_(told),
    )
    return _told(session, pairs, follow_id, wanted, limit=limit)


def _told(
    session: Session,
    pairs: Subquery,
    told_by: ColumnElement[int],
    wanted: Sequence[ColumnElement[bool]],
    *,
    limit: int,
) -> list[tuple[int, PastEvent]]:
    """Return `limit` (`told_by`, event) of what is wanted, and the whole last instant; `told_by` is one of `pairs`."""
    last = (
        select(col(JournalEntry.at))
        .select_from(pairs)
        .where(*wanted)
        .order_by(col(JournalEntry.at))
        .offset(limit - 1)
        .limit(1)
    )
    statement = (
        select(told_by, JournalEntry)
        .where(*wanted, _up_to(last))
        .order_by(col(JournalEntry.at), told_by, col(JournalEntry.report_id), col(JournalEntry.seq))
    )
    return [
        (found, PastEvent(entry.seq, entry.at, entry.action, entry.to_status, entry.facts))
        for found, entry in session.execute(statement)
    ]


def _merged_at(report_id: ColumnElement[int], pairs: Subquery) -> ScalarSelect[datetime]:
    """Return when a report was last merged; the id is a column of `pairs`, which the selection around is made of."""
    own = aliased(JournalEntry)
    return (
        select(func.max(own.at))
        .where(own.report_id == report_id, own.action == Action.MERGE)
        .correlate(pairs)
        .scalar_subquery()
    )


def _up_to(last: Select[Any]) -> ColumnElement[bool]:
    """Say that an entry is not later than the instant `last` gives; without one, that it is any entry."""
    instant = last.correlate(None).scalar_subquery()
    return or_(col(JournalEntry.at) <= instant, instant.is_(None))


def count_of(session: Session, report_id: int, action: Action) -> int:
    """Return how often something has happened to a report."""
    happened = select(func.count()).where(JournalEntry.report_id == report_id, JournalEntry.action == action)
    return session.exec(happened).one()


def entries_of(session: Session, report_id: int) -> Sequence[JournalEntry]:
    """Return a report's entries, oldest first."""
    statement = select(JournalEntry).where(JournalEntry.report_id == report_id).order_by(col(JournalEntry.seq))
    return session.exec(statement).all()


def texts_of(session: Session, report_id: int) -> dict[int, tuple[str, str | None]]:
    """Return (salt, text) by sequence number; the text is None once erased."""
    rows = session.exec(select(JournalText).where(JournalText.report_id == report_id)).all()
    return {row.seq: (row.salt, row.text) for row in rows}


def texts_at(session: Session, places: Collection[tuple[int, int]]) -> dict[tuple[int, int], str | None]:
    """Return what was written in entries by (report id, sequence number); None once erased."""
    statement = select(JournalText).where(tuple_(col(JournalText.report_id), col(JournalText.seq)).in_(places))
    return {(row.report_id, row.seq): row.text for row in session.exec(statement)}


def words_about(session: Session, report_ids: Collection[int]) -> dict[int, list[str]]:
    """Return what people wrote about reports since they were submitted, oldest first, without what was erased."""
    statement = (
        select(JournalText.report_id, JournalText.text)
        .where(col(JournalText.report_id).in_(report_ids), col(JournalText.text).is_not(None))
        .order_by(col(JournalText.report_id), col(JournalText.seq))
    )
    written: dict[int, list[str]] = {}
    for report_id, words in session.execute(statement):
        written.setdefault(report_id, []).append(words)
    return written


def each_history(session: Session, report_ids: Select[Any]) -> Iterator[tuple[int, list[Happening]]]:
    """Yield the histories of the reports that `report_ids` selects, one after the other, in one statement.

    A few thousand entries are in memory at a time, so a quarter of a year may be measured.
    """
    columns = (
        JournalEntry.report_id,
        JournalEntry.at,
        JournalEntry.action,
        JournalEntry.to_status,
        JournalEntry.holder,
    )
    statement = (
        select(*columns)  # type: ignore[call-overload]  # SQLModel types up to four columns
        .where(col(JournalEntry.report_id).in_(report_ids))
        .order_by(col(JournalEntry.report_id), col(JournalEntry.seq))
        .execution_options(yield_per=ENTRIES_AT_A_TIME)
    )
    for report_id, rows in groupby(session.execute(statement), key=itemgetter(0)):
        # Whole seconds, so that the stages of a report add up to the whole to the second.
        yield (
            report_id,
            [Happening(at.replace(microsecond=0), action, status, holder) for _, at, action, status, holder in rows],
        )


def verify(
    session: Session, heads: Iterable[tuple[int, str, Head]], *, anchors: Mapping[str, Head] | None = None
) -> Iterator[Break]:
    """Yield the breaks of each chain; `heads` are (report id, number, what the report remembers).

    With `anchors`, heads by number that were written down earlier, a chain computed anew or taken away shows too.
    Read in one snapshot, or a report that moves meanwhile looks broken.
    """
    awaited = dict(anchors or {})
    for report_id, number, head in heads:
        entries = entries_of(session, report_id)
        anchor = awaited.pop(number, Head())
        broken = first_break(number, entries, head)
        if broken is None and anchor.seq:
            broken = anchor_break(number, entries, anchor)
        if broken is not None:
            yield broken
            continue
        yield from text_breaks(number, entries, texts_of(session, report_id))
    for number in awaited:
        yield Break(number, 1, BreakKind.MISSING)
