"""The words of the API about components."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from app.components.models import ComponentState
from app.domain.gcj02 import Datum
from app.infra.wire import NO_NUL

MOST = 20


class ComponentQuestion(BaseModel):
    """Where somebody stands and what they are about to report."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    lon: float = Field(ge=-180, le=180, allow_inf_nan=False, description="经度，十进制度")
    lat: float = Field(ge=-90, le=90, allow_inf_nan=False, description="纬度，十进制度")
    datum: Datum = Field(description="坐标系；微信小程序的定位为 gcj02")
    category: Annotated[str, StringConstraints(min_length=1, max_length=40, pattern=NO_NUL)] | None = Field(
        default=None, description="要上报的问题类别代码；没有给出小类时，查找该类别下的所有部件小类"
    )
    class_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{5}$")] | None = Field(
        default=None, alias="class", description="部件小类代码，五位数字，例如 01011"
    )
    limit: int = Field(default=10, ge=1, le=MOST, description="最多返回几个，由近到远")


class Degrees(BaseModel):
    """A position in the datum that the member's name says."""

    lon: float
    lat: float


class UnitOfComponent(BaseModel):
    """Who keeps, owns or supervises a component: the name as delivered, and the city's unit of that name, if any."""

    name: str
    unit: str | None


class OwnersRead(BaseModel):
    """Whose a component is, in the order in which they are asked: 养护, 权属, 主管."""

    maintainer: UnitOfComponent
    owner: UnitOfComponent
    supervisor: UnitOfComponent


class ComponentRead(BaseModel):
    """A component; `owners` only for staff, null for everybody else."""

    code: str
    name: str
    class_code: str
    class_name: str
    state: ComponentState
    state_text: str
    wgs84: Degrees
    gcj02: Degrees
    owners: OwnersRead | None


class NearComponent(ComponentRead):
    """A component near the place asked about, `distance_m` rounded to a metre."""

    distance_m: int


class NearComponents(BaseModel):
    """Components near a place, the nearest first."""

    items: list[NearComponent]


class ComponentDetail(ComponentRead):
    """A component as the last delivery described it; `is_removed` when a later one no longer named it."""

    is_removed: bool
    source: str
