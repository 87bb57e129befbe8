"""What a model learns from: the words of closed reports with the class each was closed under."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.errors import Invalid
from app.triage.model import Label, prepared

FEWEST_REPORTS = 200
FEWEST_OF_A_CLASS = 10
FEWEST_CLASSES = 2
"""Below these a figure on reports kept out of training would mean nothing."""

_LEARNT, _ADJUSTED = 0.6, 0.8


class TooFewReports(Invalid):
    """Too few closed reports with words to learn from."""

    code = "TRIAGE_TOO_FEW_REPORTS"


class TooFewClasses(Invalid):
    """Too few classes that occur often enough."""

    code = "TRIAGE_TOO_FEW_CLASSES"


@dataclass(frozen=True, slots=True)
class Sample:
    """A closed report; `is_synthetic` when a demonstration made it up."""

    text: str
    label: Label
    category: str | None
    closed_at: datetime
    is_synthetic: bool


@dataclass(frozen=True, slots=True)
class Split:
    """Samples by time: the earliest are learnt from, the next set temperature and threshold, the newest judge."""

    learnt: Sequence[Sample]
    adjusted: Sequence[Sample]
    kept_out: Sequence[Sample]


def split_by_time(samples: Sequence[Sample]) -> Split:
    """Return 60, 20 and 20 % of the samples, oldest first."""
    ordered = sorted(samples, key=lambda sample: sample.closed_at)
    first, second = (round(len(ordered) * share) for share in (_LEARNT, _ADJUSTED))
    return Split(ordered[:first], ordered[first:second], ordered[second:])


def new_wordings(samples: Iterable[Sample], *, known: Iterable[Sample]) -> list[Sample]:
    """Return the samples whose words no known one has: what was seen word for word proves nothing."""
    seen = {prepared(sample.text) for sample in known}
    return [sample for sample in samples if prepared(sample.text) not in seen]


def labels_of(samples: Sequence[Sample]) -> list[Label]:
    """Return the labels that occur often enough to be learnt, sorted."""
    counts = Counter(sample.label for sample in samples)
    return sorted(label for label, n in counts.items() if n >= FEWEST_OF_A_CLASS)


def check_enough(samples: Sequence[Sample]) -> None:
    """Refuse to learn from too little.

    :raises TooFewReports: fewer than `FEWEST_REPORTS`
    :raises TooFewClasses: fewer than `FEWEST_CLASSES` with `FEWEST_OF_A_CLASS` reports in what is learnt from
    """
    if len(samples) < FEWEST_REPORTS:
        raise TooFewReports(count=len(samples), least=FEWEST_REPORTS)
    labels = labels_of(split_by_time(samples).learnt)
    if len(labels) < FEWEST_CLASSES:
        raise TooFewClasses(count=len(labels), least=FEWEST_CLASSES, reports=FEWEST_OF_A_CLASS)
