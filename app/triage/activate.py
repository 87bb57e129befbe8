"""This will put a stored model to use; every process follows within seconds."""

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.triage.loading import model_of, row_of
from app.triage.models import TriageModel


def activate(session: Session, version: str) -> None:
    """Put a model to use in the place of the one before; going back is the same with the older version.

    :raises ModelNotFound: no model has this version
    :raises ModelUnusable: it cannot be read
    """
    row = row_of(session, version)
    model_of(row)
    # Who activates at the same time waits here, for its update would not see what this one is about to put to use.
    session.exec(select(TriageModel.id).order_by(col(TriageModel.id)).with_for_update()).all()
    # One after the other: at no moment may two be in use.
    for is_active, which in ((False, col(TriageModel.is_active)), (True, col(TriageModel.id) == row.id)):
        session.execute(
            update(TriageModel).where(which).values(is_active=is_active).execution_options(synchronize_session=False)
        )
