"""Reads of triage: the proposal of a report, the models, how often people agreed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row
from sqlmodel import Session, col, select

from app.city.snapshot import CitySnapshot
from app.infra.paging import Page, PageRequest, keyset, page
from app.texts import text
from app.triage.measuring import Evaluation
from app.triage.models import ProposalSource, TriageModel, TriageProposal
from app.triage.schemas import Accuracy, Agreement, TriageChoice, TriageModelRead, TriageRead

LOOKED_AT_MAX = 5000
"""Proposals that a figure looks at, so that it does not cost more in an older city."""

_WITHOUT_WEIGHTS = tuple(col(getattr(TriageModel, name)) for name in TriageModel.model_fields if name != "weights")


def proposal_of(session: Session, report_id: int, *, city: CitySnapshot) -> TriageRead | None:
    """Return what triage proposed for a report, None for nothing."""
    row = session.get(TriageProposal, report_id)
    if row is None:
        return None
    return TriageRead(
        source=row.source,
        source_text=text(f"triage.source.{row.source.value}"),
        rule_set_version=row.rule_set_version,
        model_version=row.model_version,
        threshold=row.threshold,
        top=[_choice(each["condition_id"], each["confidence"], city) for each in row.top],
        is_adopted=row.is_adopted,
        proposed_at=row.proposed_at,
        decided_class=row.decided_class,
        decided_condition_id=str(row.decided_condition_id) if row.decided_condition_id else None,
        decided_at=row.decided_at,
        is_confirmed=_is_confirmed(row),
    )


def _choice(condition_id: int, confidence: float | None, city: CitySnapshot) -> TriageChoice:
    condition = city.condition(condition_id)
    return TriageChoice(
        scheme=condition.scheme,
        class_code=condition.class_code,
        class_name=condition.class_name,
        condition_id=str(condition.id),
        condition=condition.name,
        confidence=confidence,
    )


def _is_confirmed(row: TriageProposal) -> bool | None:
    return None if row.decided_class is None else row.top[0]["class"] == row.decided_class


def list_models(session: Session, request: PageRequest) -> Page[TriageModelRead]:
    """Return the models, newest first, without reading their weights."""
    statement = keyset(
        select(*_WITHOUT_WEIGHTS), (col(TriageModel.id), True), cursor=request.cursor, limit=request.limit
    )
    rows = session.execute(statement).all()
    return page(rows, limit=request.limit, key_of=lambda row: (row.id,), present=_model)


def find_model(session: Session, version: str | None) -> TriageModelRead | None:
    """Return the model of a version, without one the model in use."""
    is_it = col(TriageModel.version) == version if version else col(TriageModel.is_active)
    row = session.execute(select(*_WITHOUT_WEIGHTS).where(is_it)).first()
    return _model(row) if row else None


def _model(row: Row[Any]) -> TriageModelRead:
    fields = {name: getattr(row, name) for name in TriageModelRead.model_fields if name not in {"note", "evaluation"}}
    note = text("triage.note.synthetic" if fields["is_synthetic"] else "triage.note.kept_out")
    return TriageModelRead(**fields, note=note, evaluation=Evaluation.model_validate(row.evaluation))


def accuracy(session: Session, *, since: datetime | None) -> Accuracy:
    """Return how often people agreed with the newest proposals."""
    statement = select(TriageProposal).order_by(col(TriageProposal.report_id).desc()).limit(LOOKED_AT_MAX + 1)
    rows = session.exec(statement).all()
    newest = [row for row in rows[:LOOKED_AT_MAX] if since is None or row.proposed_at >= since]
    kinds = sorted({(row.source, row.model_version) for row in newest}, key=lambda kind: (kind[0].value, kind[1] or ""))
    sources = [
        _agreement(source, version, [row for row in newest if (row.source, row.model_version) == (source, version)])
        for source, version in kinds
    ]
    is_complete = len(rows) <= LOOKED_AT_MAX or len(newest) < LOOKED_AT_MAX
    return Accuracy(sources=sources, looked_at=len(newest), is_complete=is_complete, since=since)


def _agreement(source: ProposalSource, version: str | None, rows: Sequence[TriageProposal]) -> Agreement:
    decided = [row for row in rows if row.decided_class is not None]
    return Agreement(
        source=source,
        source_text=text(f"triage.source.{source.value}"),
        model_version=version,
        proposals=len(rows),
        adopted=sum(row.is_adopted for row in rows),
        decided=len(decided),
        confirmed=sum(bool(_is_confirmed(row)) for row in decided),
        in_top=sum(row.decided_class in {each["class"] for each in row.top} for row in decided),
    )
