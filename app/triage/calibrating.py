"""Make a model's confidence mean something: one temperature, and the threshold above which it is right often enough."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from app.triage.model import Model
from app.triage.samples import Sample

TARGET_PRECISION = 0.9
NEVER = 1.0
"""A threshold that no confidence exceeds."""

LOWEST_THRESHOLD = 0.5
_FEWEST_SURE = 20
AS_IT_IS = 1.0
_HOTTEST, _TEMPERATURES = 5.0, 100
_TINY = 1e-12

Judged = tuple[npt.NDArray[np.float64], npt.NDArray[np.bool_]]
"""Of each text the confidence in the likeliest label, and whether it was right."""


def best_temperature(model: Model, samples: Sequence[Sample]) -> float:
    """Return the number to divide logits by that makes the right labels of the samples likeliest; 1 for a handful.

    Guo and others, On Calibration of Modern Neural Networks (2017): one number changes no order, only how sure it is.
    It never makes a model surer: where texts are alike, that would make it sure of strange ones, too.
    """
    column = {label: at for at, label in enumerate(model.labels)}
    known = [sample for sample in samples if sample.label in column]
    rows = [(p, column[sample.label]) for sample in known if (p := model.probabilities(sample.text)) is not None]
    if len(rows) < _FEWEST_SURE:
        return AS_IT_IS
    logits = np.log(np.array([p for p, _ in rows], dtype=np.float64) + _TINY)
    right = np.array([at for _, at in rows])

    def loss(temperature: float) -> float:
        scaled = logits / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        chosen = scaled[np.arange(len(right)), right]
        return float((np.log(np.exp(scaled).sum(axis=1)) - chosen).mean())

    return float(min(np.geomspace(AS_IT_IS, _HOTTEST, _TEMPERATURES), key=loss))


def judge(model: Model, samples: Sequence[Sample]) -> Judged:
    """Return how sure the model is of each sample and whether it is right; of what it cannot read it is not sure."""
    confidence, is_right = [], []
    for sample in samples:
        probabilities = model.probabilities(sample.text)
        best = int(probabilities.argmax()) if probabilities is not None else 0
        confidence.append(float(probabilities[best]) if probabilities is not None else 0.0)
        is_right.append(probabilities is not None and model.labels[best] == sample.label)
    return np.array(confidence, dtype=np.float64), np.array(is_right, dtype=np.bool_)


def threshold_for(judged: Judged, *, precision: float = TARGET_PRECISION) -> float:
    """Return the lowest threshold above which at least 20 texts are right in this share, at least 0.5; else `NEVER`."""
    confidence, is_right = judged
    order = np.argsort(-confidence, kind="stable")
    sorted_by, right = confidence[order], np.cumsum(is_right[order])
    shares = right / np.arange(1, len(order) + 1)
    is_last_of_equals = np.append(sorted_by[1:] < sorted_by[:-1], True) if len(order) else np.array([], dtype=np.bool_)
    good = np.flatnonzero((shares >= precision) & is_last_of_equals)
    good = good[(good + 1 >= _FEWEST_SURE) & (sorted_by[good] > LOWEST_THRESHOLD)]
    if not good.size:
        return NEVER
    last = int(good[-1])
    following = float(sorted_by[last + 1]) if last + 1 < len(order) else 0.0
    return max(LOWEST_THRESHOLD, (float(sorted_by[last]) + following) / 2)
