"""The made-up history is one that the program itself could have written."""

from sqlmodel import col, select

from app.dispatch.tallies import tallies
from app.reports.models import Report
from app.search.index import index_waiting
from app.search.models import SearchBlock, SearchPosting, SearchTodo
from tests.search.conftest import OldTown


def test_its_postings_are_those_of_the_indexing(old_town: OldTown) -> None:
    with old_town.database.reading() as session:
        made = {(row.gram, row.block): row.ids for row in session.exec(select(SearchPosting))}
        spans = {row.block: (row.first_at, row.last_at) for row in session.exec(select(SearchBlock))}
    assert len(made) > 5_000
    with old_town.database.transaction() as session:
        for row in session.exec(select(SearchPosting)):
            session.delete(row)
        for block in session.exec(select(SearchBlock)):
            session.delete(block)
        session.add_all(SearchTodo(report_id=number) for number in range(1, old_town.history.count + 1))
    with old_town.database.transaction() as session:
        while index_waiting(session, limit=1_000):
            pass
        assert {(row.gram, row.block): row.ids for row in session.exec(select(SearchPosting))} == made
        assert {row.block: (row.first_at, row.last_at) for row in session.exec(select(SearchBlock))} == spans


def test_its_rows_are_readable_and_its_tallies_are_right(old_town: OldTown) -> None:
    with old_town.database.reading() as session:
        rows = session.exec(select(Report).where(col(Report.holder).is_not(None))).all()
        counts = tallies(session, {row.holder or "" for row in rows})
        assert sum(sum(by_status.values()) for by_status in counts.values()) == len(rows) > 200
