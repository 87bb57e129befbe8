"""Components for whoever reports one, and for the staff that asks whose it is."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query

from app.city.snapshot import CityDep
from app.components.find import find_components, show_component
from app.components.schemas import ComponentDetail, ComponentQuestion, NearComponents
from app.domain.roles import Caller, Permission
from app.identity.caller import require
from app.infra.database import DatabaseDep
from app.infra.problems import problems

router = APIRouter(prefix="/api/v1", tags=["components"])

FinderDep = Annotated[Caller, Depends(require(Permission.FIND_COMPONENTS))]


@router.get("/geo/components", responses=problems(401, 403, 404, 422))
def read_near_components(
    question: Annotated[ComponentQuestion, Query()], caller: FinderDep, database: DatabaseDep, city: CityDep
) -> NearComponents:
    """Give the components of a class, or of a category, within 100 m, the nearest first; owners only to staff."""
    with database.reading() as session:
        return find_components(session, question, city=city, caller=caller)


@router.get("/components/{component}", responses=problems(401, 403, 404, 422))
def read_component(
    component: Annotated[str, Path(pattern=r"^[0-9]{17}$", description="部件编码，17 位数字")],
    caller: FinderDep,
    database: DatabaseDep,
    city: CityDep,
) -> ComponentDetail:
    """Give one component by its code, a removed one as well; its owners only to staff."""
    with database.reading() as session:
        return show_component(session, component, city=city, caller=caller)
