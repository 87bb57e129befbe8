"""How good triage is on reports that its model has not seen: overall, by class, and where it dares to be sure."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from pydantic import BaseModel

from app.infra.wire import BeijingTime
from app.triage.model import Label
from app.triage.models import ProposalSource
from app.triage.proposing import Triage, Verdict
from app.triage.samples import Sample

SHOWN_CONFUSIONS = 10
TOP = 3
_EVERY = 200


class ClassFigures(BaseModel):
    """One class: `n` reports of it, and `taken` reports that were taken for it; a share of nothing is null."""

    scheme: str
    class_code: str
    n: int
    taken: int
    precision: float | None
    recall: float | None
    top3: float | None


class Confusion(BaseModel):
    """So many reports of one class were taken for another."""

    class_code: str
    taken_for: str
    n: int


class Sure(BaseModel):
    """Where triage was sure: in how many texts, which share of all, and how many of them were right."""

    n: int
    coverage: float
    precision: float | None


class Unseen(BaseModel):
    """The model's figures on texts that were not learnt word for word; null where there are none."""

    n: int
    accuracy: float | None
    top3: float | None


class Evaluation(BaseModel):
    """Figures on `n` reports kept out of training, closed between `since` and `until`.

    `accuracy` and `top3` are the model's alone, `unseen` the same without texts that were learnt word for word, and
    `most_frequent` what always naming the most frequent class would reach. `by_keywords` and `by_model` are what triage
    was sure of by words alone, `in_category` what it was sure of when the class's category was known; `doubted` is how
    often it then spoke of another category, always wrongly.
    """

    since: BeijingTime
    until: BeijingTime
    trained_on: int
    n: int
    synthetic: int
    threshold: float
    accuracy: float
    top3: float
    unseen: Unseen
    most_frequent: float
    by_keywords: Sure
    by_model: Sure
    in_category: Sure
    doubted: int
    classes: list[ClassFigures]
    confusions: list[Confusion]


@dataclass(slots=True)
class _Tally:
    sure: int = 0
    right: int = 0

    def count(self, *, is_right: bool) -> None:
        self.sure += 1
        self.right += is_right

    def shown(self, n: int) -> Sure:
        return Sure(n=self.sure, coverage=_share(self.sure, n) or 0.0, precision=_share(self.right, self.sure))


@dataclass(slots=True)
class _Counts:
    """What is counted while the texts go by."""

    pairs: Counter[tuple[Label, Label | None]] = field(default_factory=Counter)
    in_top: Counter[Label] = field(default_factory=Counter)
    sure: dict[ProposalSource, _Tally] = field(default_factory=lambda: {source: _Tally() for source in ProposalSource})
    in_category: _Tally = field(default_factory=_Tally)
    doubted: int = 0

    def take(self, triage: Triage, sample: Sample) -> None:
        top = _top(triage, sample.text)
        self.pairs[sample.label, top[0] if top else None] += 1
        self.in_top[sample.label] += sample.label in top
        alone = triage.propose(sample.text, category=None)
        if alone is not None and alone.verdict is Verdict.SURE:
            self.sure[alone.source].count(is_right=alone.choices[0].label == sample.label)
        inside = triage.propose(sample.text, category=sample.category) if sample.category else None
        if inside is not None and inside.verdict is Verdict.SURE:
            self.in_category.count(is_right=inside.choices[0].label == sample.label)
        self.doubted += inside is not None and inside.verdict is Verdict.ELSEWHERE


def evaluate(
    triage: Triage,
    samples: Sequence[Sample],
    *,
    new_words: Sequence[Sample],
    trained_on: int,
    progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Evaluation:
    """Measure triage with its model on samples, at least one, that were kept out of its training.

    :param new_words: those of the samples whose words were not learnt
    """
    counts = _Counts()
    for done, sample in enumerate(samples, start=1):
        counts.take(triage, sample)
        if done % _EVERY == 0 or done == len(samples):
            progress(done, len(samples))
    n = len(samples)
    of_class = Counter(sample.label for sample in samples)
    right = sum(times for (label, taken), times in counts.pairs.items() if label == taken)
    return Evaluation(
        since=min(sample.closed_at for sample in samples),
        until=max(sample.closed_at for sample in samples),
        trained_on=trained_on,
        n=n,
        synthetic=sum(sample.is_synthetic for sample in samples),
        threshold=triage.model.threshold if triage.model else 0,
        accuracy=right / n,
        top3=counts.in_top.total() / n,
        unseen=_unseen(triage, new_words),
        most_frequent=max(of_class.values()) / n,
        by_keywords=counts.sure[ProposalSource.KEYWORD].shown(n),
        by_model=counts.sure[ProposalSource.MODEL].shown(n),
        in_category=counts.in_category.shown(n),
        doubted=counts.doubted,
        classes=list(_by_class(counts, of_class)),
        confusions=[
            Confusion(class_code=label[1], taken_for=taken[1], n=times)
            for (label, taken), times in counts.pairs.most_common()
            if taken is not None and label != taken
        ][:SHOWN_CONFUSIONS],
    )


def _unseen(triage: Triage, samples: Sequence[Sample]) -> Unseen:
    tops = [(_top(triage, sample.text), sample.label) for sample in samples]
    right = sum(top[:1] == [label] for top, label in tops)
    in_top = sum(label in top for top, label in tops)
    return Unseen(n=len(tops), accuracy=_share(right, len(tops)), top3=_share(in_top, len(tops)))


def _by_class(counts: _Counts, of_class: Counter[Label]) -> Iterable[ClassFigures]:
    taken: Counter[Label | None] = Counter()
    for (_, named), times in counts.pairs.items():
        taken[named] += times
    for label, n in sorted(of_class.items(), key=lambda each: (-each[1], each[0])):
        right = counts.pairs[label, label]
        yield ClassFigures(
            scheme=label[0],
            class_code=label[1],
            n=n,
            taken=taken[label],
            precision=_share(right, taken[label]),
            recall=_share(right, n),
            top3=_share(counts.in_top[label], n),
        )


def _top(triage: Triage, text: str) -> list[Label]:
    model = triage.model
    probabilities = model.probabilities(text) if model else None
    if model is None or probabilities is None:
        return []
    return [model.labels[at] for at in np.argsort(-probabilities, kind="stable")[:TOP].tolist()]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
