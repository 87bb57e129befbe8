"""Training: what is kept out, when it is refused, and what the figures say."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from app.reports.world import World
from app.triage.calibrating import AS_IT_IS, LOWEST_THRESHOLD, NEVER, best_temperature, judge, threshold_for
from app.triage.measuring import evaluate
from app.triage.model import Model, unpack
from app.triage.samples import (
    FEWEST_REPORTS,
    Sample,
    TooFewClasses,
    TooFewReports,
    check_enough,
    labels_of,
    new_wordings,
    split_by_time,
)
from app.triage.train import Learnt, learn
from tests.towns import Town
from tests.triage.conftest import of_nobody
from tests.triage.made_up import SINCE, label, samples


def steps(*_told: object) -> None:
    """Hear the progress and say nothing."""


def trained(world: World, wanted: Sequence[Sample], *, threshold: float | None = None) -> Learnt:
    return learn(wanted, triage=replace(world.triage, model=None), threshold=threshold, progress=steps)


def test_the_newest_are_kept_out_whatever_the_order() -> None:
    wanted = samples(100)
    mixed = random.Random(1).sample(wanted, len(wanted))
    split = split_by_time(mixed)
    assert [len(part) for part in (split.learnt, split.adjusted, split.kept_out)] == [60, 20, 20]
    assert [*split.learnt, *split.adjusted, *split.kept_out] == wanted


def test_only_wordings_that_were_not_learnt_are_new() -> None:
    known, again, new = (
        replace(each, text=text) for each, text in zip(samples(3), ("路灯坏", "路 灯坏", "灯坏"), strict=True)
    )
    assert new_wordings([again, new], known=[known]) == [new]


def test_too_few_reports_are_refused() -> None:
    with pytest.raises(TooFewReports) as refused:
        check_enough(samples(FEWEST_REPORTS - 1))
    assert refused.value.facts == {"count": FEWEST_REPORTS - 1, "least": FEWEST_REPORTS}
    check_enough(samples(FEWEST_REPORTS))


def test_too_few_classes_are_refused() -> None:
    one = [replace(sample, label=label("06010")) for sample in samples(300)]
    rare = [replace(sample, label=label("01037")) for sample in samples(9)]
    with pytest.raises(TooFewClasses):
        check_enough([*one, *rare])


def test_a_class_counts_only_where_it_is_learnt_from() -> None:
    wanted = samples(300)
    late = [replace(sample, label=label("06010" if at < 240 else "01037")) for at, sample in enumerate(wanted)]
    assert labels_of(late) == [label("01037"), label("06010")]
    with pytest.raises(TooFewClasses):
        check_enough(late)


def test_a_model_learns_and_says_how_well(town: Town) -> None:
    learnt = trained(town.world, samples(700))
    figures = learnt.evaluation
    assert (learnt.reports, figures.trained_on, figures.n) == (700, 420, 140)
    assert figures.accuracy > 0.9
    assert figures.most_frequent < 0.3
    assert 0 < figures.unseen.n <= figures.n
    assert sum(each.n for each in figures.classes) == figures.n
    assert {each.class_code for each in figures.classes} == {
        "06010",
        "06042",
        "09009",
        "09010",
        "01037",
        "06013",
        "07001",
        "09006",
    }
    assert LOWEST_THRESHOLD <= learnt.threshold < NEVER
    assert figures.by_model.precision is not None
    assert figures.by_model.precision > 0.9
    model = unpack(learnt.packed, version="", threshold=learnt.threshold)
    probabilities = model.probabilities("书院路的路灯不亮")
    assert probabilities is not None
    assert model.labels[int(probabilities.argmax())] == label("01037")


def test_a_figure_on_made_up_texts_says_so(town: Town) -> None:
    wanted = samples(300)
    assert trained(town.world, wanted).is_synthetic
    real = trained(town.world, of_nobody(wanted))
    assert (real.is_synthetic, real.evaluation.synthetic) == (False, 0)
    one = [wanted[0], *of_nobody(wanted[1:])]
    assert trained(town.world, one).is_synthetic


def test_a_threshold_that_is_given_is_taken(town: Town) -> None:
    assert trained(town.world, samples(300), threshold=0.77).threshold == 0.77


def test_texts_learnt_word_for_word_prove_nothing(town: Town) -> None:
    """Ten sentences said again and again: every one is known by heart, and still the model is never sure."""
    ten = [sample.text for sample in samples(10)]
    same = [
        replace(sample, text=ten[at % 10], label=samples(10)[at % 10].label) for at, sample in enumerate(samples(400))
    ]
    learnt = trained(town.world, same)
    assert learnt.evaluation.accuracy == 1
    assert (learnt.threshold, learnt.evaluation.unseen.n, learnt.evaluation.unseen.accuracy) == (NEVER, 0, None)
    assert learnt.evaluation.by_model.n == 0


def test_a_class_that_came_up_only_lately_counts_as_wrong(town: Town) -> None:
    wanted = samples(400)
    late = [replace(sample, label=label("10001")) if at >= 380 else sample for at, sample in enumerate(wanted)]
    figures = trained(town.world, late).evaluation
    (new,) = [each for each in figures.classes if each.class_code == "10001"]
    assert (new.n, new.taken, new.precision, new.recall, new.top3) == (20, 0, None, 0, 0)
    assert figures.accuracy <= 1 - 20 / 80


def test_progress_is_told(town: Town) -> None:
    told: list[tuple[str, int, int]] = []
    learn(samples(300), triage=town.world.triage, threshold=None, progress=lambda *step: told.append(step))
    assert list(dict.fromkeys(step for step, _, _ in told)) == ["fit", "adjust", "measure", "refit"]
    assert told[-1] == ("refit", 1, 1)
    assert ("measure", 60, 60) in told


def test_figures_are_counted_by_hand(town: Town, model: Model) -> None:
    """Two right, one taken for another class, one that nobody can read."""
    base = samples(4)
    texts = {"路灯不亮": "01037", "垃圾没人清": "06010", "路灯坏了": "06010", "xyz": "06010"}
    wanted = [
        replace(sample, text=text, label=label(code), category="sanitation", closed_at=SINCE + timedelta(days=at))
        for at, (sample, (text, code)) in enumerate(zip(base, texts.items(), strict=True))
    ]
    triage = replace(town.world.triage, keywords=type(town.world.triage.keywords)(())).with_model(model)
    figures = evaluate(triage, wanted, new_words=wanted[:1], trained_on=600)
    assert (figures.accuracy, figures.most_frequent, figures.unseen.accuracy) == (0.5, 0.75, 1)
    assert figures.top3 in {0.5, 0.75}
    litter, lamp = figures.classes
    assert (litter.class_code, litter.n, litter.taken, litter.precision, litter.recall) == ("06010", 3, 1, 1, 1 / 3)
    assert (lamp.class_code, lamp.n, lamp.taken, lamp.precision, lamp.recall) == ("01037", 1, 2, 0.5, 1)
    (confusion,) = figures.confusions
    assert (confusion.class_code, confusion.taken_for, confusion.n) == ("06010", "01037", 1)
    assert (figures.since, figures.until) == (wanted[0].closed_at, wanted[3].closed_at)
    assert figures.by_model.coverage == figures.by_model.n / 4


def test_a_sure_model_that_is_often_wrong_is_cooled(model: Model) -> None:
    dice = random.Random(6)
    wrong = [
        replace(sample, label=dice.choice(model.labels)) if dice.random() < 0.4 else sample for sample in samples(300)
    ]
    assert best_temperature(model, wrong) > 1.5


def test_no_model_is_made_surer(model: Model) -> None:
    assert best_temperature(model, samples(300)) == AS_IT_IS


def test_a_handful_says_nothing_about_temperature(model: Model) -> None:
    assert best_temperature(model, [replace(sample, label=label("06010")) for sample in samples(19)]) == AS_IT_IS
    assert best_temperature(model, []) == AS_IT_IS


def judged(confident: Sequence[tuple[float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([each for each, _ in confident]), np.array([right for _, right in confident], dtype=bool)


def test_the_threshold_is_the_lowest_that_is_right_often_enough() -> None:
    good = [(0.9 + at / 1000, True) for at in range(50)]
    fair = [(0.7 + at / 1000, at % 2 == 0) for at in range(50)]
    threshold = threshold_for(judged([*good, *fair]))
    taken = [right for confidence, right in [*good, *fair] if confidence > threshold]
    assert 0.7 < threshold < 0.9
    assert len(taken) > 50
    assert sum(taken) / len(taken) >= 0.9
    below = sorted((each for each in [*good, *fair] if each[0] <= threshold), reverse=True)
    assert (sum(taken) + below[0][1] + below[1][1]) / (len(taken) + 2) < 0.9


@pytest.mark.parametrize(
    "confident",
    [
        [],
        [(0.99, True)] * 19,  # too few to mean anything
        [(0.99, False)] * 100,
        [(0.49, True)] * 100,  # less than an even chance is never sure
        [(0.99, at % 2 == 0) for at in range(100)],
    ],
)
def test_without_evidence_it_is_never_sure(confident: list[tuple[float, bool]]) -> None:
    assert threshold_for(judged(confident)) == NEVER


def test_equals_stand_on_the_same_side_of_the_threshold() -> None:
    assert threshold_for(judged([(0.8, at < 85) for at in range(100)])) == NEVER
    assert threshold_for(judged([(0.8, at < 95) for at in range(100)])) < 0.8


def test_judging_asks_every_text(model: Model) -> None:
    wanted = [*samples(10, seed=9), replace(samples(1)[0], text="xyz")]
    confidence, is_right = judge(model, wanted)
    assert (len(confidence), confidence[-1], bool(is_right[-1])) == (11, 0, False)
    assert is_right[:10].all()
