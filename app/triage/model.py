"""A text model at work: the weights of a logistic regression over letters, applied with numpy alone.

A text is cut into its runs of one to three letters; each weighs (1 + ln n) x idf, the whole is scaled to length 1 and
goes through one matrix. This is what scikit-learn's `TfidfVectorizer(analyzer="char", sublinear_tf=True)` and
`LogisticRegression` compute; a test holds the two against each other.
"""

import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from math import log, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.keywords import normalised

FORMAT = 1
LONGEST_RUN = 3
"""Letters in the longest run that is looked at."""

READ_MAX = 500
"""Letters of a text that are read; what a report is about stands at its beginning."""

PACKED_MAX = 8 * 1024 * 1024
"""Bytes of a model at most: it stands in one row and in the memory of every process."""

_UNPACKED_MAX = PACKED_MAX + 1024 * 1024
_LARGEST = 1e6
"""No number of a trained model comes near; larger ones, and an idf of nothing, make confidences that are no numbers."""

_LABEL = "/"
_DIGITS = str.maketrans("123456789", "000000000")
_KINDS = {"format": "i", "runs": "U", "idf": "f", "weights": "f", "bias": "f", "labels": "U"}
_DIMENSIONS = {"format": 0, "runs": 1, "idf": 1, "weights": 2, "bias": 1, "labels": 1}

Floats = npt.NDArray[np.float32]
Label = tuple[str, str]
"""Scheme and class code."""


class BadModel(ValueError):
    """Bytes that are no model; says what is wrong in English, for the log."""


def prepared(text: str) -> str:
    """Return a text as the model reads it: its beginning, normalised, every digit a 0, so that no number is learnt."""
    return normalised(text[:READ_MAX]).translate(_DIGITS)


def write_label(label: Label) -> str:
    return _LABEL.join(label)


def read_label(written: str) -> Label:
    """Return scheme and class code of a label.

    :raises BadModel: it is not made of the two
    """
    scheme, divided, class_code = written.rpartition(_LABEL)
    if not (scheme and divided and class_code):
        raise BadModel("a label is not scheme and class")
    return scheme, class_code


@dataclass(frozen=True, slots=True)
class Model:
    """Weights in memory, read only: `weights` has a row per run of letters and a column per label."""

    version: str
    threshold: float
    labels: tuple[Label, ...]
    _rows: Mapping[str, int]
    _idf: Sequence[float]
    _weights: Floats
    _bias: Floats

    def probabilities(self, text: str) -> Floats | None:
        """Return the probability of each label, None when no run of the text was ever seen."""
        prepared_text = prepared(text)
        rows = self._rows
        counts = Counter(
            run
            for length in range(1, LONGEST_RUN + 1)
            for at in range(len(prepared_text) - length + 1)
            if (run := prepared_text[at : at + length]) in rows
        )
        if not counts:
            return None
        places = [rows[run] for run in counts]
        values = [(1.0 + log(n)) * self._idf[row] for row, n in zip(places, counts.values(), strict=True)]
        norm = sqrt(sum(value * value for value in values))
        logits = (np.array(values, dtype=np.float32) / np.float32(norm)) @ self._weights[places] + self._bias
        raised = np.exp(logits - logits.max())
        return np.asarray(raised / raised.sum(), dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Weights:
    """What training hands over: arrays as `Model` has them, runs in the order of the rows."""

    labels: tuple[Label, ...]
    runs: Sequence[str]
    idf: npt.NDArray[np.floating[Any]]
    weights: npt.NDArray[np.floating[Any]]
    bias: npt.NDArray[np.floating[Any]]


def pack(weights: Weights) -> bytes:
    """Return weights as an npz archive of float32 and texts.

    :raises BadModel: more bytes than `PACKED_MAX`
    """
    archive = BytesIO()
    np.savez(
        archive,
        format=np.int32(FORMAT),
        runs=np.array(weights.runs, dtype=f"U{LONGEST_RUN}"),
        idf=weights.idf.astype(np.float32),
        weights=weights.weights.astype(np.float32),
        bias=weights.bias.astype(np.float32),
        labels=np.array([write_label(label) for label in weights.labels]),
    )
    if archive.tell() > PACKED_MAX:
        raise BadModel(f"{archive.tell()} bytes are too many")
    return archive.getvalue()


def unpack(packed: bytes, *, version: str, threshold: float) -> Model:
    """Return the model inside an archive; nothing in it is executed.

    :raises BadModel: not an archive, too large, or its arrays do not fit each other
    """
    arrays = _arrays(packed)
    _check(arrays, threshold)
    runs = arrays["runs"].tolist()
    return Model(
        version=version,
        threshold=threshold,
        labels=tuple(map(read_label, arrays["labels"].tolist())),
        _rows={run: row for row, run in enumerate(runs)},
        _idf=arrays["idf"].astype(np.float64).tolist(),
        _weights=arrays["weights"].astype(np.float32),
        _bias=arrays["bias"].astype(np.float32),
    )


def _arrays(packed: bytes) -> dict[str, npt.NDArray[Any]]:
    if len(packed) > PACKED_MAX:
        raise BadModel(f"{len(packed)} bytes are too many")
    try:
        with zipfile.ZipFile(BytesIO(packed)) as archive:
            unpacked = sum(member.file_size for member in archive.infolist())
        with np.load(BytesIO(packed), allow_pickle=False) as arrays:
            if unpacked <= _UNPACKED_MAX:
                return {name: arrays[name] for name in arrays.files}
    except Exception as failed:  # whatever zipfile and numpy raise at bytes that are no archive
        raise BadModel(f"unreadable: {type(failed).__name__}") from failed
    raise BadModel(f"it unpacks to {unpacked} bytes")


def _check(arrays: Mapping[str, npt.NDArray[Any]], threshold: float) -> None:
    found = {name: (array.dtype.kind, array.ndim) for name, array in arrays.items()}
    if found != {name: (kind, _DIMENSIONS[name]) for name, kind in _KINDS.items()}:
        raise BadModel("the arrays are not those of a model")
    if int(arrays["format"]) != FORMAT:
        raise BadModel(f"format {int(arrays['format'])}")
    rows, columns = arrays["runs"].size, arrays["labels"].size
    shapes = {"idf": (rows,), "weights": (rows, columns), "bias": (columns,)}
    if not rows or not columns or any(arrays[name].shape != shape for name, shape in shapes.items()):
        raise BadModel("the arrays do not fit each other")
    if any(np.unique(arrays[name]).size != arrays[name].size for name in ("runs", "labels")):
        raise BadModel("a run of letters or a label is there twice")
    is_finite = all((np.abs(arrays[name]) < _LARGEST).all() for name in shapes) and (arrays["idf"] > 1 / _LARGEST).all()
    if not is_finite or not 0 <= threshold <= 1:
        raise BadModel("a number is none")
