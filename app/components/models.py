"""The table of components (部件), delivered by imports."""

from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from app.infra.columns import choice


class ComponentState(str, Enum):
    """The state of a component (GB/T 47678.5 attribute 状态); Chinese in `app.texts` (`component.state.<value>`)."""

    INTACT = "intact"
    DAMAGED = "damaged"
    LOST = "lost"
    ABANDONED = "abandoned"
    MOVED = "moved"


class Component(SQLModel, table=True):
    """One component: a 17-digit code, a WGS-84 point, and whose it is.

    The `*_name`s are what the delivery says, the `*_unit`s the city's units of those names, where there are such.
    `bucket` is the square of the map the point lies in, so that the nearest are found through one index.
    """

    __tablename__ = "component"
    __table_args__: Any = (
        CheckConstraint("length(code) = 17", name="code_length"),
        CheckConstraint("lon BETWEEN -180 AND 180 AND lat BETWEEN -90 AND 90", name="on_earth"),
        Index(None, "class_code", "bucket"),
    )

    code: str = Field(primary_key=True, max_length=17)
    scheme: str = Field(max_length=40)
    class_code: str = Field(max_length=5)
    name: str = Field(max_length=100)
    lon: float
    lat: float
    bucket: int
    state: ComponentState = choice(ComponentState)
    maintainer_name: str = Field(default="", max_length=100)
    maintainer_unit: str | None = Field(default=None, max_length=64, foreign_key="unit.code")
    owner_name: str = Field(default="", max_length=100)
    owner_unit: str | None = Field(default=None, max_length=64, foreign_key="unit.code")
    supervisor_name: str = Field(default="", max_length=100)
    supervisor_unit: str | None = Field(default=None, max_length=64, foreign_key="unit.code")
    source: str = Field(max_length=100)
    changed_at: datetime
    is_removed: bool = False
