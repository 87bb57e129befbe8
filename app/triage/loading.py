"""Read the model in use out of its row."""

import structlog
from sqlmodel import Session, col, select

from app.domain.errors import Conflict, NotFound
from app.triage.model import BadModel, Model, unpack
from app.triage.models import TriageModel

_log = structlog.get_logger(__name__)


class ModelNotFound(NotFound):
    """No model has this version."""

    code = "TRIAGE_MODEL_NOT_FOUND"


class ModelUnusable(Conflict):
    """The stored bytes are no model."""

    code = "TRIAGE_MODEL_UNUSABLE"


def active_model_id(session: Session) -> int | None:
    """Return the row of the model in use, None while there is none."""
    return session.exec(select(TriageModel.id).where(col(TriageModel.is_active))).one_or_none()


def load_model(session: Session, model_id: int | None) -> Model | None:
    """Return a model ready to work; a row that holds none is logged and counts as no model: reports go on without."""
    row = session.get(TriageModel, model_id) if model_id is not None else None
    if row is None:
        return None
    try:
        return model_of(row)
    except ModelUnusable as bad:
        _log.error("triage model unusable", **bad.facts)
        return None


def model_of(row: TriageModel) -> Model:
    """Return the model in a row.

    :raises ModelUnusable: there is none in it
    """
    try:
        return unpack(row.weights, version=row.version, threshold=row.threshold)
    except BadModel as bad:
        raise ModelUnusable(version=row.version, reason=str(bad)) from bad


def row_of(session: Session, version: str) -> TriageModel:
    """Return the row of a version.

    :raises ModelNotFound: no model has this version
    """
    row = session.exec(select(TriageModel).where(TriageModel.version == version)).first()
    if row is None:
        raise ModelNotFound(version=version)
    return row
