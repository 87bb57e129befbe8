"""This will take a report's words out of the postings."""

from sqlmodel import Session, col, select

from app.domain.bigrams import bigrams, searchable
from app.search.models import SearchPosting
from app.search.postings import place_of, without


def forget(session: Session, report_id: int, text: str) -> None:
    """Take out the bigrams of a text that a report no longer holds; for the one who runs the indexing.

    What its other texts hold, too, is to be read again: put the report into `search_todo`.
    """
    block, position = place_of(report_id)
    grams = bigrams(searchable(text))
    statement = select(SearchPosting).where(col(SearchPosting.gram).in_(grams), SearchPosting.block == block)
    for posting in session.exec(statement.with_for_update()):
        posting.ids = without(posting.ids, position)
        session.add(posting)
