"""Which reports may hold some words: those whose block has all of their bigrams and tokens at one position."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlmodel import Session, col

from app.reports.filters import Filters
from app.search.models import SearchBlock, SearchPosting
from app.search.postings import BLOCK, place_of, shared

WINDOWS = (4, 60, 960)
"""Blocks asked for in one statement each: a common word stands in the newest, a rare one perhaps nowhere for years."""

MOST_GRAMS = 8
"""Bigrams looked up for a query; the text itself is compared with the whole of it."""

_MAX_ID = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Candidates:
    """Ids of reports, newest first; below the id `rest` nothing has been looked at, with None nothing is left."""

    ids: list[int]
    rest: int | None


def newest_with(
    session: Session, bigrams: Sequence[str], tokens: Sequence[str], *, filters: Filters, below: int | None, most: int
) -> Candidates:
    """Return up to `most` reports with an id below `below` that have all of the bigrams and tokens.

    Looks at a thousand blocks at most, four million reports.
    """
    below = _MAX_ID if below is None else max(0, min(below, _MAX_ID))
    span = _span(session, filters, below=below)
    if span is None:
        return Candidates([], None)
    wanted = [*_spread(bigrams), *tokens]
    ids: list[int] = []
    oldest = span[1] + 1
    for oldest, newest in _windows(*span):
        for block, sets in _blocks_with(session, wanted, oldest, newest):
            ids += [each for each in shared(block, sets) if each < below]
            if len(ids) >= most:
                return Candidates(ids[:most], ids[most - 1])
    return Candidates(ids, oldest * BLOCK if oldest > span[0] else None)


def _span(session: Session, filters: Filters, *, below: int) -> tuple[int, int] | None:
    """Return the oldest and the newest block that hold reports of the time asked for."""
    statement = select(func.min(col(SearchBlock.block)), func.max(col(SearchBlock.block))).where(
        col(SearchBlock.block) <= place_of(below - 1)[0]
    )
    if filters.submitted_from is not None:
        statement = statement.where(col(SearchBlock.last_at) >= filters.submitted_from)
    if filters.submitted_to is not None:
        statement = statement.where(col(SearchBlock.first_at) < filters.submitted_to)
    oldest, newest = session.execute(statement).one()
    return None if newest is None else (oldest, newest)


def _windows(oldest: int, newest: int) -> Iterator[tuple[int, int]]:
    for size in WINDOWS:
        if newest < oldest:
            return
        first = max(oldest, newest - size + 1)
        yield first, newest
        newest = first - 1


def _blocks_with(session: Session, wanted: Sequence[str], oldest: int, newest: int) -> list[tuple[int, list[bytes]]]:
    """Return the blocks that have a set for everything wanted, newest first."""
    statement = select(col(SearchPosting.block), col(SearchPosting.ids)).where(
        col(SearchPosting.gram).in_(wanted), col(SearchPosting.block).between(oldest, newest)
    )
    sets: defaultdict[int, list[bytes]] = defaultdict(list)
    for block, ids in session.execute(statement):
        sets[block].append(ids)
    return sorted(((block, each) for block, each in sets.items() if len(each) == len(wanted)), reverse=True)


def _spread(bigrams: Sequence[str]) -> list[str]:
    """Return not too many bigrams of all parts of the query."""
    if len(bigrams) <= MOST_GRAMS:
        return list(bigrams)
    return [bigrams[place * (len(bigrams) - 1) // (MOST_GRAMS - 1)] for place in range(MOST_GRAMS)]
