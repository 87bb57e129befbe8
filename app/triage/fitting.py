"""Fit a text model with scikit-learn (extra `train`); nothing else imports it, and no server needs it."""

import warnings
from collections.abc import Sequence

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from app.triage.model import LONGEST_RUN, PACKED_MAX, Label, Weights, prepared, read_label, write_label
from app.triage.samples import Sample

_INVERSE_REGULARISATION = 10.0
_ROUNDS = 200
_TOLERANCE = 1e-3
_BYTES_PER_RUN = 4 * LONGEST_RUN + 4
_BYTES_PER_WEIGHT = 4
_FILLED = 0.95
_SEEN_LEAST = 2


def fit(samples: Sequence[Sample], labels: Sequence[Label]) -> Pipeline:
    """Return a fitted pipeline over the samples with these labels, small enough to be packed."""
    wanted = set(labels)
    chosen = [sample for sample in samples if sample.label in wanted]
    vectorizer = TfidfVectorizer(
        analyzer="char",
        ngram_range=(1, LONGEST_RUN),
        preprocessor=prepared,
        sublinear_tf=True,
        min_df=_SEEN_LEAST,
        max_features=_runs_max(len(labels)),
    )
    regression = LogisticRegression(C=_INVERSE_REGULARISATION, max_iter=_ROUNDS, tol=_TOLERANCE)
    pipeline = make_pipeline(vectorizer, regression)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # good enough is what the kept-out reports say
        pipeline.fit([sample.text for sample in chosen], [write_label(sample.label) for sample in chosen])
    return pipeline


def weights_of(pipeline: Pipeline, *, temperature: float) -> Weights:
    """Return the weights of a fitted pipeline, its logits divided by a temperature.

    Of two labels scikit-learn keeps one column: the other one is its negative.
    """
    vectorizer, regression = pipeline[0], pipeline[1]
    coefficients, bias = regression.coef_, regression.intercept_
    if len(coefficients) == 1:
        coefficients, bias = np.vstack([0 * coefficients, coefficients]), np.append(0 * bias, bias)
    return Weights(
        labels=tuple(map(read_label, regression.classes_.tolist())),
        runs=vectorizer.get_feature_names_out().tolist(),
        idf=vectorizer.idf_,
        weights=coefficients.T / temperature,
        bias=bias / temperature,
    )


def _runs_max(labels: int) -> int:
    """Return how many runs of letters fit into a packed model with so many labels."""
    return int(PACKED_MAX * _FILLED) // (_BYTES_PER_RUN + _BYTES_PER_WEIGHT * labels)
