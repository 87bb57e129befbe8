"""This will keep what triage proposed for a report, and what a person decided about it."""

from datetime import datetime

from sqlalchemy import insert, or_, update
from sqlmodel import Session, col

from app.city.facts import ConditionFact
from app.triage.models import TriageProposal
from app.triage.proposing import Proposal, Verdict


def record_proposal(session: Session, report_id: int, proposal: Proposal, *, now: datetime) -> None:
    """Store the proposal of a flushed report, in one statement."""
    top = [
        {
            "scheme": choice.condition.scheme,
            "class": choice.condition.class_code,
            "condition_id": choice.condition.id,
            "confidence": None if choice.confidence is None else round(choice.confidence, 4),
        }
        for choice in proposal.choices
    ]
    row = {
        "report_id": report_id,
        "source": proposal.source,
        "rule_set_version": proposal.rule_set_version,
        "model_version": proposal.model_version,
        "threshold": proposal.threshold,
        "top": top,
        "is_adopted": proposal.verdict is Verdict.SURE,
        "proposed_at": now,
    }
    session.execute(insert(TriageProposal).values(**row))


def record_decision(session: Session, report_id: int, condition: ConditionFact, *, by: int, now: datetime) -> None:
    """Store under which condition a person put a report; without a proposal, or said once more, nothing happens."""
    decided = col(TriageProposal.decided_condition_id)
    session.execute(
        update(TriageProposal)
        .where(col(TriageProposal.report_id) == report_id, or_(decided.is_(None), decided != condition.id))
        .values(decided_class=condition.class_code, decided_condition_id=condition.id, decided_by=by, decided_at=now)
        .execution_options(synchronize_session=False)
    )
