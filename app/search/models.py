"""The tables of the text search: which reports have which bigram, block by block, and which wait to be read."""

from datetime import datetime

from sqlalchemy import BigInteger, Integer, LargeBinary
from sqlmodel import Field, SQLModel

LONGEST_GRAM = 72
"""Two characters, or a token such as `unit:<code>`."""


class SearchPosting(SQLModel, table=True):
    """The reports of one block that have one bigram or token; `ids` is packed by `app.search.postings`.

    A set bit says "perhaps": texts change and reports move on. What is found is compared with the report itself.
    """

    __tablename__ = "search_posting"
    __table_args__ = {"sqlite_with_rowid": False}  # the key is the table: one look-up instead of two

    gram: str = Field(primary_key=True, max_length=LONGEST_GRAM)
    block: int = Field(primary_key=True)
    ids: bytes = Field(sa_type=LargeBinary)


class SearchBlock(SQLModel, table=True):
    """The first and the last instant of submission in a block that has been read."""

    __tablename__ = "search_block"

    block: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    first_at: datetime
    last_at: datetime


class SearchTodo(SQLModel, table=True):
    """A report whose words are to be read, put here by the database itself (triggers of migration 0004).

    Only ever appended to: no transaction waits for another one, and what is written while the worker reads stays.
    """

    __tablename__ = "search_todo"

    id: int | None = Field(default=None, primary_key=True, sa_type=BigInteger().with_variant(Integer(), "sqlite"))
    report_id: int
