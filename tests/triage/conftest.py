"""One trained model for all tests here, and closed reports to learn from."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count

import pytest
from sklearn.pipeline import Pipeline
from sqlalchemy import insert
from sqlmodel import Session

from app.domain.roles import Caller
from app.domain.workflow import Status
from app.reports.models import Report
from app.reports.world import World
from app.triage.fitting import fit, weights_of
from app.triage.model import Model, pack, unpack
from app.triage.samples import Sample, labels_of
from tests.builders import NOW, at_status
from tests.triage.made_up import samples

_numbers = count(1)


@pytest.fixture(scope="session")
def pipeline() -> Pipeline:
    """Give scikit-learn's own model of the made-up texts."""
    learnt = samples(600)
    return fit(learnt, labels_of(learnt))


@pytest.fixture(scope="session")
def packed(pipeline: Pipeline) -> bytes:
    return pack(weights_of(pipeline, temperature=1))


@pytest.fixture(scope="session")
def model(packed: bytes) -> Model:
    return unpack(packed, version="made-up", threshold=0.6)


def add_closed(session: Session, world: World, wanted: Sequence[Sample], *, reporter: Caller | None = None) -> None:
    """Add closed reports with these words and classes: one by real actions, the others as copies of its row."""
    case = at_status(session, world, Status.CLOSED, now=NOW)
    one = case.report(session)
    columns = [column.name for column in Report.__table__.columns if column.name not in {"id", "number"}]  # type: ignore[attr-defined]
    common = {name: getattr(one, name) for name in columns}
    if reporter is not None:
        common["reporter_id"] = reporter.user_id
    rows = []
    for sample in wanted:
        condition = world.triage.catalogue.condition(sample.label[1])
        assert condition is not None
        own = {
            "number": f"9{next(_numbers):017}",
            "description": sample.text,
            "scheme": sample.label[0],
            "class_code": sample.label[1],
            "condition_id": condition.id,
            "category_code": sample.category,
            "closed_at": sample.closed_at,
        }
        rows.append(common | own)
    session.execute(insert(Report), rows)


def of_nobody(wanted: Sequence[Sample]) -> list[Sample]:
    """Return the samples as if citizens had written them."""
    return [replace(sample, is_synthetic=False) for sample in wanted]
