"""Frozen values that the snapshot hands out: places, areas, units, categories, classes, conditions."""

from dataclasses import dataclass

from app.city.models import UnitLevel
from app.domain.cells import Level
from app.domain.duplicates import Reach
from app.domain.limits import Limit


@dataclass(frozen=True, slots=True)
class Place:
    """Where a point is, down to the unit grid cell.

    `is_certain` is False when the point lies in no cell and the nearest one was taken, `offset_m` metres away.
    """

    cell_code: str
    community_code: str
    street_code: str
    district_code: str
    district_name: str
    street_name: str
    is_certain: bool
    offset_m: float


@dataclass(frozen=True, slots=True)
class AreaFact:
    """A district, street or community; its centre in WGS-84 degrees."""

    code: str
    name: str
    level: Level
    parent_code: str | None
    centre_lon: float
    centre_lat: float
    is_approximate: bool


@dataclass(frozen=True, slots=True)
class UnitFact:
    """A unit; one that is not active still has a name, but is given no new work."""

    code: str
    name: str
    kind: str
    level: UnitLevel
    area_code: str
    parent_code: str | None
    is_active: bool


@dataclass(frozen=True, slots=True)
class CategoryFact:
    """What a person picks; `reach` says when two reports of it may be one problem."""

    code: str
    name: str
    position: int
    is_public: bool
    hint: str
    icon: str
    reach: Reach


@dataclass(frozen=True, slots=True)
class ClassFact:
    """A class of a code scheme: five digits, shown as 06-010."""

    scheme: str
    code: str
    name: str
    major: str


@dataclass(frozen=True, slots=True)
class ConditionFact:
    """A filing condition of a class, with its limit and what a rule may do with it."""

    id: int
    scheme: str
    class_code: str
    class_name: str
    category_code: str
    name: str
    is_default: bool
    limit: Limit
    closing_condition: str
    needs_verification: bool
    auto_dispatch: bool
    basis: str
