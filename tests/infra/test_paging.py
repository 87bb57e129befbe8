"""Pages neither lose nor repeat a row, and a broken cursor is said to be broken."""

import base64
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy import Select, select
from sqlmodel import Session, col

from app.infra.database import Database
from app.infra.paging import BadCursor, Key, Page, PageRequest, SortKey, decode_cursor, encode_cursor, keyset, page
from tests.infra.sample_table import Colour, Sample, a_sample, make_table

NEWEST: tuple[SortKey, ...] = ((col(Sample.at), True), (col(Sample.id), True))
OLDEST: tuple[SortKey, ...] = ((col(Sample.at), False), (col(Sample.id), False))
MIXED: tuple[SortKey, ...] = ((col(Sample.at), True), (col(Sample.name), False), (col(Sample.id), True))


def fill(session: Session, now: datetime, rows: int = 23) -> None:
    make_table(session)
    session.add_all([a_sample(f"{number:02}", now + timedelta(minutes=number % 4)) for number in range(rows)])
    session.flush()


def key_of(keys: Sequence[SortKey], row: Sample) -> list[Key]:
    return [getattr(row, column.key) for column, _ in keys]


def one_page(session: Session, keys: Sequence[SortKey], cursor: str | None, limit: int = 5) -> Page[str]:
    statement: Select[Sample] = select(Sample)
    rows = session.scalars(keyset(statement, *keys, cursor=cursor, limit=limit)).all()
    return page(rows, limit=limit, key_of=lambda row: key_of(keys, row), present=lambda row: row.name)


def all_pages(session: Session, keys: Sequence[SortKey]) -> list[str]:
    names: list[str] = []
    cursor = None
    while True:
        shown = one_page(session, keys, cursor)
        names += shown.items
        cursor = shown.next_cursor
        if cursor is None:
            return names


@pytest.mark.parametrize("keys", [NEWEST, OLDEST, MIXED], ids=["newest", "oldest", "mixed"])
def test_pages_hold_every_row_once_in_order(database: Database, now: datetime, keys: Sequence[SortKey]) -> None:
    with database.transaction() as session:
        fill(session, now)
        order = (column.desc() if descends else column.asc() for column, descends in keys)
        expected = [row.name for row in session.scalars(select(Sample).order_by(*order))]
        assert all_pages(session, keys) == expected


def test_rows_added_meanwhile_move_nothing(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        fill(session, now, rows=10)
        first = one_page(session, NEWEST, None)
        session.add(a_sample("new", now + timedelta(hours=1)))
        session.flush()
        second = one_page(session, NEWEST, first.next_cursor)
        assert sorted(first.items + second.items) == [f"{number:02}" for number in range(10)]


def test_the_last_page_has_no_cursor(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        fill(session, now, rows=5)
        assert one_page(session, NEWEST, None, limit=5).next_cursor is None
        assert one_page(session, NEWEST, None, limit=4).next_cursor is not None


def test_a_page_may_be_empty(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        fill(session, now, rows=0)
        assert one_page(session, NEWEST, None) == Page(items=[], next_cursor=None)


def test_an_enum_may_be_a_key(database: Database, now: datetime) -> None:
    keys: tuple[SortKey, ...] = ((col(Sample.colour), False), (col(Sample.id), False))
    with database.transaction() as session:
        make_table(session)
        session.add_all([a_sample(str(n), now, colour=Colour.RED if n % 2 else Colour.BLUE) for n in range(8)])
        session.flush()
        assert all_pages(session, keys) == ["0", "2", "4", "6", "1", "3", "5", "7"]


@given(
    st.lists(
        st.one_of(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
            st.integers(-(2**63) + 1, 2**63 - 1),
            st.dates(),
            st.datetimes(timezones=st.just(UTC)),
        ),
        max_size=4,
    )
)
def test_a_cursor_gives_back_its_key(key: list[Key]) -> None:
    assert list(decode_cursor(encode_cursor(key), types=[type(value) for value in key])) == key


def forged(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


AT = "2026-11-20T02:00:00+00:00"


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "???",
        "随手拍",
        "AA",
        "\ud800",
        forged(1),
        forged(None),
        forged({"t": 1}),
        forged([]),
        forged([["t", AT]]),
        forged([["t", AT], ["n", 1], ["n", 2]]),
        forged([["n", 1], ["t", AT]]),
        forged([["t", "2026-11-20T02:00:00"], ["n", 1]]),
        forged([["t", "0001-01-01T00:00:00+14:00"], ["n", 1]]),
        forged([["t", 5], ["n", 1]]),
        forged([["x", AT], ["n", 1]]),
        forged([["t", AT], ["n", True]]),
        forged([["t", AT], ["n", 2**63]]),
        forged([["t", AT], ["n", 1.5]]),
        forged([["t", AT], [["n"], 1]]),
        forged([["t", AT], "n1", 7]),
        "[" * 400,
        base64.urlsafe_b64encode(b"[" * 300).decode(),
    ],
)
def test_a_broken_cursor_is_refused(cursor: str) -> None:
    statement: Select[Sample] = select(Sample)
    with pytest.raises(BadCursor):
        keyset(statement, *NEWEST, cursor=cursor, limit=5)


def test_a_date_is_not_taken_for_an_instant() -> None:
    cursor = encode_cursor([date(2026, 11, 20)])
    assert decode_cursor(cursor, types=[date]) == (date(2026, 11, 20),)
    with pytest.raises(BadCursor):
        decode_cursor(cursor, types=[datetime])


@pytest.mark.parametrize("value", [["n", 1], ["s", "green"], ["s", "a\0b"], ["d", "2026-11-20"]])
def test_a_forged_enum_is_refused(value: list[object]) -> None:
    statement: Select[Sample] = select(Sample)
    with pytest.raises(BadCursor):
        keyset(statement, (col(Sample.colour), False), cursor=forged([value]), limit=5)


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limitt": 5}, {"cursor": "x" * 501}])
def test_a_page_request_is_strict(query: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        PageRequest.model_validate(query)


def test_a_page_request_has_defaults() -> None:
    assert (PageRequest().limit, PageRequest().cursor) == (20, None)


def test_a_deep_page_enters_the_index_at_its_place(committed_postgres: Database, now: datetime) -> None:
    statement: Select[Sample] = select(Sample)
    cursor = encode_cursor([now, 5])
    with committed_postgres.transaction() as session:
        make_table(session)
        session.connection().exec_driver_sql("CREATE INDEX newest ON sample (at, id)")
        session.connection().exec_driver_sql("SET LOCAL enable_seqscan = off")
        paged = keyset(statement, *NEWEST, cursor=cursor, limit=5)
        sql = str(paged.compile(session.connection(), compile_kwargs={"literal_binds": True}))
        plan = "\n".join(session.connection().exec_driver_sql(f"EXPLAIN {sql}").scalars())
    assert "Index Scan Backward using newest" in plan
    assert "Index Cond: (ROW(at, id) < ROW(" in plan
