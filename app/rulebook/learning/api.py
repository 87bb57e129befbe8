"""Endpoints of what returns teach: figures per rule, and proposals; both only read."""

from contextlib import nullcontext
from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.domain.roles import Caller, Permission
from app.identity.caller import require
from app.infra.database import DatabaseDep
from app.infra.problems import problems
from app.reports.acting import WorldDep
from app.rulebook.draft_units import DraftUnits
from app.rulebook.history import Stretch
from app.rulebook.learning.evidence import gather
from app.rulebook.learning.schemas import RuleStatistics, StatisticsRequest, SuggestionRequest, Suggestions
from app.rulebook.learning.statistics import rule_statistics
from app.rulebook.learning.suggest import suggest
from app.rulebook.learning.writing import present
from app.rulebook.rehearsals.replay import Candidate

router = APIRouter(prefix="/api/v1/routing", tags=["routing"])

MayView = Depends(require(Permission.VIEW_RULES))
Viewer = Annotated[Caller, MayView]


@router.get("/statistics", responses=problems(401, 403, 404, 422))
def read_rule_statistics(
    request: Annotated[StatisticsRequest, Query()], database: DatabaseDep, caller: Viewer
) -> RuleStatistics:
    """Count returns and re-dispatches per rule: of the newest reports of the city, those in one's area."""
    with database.reading() as session:
        return rule_statistics(
            lambda: nullcontext(session),
            Stretch(request.limit, request.since),
            rule_set=request.rule_set,
            area=caller.area_code,
        )


@router.get("/suggestions", dependencies=[MayView], responses=problems(401, 403, 422))
def read_rule_suggestions(
    request: Annotated[SuggestionRequest, Query()], database: DatabaseDep, world: WorldDep
) -> Suggestions:
    """Propose changes of the rules in force, with what speaks for each; nothing changes by itself."""
    candidate = Candidate(world.rulebook, world.city, DraftUnits(world.city, ()))
    samples = gather(database.reading, Stretch(request.limit, request.since), candidate)
    return Suggestions(
        rule_set=world.rules.version,
        older=len(samples.older),
        newer=len(samples.newer),
        items=[present(each) for each in suggest(samples, candidate)],
    )
