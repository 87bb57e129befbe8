"""Enums are stored by value, JSON as JSON, and constraints have fixed names."""

from datetime import datetime
from enum import Enum

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import StatementError
from sqlmodel import Session, col

from app.infra.columns import choice
from app.infra.database import Database
from tests.infra.sample_table import Colour, Sample, a_sample, make_table


def stored(session: Session, column: str) -> object:
    return session.execute(text(f"SELECT {column} FROM sample")).scalar_one()  # noqa: S608 - a column of ours


def test_an_enum_is_stored_by_value_through_the_orm(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        make_table(session)
        session.add(a_sample("a", now, colour=Colour.BLUE))
        session.flush()
        assert stored(session, "colour") == "blue"


def test_an_enum_is_stored_by_value_through_core(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        make_table(session)
        session.execute(insert(Sample).values(name="a", colour=Colour.BLUE, at=now))
        assert stored(session, "colour") == "blue"
        assert session.scalars(select(col(Sample.colour))).one() is Colour.BLUE


def test_a_value_that_is_no_member_is_refused(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        make_table(session)
        with pytest.raises(StatementError), session.begin_nested():
            session.execute(insert(Sample).values(name="a", colour="green", at=now))


def test_a_choice_may_be_absent_where_the_annotation_says_so(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        make_table(session)
        session.add(a_sample("a", now))
        session.flush()
        assert stored(session, "second") is None
    assert Sample.__table__.c.second.nullable  # type: ignore[attr-defined]  # made by SQLModel
    assert not Sample.__table__.c.colour.nullable  # type: ignore[attr-defined]  # made by SQLModel


def test_a_value_longer_than_the_column_is_found_at_once() -> None:
    class Long(str, Enum):
        LONG = "x" * 33

    with pytest.raises(ValueError, match="longer than 32"):
        choice(Long)


def test_json_keeps_chinese_and_none_is_null(database: Database, now: datetime) -> None:
    with database.transaction() as session:
        make_table(session)
        sample = a_sample("a", now)
        sample.answers = {"路名": ["香港中路", 1, None]}
        session.add(sample)
        session.flush()
        session.expire(sample)
        assert sample.answers == {"路名": ["香港中路", 1, None]}
        assert stored(session, "extra") is None


def test_constraints_have_names() -> None:
    table = Sample.__table__  # type: ignore[attr-defined]  # made by SQLModel
    assert {str(constraint.name) for constraint in table.constraints} == {
        "pk_sample",
        "uq_sample_name",
        "fk_sample_parent_id_sample",
    }
    assert [index.name for index in table.indexes] == ["ix_sample_colour"]
