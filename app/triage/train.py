"""This will learn a model from closed reports, measure it on the newest of them, and store it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.domain.working_time import BEIJING
from app.triage.calibrating import AS_IT_IS, best_temperature, judge, threshold_for
from app.triage.fitting import fit, weights_of
from app.triage.measuring import Evaluation, evaluate
from app.triage.model import Model, pack, unpack
from app.triage.models import TriageModel
from app.triage.proposing import Triage
from app.triage.samples import Sample, check_enough, labels_of, new_wordings, split_by_time

STEPS = ("fit", "adjust", "measure", "refit")
Progress = Callable[[str, int, int], None]
"""Hears the step, how much of it is done, and how much there is."""


@dataclass(frozen=True, slots=True)
class Learnt:
    """A packed model with its threshold and the figures of the same recipe on reports it had not seen."""

    packed: bytes
    threshold: float
    evaluation: Evaluation
    reports: int
    is_synthetic: bool


def learn(samples: Sequence[Sample], *, triage: Triage, threshold: float | None, progress: Progress) -> Learnt:
    """Learn from samples.

    The oldest 60 % fit a model. Its temperature and threshold come from the next 20 %, of those only from wordings that
    were not learnt; with too few of them the model is never sure. It is measured on the newest 20 %. What is returned
    is fitted once more on all samples, with that temperature and threshold.

    :param triage: its keywords and catalogue take part in the measurement
    :param threshold: above which confidence the rules may go on, 0.5 to 1; None finds it
    :raises TooFewReports: too few samples
    :raises TooFewClasses: too few classes occur often enough
    """
    check_enough(samples)
    split = split_by_time(samples)
    progress("fit", 0, 1)
    pipeline = fit(split.learnt, labels_of(split.learnt))
    progress("fit", 1, 1)
    unseen = new_wordings(split.adjusted, known=split.learnt)
    temperature = best_temperature(_model(pack(weights_of(pipeline, temperature=AS_IT_IS)), 0), unseen)
    packed = pack(weights_of(pipeline, temperature=temperature))
    chosen = threshold if threshold is not None else threshold_for(judge(_model(packed, 0), unseen))
    progress("adjust", 1, 1)
    figures = evaluate(
        triage.with_model(_model(packed, chosen)),
        split.kept_out,
        new_words=new_wordings(split.kept_out, known=split.learnt),
        trained_on=len(split.learnt),
        progress=lambda done, total: progress("measure", done, total),
    )
    progress("refit", 0, 1)
    final = pack(weights_of(fit(samples, labels_of(samples)), temperature=temperature))
    _model(final, chosen)  # what is stored can be read
    progress("refit", 1, 1)
    is_synthetic = any(sample.is_synthetic for sample in samples)
    return Learnt(final, chosen, figures, len(samples), is_synthetic)


def _model(packed: bytes, threshold: float) -> Model:
    return unpack(packed, version="", threshold=threshold)


def store_model(session: Session, learnt: Learnt, *, editor: str, now: datetime) -> TriageModel:
    """Store a model, not yet in use; its version is the moment it was made, in Beijing time."""
    row = TriageModel(
        version=now.astimezone(BEIJING).strftime("%Y%m%d-%H%M%S"),
        created_at=now,
        editor=editor,
        reports=learnt.reports,
        is_synthetic=learnt.is_synthetic,
        threshold=learnt.threshold,
        evaluation=learnt.evaluation.model_dump(mode="json"),
        weights=learnt.packed,
    )
    session.add(row)
    session.flush()  # a second model of the same second is refused here
    return row
