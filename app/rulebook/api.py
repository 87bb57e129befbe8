"""The endpoint that answers why a report goes, or would go, to a unit."""

from typing import Annotated

from fastapi import APIRouter, Depends

from app.domain.roles import Caller, Permission
from app.identity.caller import require
from app.infra.clock import Now
from app.infra.database import DatabaseDep
from app.infra.problems import problems
from app.reports.acting import WorldDep
from app.rulebook.explain import explain_case
from app.rulebook.schemas import ExplainQuestion, ExplainRead

router = APIRouter(prefix="/api/v1/routing", tags=["routing"])

Explainer = Annotated[Caller, Depends(require(Permission.EXPLAIN_ROUTING))]


@router.post("/explain", responses=problems(401, 403, 404, 422))
def explain_routing(
    question: ExplainQuestion, database: DatabaseDep, caller: Explainer, world: WorldDep, now: Now
) -> ExplainRead:
    """Say why a report went where it went and what the rules would say now, or what they say of a case thought up.

    Nothing is changed. A version that is still a draft may be asked, too.
    """
    with database.reading() as session:
        return explain_case(session, question, caller=caller, world=world, now=now)
