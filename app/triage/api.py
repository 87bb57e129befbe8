"""Endpoints of triage: the models with their figures, and how often people agreed."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from app.domain.roles import Permission
from app.identity.caller import require
from app.infra.database import DatabaseDep
from app.infra.paging import Page, PageRequest
from app.infra.problems import problems
from app.triage.queries import accuracy, list_models
from app.triage.schemas import Accuracy, AccuracyQuery, TriageModelRead

router = APIRouter(prefix="/api/v1/triage", tags=["triage"])

MayView = Depends(require(Permission.VIEW_TRIAGE))


@router.get("/models", dependencies=[MayView], responses=problems(401, 403, 422))
def read_models(request: Annotated[PageRequest, Query()], database: DatabaseDep) -> Page[TriageModelRead]:
    """List the text models of the city, newest first, each with its figures on reports kept out of its training."""
    with database.reading() as session:
        return list_models(session, request)


@router.get("/accuracy", dependencies=[MayView], responses=problems(401, 403, 422))
def read_accuracy(query: Annotated[AccuracyQuery, Query()], database: DatabaseDep) -> Accuracy:
    """Read how often people agreed with what triage proposed, over its newest 5,000 proposals."""
    with database.reading() as session:
        return accuracy(session, since=query.since)
