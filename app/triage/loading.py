"""Read the model in use out of its row."""

from sqlmodel import Session, col, select

from app.triage.models import TriageModel


def active_model_id(session: Session) -> int | None:
    """Return the row of the model in use, None while there is none."""
    return session.exec(select(TriageModel.id).where(col(TriageModel.is_active))).one_or_none()
