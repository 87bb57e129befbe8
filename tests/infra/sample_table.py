"""A table for tests of the toolbox, outside the application's own schema."""

from datetime import datetime
from enum import Enum

from sqlalchemy import MetaData
from sqlalchemy.orm import registry
from sqlmodel import Field, Session, SQLModel

from app.infra.columns import NAMING_CONVENTION, choice, json_column


class Colour(str, Enum):
    RED = "red"
    BLUE = "blue"


class SampleBase(SQLModel, registry=registry(metadata=MetaData(naming_convention=NAMING_CONVENTION))):
    pass


class Sample(SampleBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    colour: Colour = choice(Colour, index=True)
    second: Colour | None = choice(Colour, default=None)
    answers: dict[str, object] = json_column(default_factory=dict)
    extra: dict[str, object] | None = json_column(default=None)
    at: datetime
    parent_id: int | None = Field(default=None, foreign_key="sample.id")


def make_table(session: Session) -> None:
    SampleBase.metadata.create_all(session.connection())


def a_sample(name: str, at: datetime, *, colour: Colour = Colour.RED) -> Sample:
    return Sample(name=name, colour=colour, at=at)
