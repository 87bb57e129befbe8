"""This will read the words of waiting reports into the postings."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlmodel import Session, col

from app.domain.bigrams import bigrams
from app.infra.upsert import insert_into
from app.reports.models import AssistingUnit, Report
from app.reports.wording import Words, texts_of_reports
from app.search.models import SearchBlock, SearchPosting, SearchTodo
from app.search.postings import place_of, with_more
from app.search.tokens import tokens_of

AT_A_TIME = 100
"""Reports read in one transaction."""

_GRAMS_AT_A_TIME = 5_000

New = Mapping[tuple[str, int], Collection[int]]
"""Positions to be added, by gram and block."""


def is_anything_waiting(session: Session) -> bool:
    return session.scalars(select(col(SearchTodo.id)).limit(1)).first() is not None


def index_waiting(session: Session, *, limit: int = AT_A_TIME) -> int:
    """Read up to `limit` waiting reports and return how many; twice the same does no harm.

    One runner at a time: two would read the same posting, and the later one's would be kept.
    """
    waiting = select(col(SearchTodo.id)).order_by(col(SearchTodo.id)).limit(limit)
    taken = (
        delete(SearchTodo)
        .where(col(SearchTodo.id).in_(waiting))
        .returning(col(SearchTodo.report_id))
        .execution_options(synchronize_session=False)
    )
    ids = list(session.scalars(taken))
    _index(session, set(ids))
    return len(ids)


def _index(session: Session, ids: set[int]) -> None:
    rows = _rows(session, ids)
    texts = texts_of_reports(session, [Words(row.id, row.description, row.address) for row in rows])
    assisting = _assisting(session, ids)
    new: defaultdict[tuple[str, int], set[int]] = defaultdict(set)
    spans: defaultdict[int, list[datetime]] = defaultdict(list)
    for row in rows:
        block, position = place_of(row.id)
        spans[block].append(row.submitted_at)
        units = assisting[row.id] | ({row.unit_code} if row.unit_code else set())
        for gram in {*bigrams(texts[row.id]), *tokens_of(street_code=row.street_code, units=units)}:
            new[gram, block].add(position)
    add_postings(session, new)
    widen_blocks(session, spans)


def _rows(session: Session, ids: Collection[int]) -> Sequence[Any]:
    columns = (Report.id, Report.description, Report.address, Report.street_code, Report.unit_code, Report.submitted_at)
    return session.execute(select(*map(col, columns)).where(col(Report.id).in_(ids))).all()


def _assisting(session: Session, ids: Collection[int]) -> defaultdict[int, set[str]]:
    units: defaultdict[int, set[str]] = defaultdict(set)
    statement = select(col(AssistingUnit.report_id), col(AssistingUnit.unit_code))
    for report_id, unit in session.execute(statement.where(col(AssistingUnit.report_id).in_(ids))):
        units[report_id].add(unit)
    return units


def add_postings(session: Session, new: New) -> None:
    """Merge positions into the postings; each posting is read once and written once."""
    by_block: defaultdict[int, list[str]] = defaultdict(list)
    for gram, block in new:
        by_block[block].append(gram)
    for block, grams in by_block.items():
        for start in range(0, len(grams), _GRAMS_AT_A_TIME):
            _merge(session, block, grams[start : start + _GRAMS_AT_A_TIME], new)


def _merge(session: Session, block: int, grams: Sequence[str], new: New) -> None:
    known = select(col(SearchPosting.gram), col(SearchPosting.ids)).where(
        col(SearchPosting.gram).in_(grams), col(SearchPosting.block) == block
    )
    old: dict[str, bytes] = dict(session.execute(known).all())
    packed = {gram: with_more(old.get(gram), new[gram, block]) for gram in grams}
    changed = [{"gram": gram, "block": block, "ids": ids} for gram, ids in packed.items() if ids != old.get(gram)]
    if not changed:
        return
    insert = insert_into(session, SearchPosting)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[col(SearchPosting.gram), col(SearchPosting.block)], set_={"ids": insert.excluded.ids}
        ),
        changed,
    )


def widen_blocks(session: Session, spans: Mapping[int, Iterable[datetime]]) -> None:
    """Note that blocks hold reports of these instants."""
    if not spans:
        return
    least, greatest = (
        (func.min, func.max) if session.get_bind().dialect.name == "sqlite" else (func.least, func.greatest)
    )
    rows = [{"block": block, "first_at": min(instants), "last_at": max(instants)} for block, instants in spans.items()]
    insert = insert_into(session, SearchBlock)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=[col(SearchBlock.block)],
            set_={
                "first_at": least(col(SearchBlock.first_at), insert.excluded.first_at),
                "last_at": greatest(col(SearchBlock.last_at), insert.excluded.last_at),
            },
        ),
        rows,
    )
