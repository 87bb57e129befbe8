"""The model at work: the same answers as scikit-learn's, and nothing but a sound model is ever loaded."""

import io
import pickle
import random
import zipfile
from typing import Any

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from app.triage.calibrating import best_temperature
from app.triage.fitting import fit, weights_of
from app.triage.model import PACKED_MAX, READ_MAX, BadModel, Model, Weights, pack, prepared, read_label, unpack
from app.triage.samples import Sample, labels_of
from tests.triage.made_up import SCHEME, label, samples

ODD = ("灯", "路 灯", "LED路灯１２３", "电话13800001111办证", "，。！", "🚲乱放", "路灯" * 400, "请问")


def theirs(pipeline: Pipeline, texts: list[str], temperature: float = 1) -> Any:
    """Return scikit-learn's own probabilities."""
    vectorizer, regression = pipeline[0], pipeline[1]
    logits = regression.decision_function(vectorizer.transform(texts)) / temperature
    if logits.ndim == 1:
        logits = np.stack([np.zeros_like(logits), logits], axis=1)
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def ours(model: Model, text: str) -> Any:
    probabilities = model.probabilities(text)
    assert probabilities is not None
    return probabilities


def test_it_says_what_scikit_learn_says(pipeline: Pipeline, model: Model) -> None:
    texts = [sample.text for sample in samples(300, seed=2)]
    expected = pipeline.predict_proba(texts)
    found = np.array([ours(model, text) for text in texts])
    assert np.abs(found - expected).max() < 1e-5
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()
    assert found.argmax(axis=1).tolist() != [0] * 300


@pytest.mark.parametrize("text", ODD)
def test_it_says_the_same_of_odd_texts(pipeline: Pipeline, model: Model, text: str) -> None:
    probabilities = model.probabilities(text)
    if probabilities is None:
        assert pipeline[0].transform([text]).nnz == 0
    else:
        assert np.abs(probabilities - pipeline.predict_proba([text])[0]).max() < 1e-5


def test_a_temperature_is_divided_into_the_weights(pipeline: Pipeline) -> None:
    texts = [sample.text for sample in samples(50, seed=3)]
    cooled = unpack(pack(weights_of(pipeline, temperature=2.5)), version="", threshold=0)
    found = np.array([ours(cooled, text) for text in texts])
    assert np.abs(found - theirs(pipeline, texts, temperature=2.5)).max() < 1e-5


def test_two_classes_work_as_many_do() -> None:
    two = [sample for sample in samples(800) if sample.label[1] in {"01037", "06010"}]
    pipeline = fit(two, labels_of(two))
    model = unpack(pack(weights_of(pipeline, temperature=1)), version="", threshold=0)
    for text in ("路灯不亮", "垃圾没人清", "路灯下有垃圾"):
        assert np.abs(ours(model, text) - pipeline.predict_proba([text])[0]).max() < 1e-5


def test_nothing_known_means_no_opinion(model: Model) -> None:
    assert model.probabilities("xyz") is None
    assert model.probabilities("") is None


def test_only_the_beginning_is_read(model: Model) -> None:
    text = "路灯不亮" * (READ_MAX // 4)
    assert (ours(model, text + "垃圾没人清" * 300) == ours(model, text)).all()


def test_no_number_is_learnt_from_texts(pipeline: Pipeline) -> None:
    assert prepared("电话１３８-0000 1234") == "电话000-00000000"
    with_numbers = [
        Sample(f"{sample.text}{random.Random(at).randrange(10**11)}", *_rest(sample))
        for at, sample in enumerate(samples(300))
    ]
    runs = fit(with_numbers, labels_of(with_numbers))[0].get_feature_names_out()
    assert {letter for run in runs for letter in run if letter.isdigit()} == {"0"}
    assert len(pipeline[0].get_feature_names_out()) > 100


def _rest(sample: Sample) -> tuple[Any, ...]:
    return sample.label, sample.category, sample.closed_at, sample.is_synthetic


def test_a_model_of_many_classes_and_wordings_stays_small() -> None:
    dice = random.Random(4)
    letters = [chr(code) for code in range(0x4E00, 0x4E00 + 3000)]
    many = [
        Sample("".join(dice.choices(letters, k=40)), (SCHEME, f"{at % 75:05}"), None, each.closed_at, is_synthetic=True)
        for at, each in enumerate(samples(1500))
    ]
    twice = [*many, *many]  # so that every run has been seen twice
    weights = _untrained(twice)
    assert PACKED_MAX * 0.9 < len(pack(weights)) <= PACKED_MAX


def _untrained(wanted: list[Sample]) -> Weights:
    """Return weights with as many runs as a model of these samples has, without the time that training takes."""
    from sklearn.feature_extraction.text import TfidfVectorizer  # noqa: PLC0415 - only here

    from app.triage.fitting import _runs_max  # noqa: PLC0415 - only here

    labels = labels_of(wanted)
    limit = _runs_max(len(labels))
    vectorizer = TfidfVectorizer(analyzer="char", ngram_range=(1, 3), min_df=2, max_features=limit)
    vectorizer.fit([sample.text for sample in wanted])
    runs = vectorizer.get_feature_names_out().tolist()
    assert len(runs) == limit
    zeros = np.zeros((limit, len(labels)))
    return Weights(tuple(labels), runs, vectorizer.idf_, zeros, np.zeros(len(labels)))


def test_too_large_weights_are_not_packed() -> None:
    runs = [chr(0x4E00 + at) for at in range(20_000)]
    columns = 120
    labels = tuple((SCHEME, f"{at:05}") for at in range(columns))
    with pytest.raises(BadModel, match="too many"):
        pack(Weights(labels, runs, np.ones(20_000), np.zeros((20_000, columns)), np.zeros(columns)))


def arrays(**changes: Any) -> dict[str, Any]:
    """Return the arrays of a sound model of two runs and two labels, with changes; None leaves one out."""
    sound = {
        "format": np.int32(1),
        "runs": np.array(["灯", "路灯"]),
        "idf": np.ones(2, dtype=np.float32),
        "weights": np.zeros((2, 2), dtype=np.float32),
        "bias": np.zeros(2, dtype=np.float32),
        "labels": np.array([f"{SCHEME}/01037", f"{SCHEME}/06010"]),
    }
    return {name: array for name, array in (sound | changes).items() if array is not None}


def archive(content: dict[str, Any]) -> bytes:
    target = io.BytesIO()
    np.savez(target, allow_pickle=True, **content)
    return target.getvalue()


def test_the_sound_one_is_read() -> None:
    model = unpack(archive(arrays()), version="v", threshold=0.5)
    assert model.labels == (label("01037"), label("06010"))
    assert ours(model, "路灯").tolist() == [0.5, 0.5]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"bias": None}, "not those of a model"),
        ({"more": np.zeros(1)}, "not those of a model"),
        ({"idf": np.array(["a", "b"])}, "not those of a model"),
        ({"weights": np.zeros(4, dtype=np.float32)}, "not those of a model"),
        ({"format": np.int32(2)}, "format 2"),
        ({"weights": np.zeros((2, 3), dtype=np.float32)}, "do not fit"),
        ({"weights": np.zeros((3, 2), dtype=np.float32)}, "do not fit"),
        ({"idf": np.ones(3, dtype=np.float32)}, "do not fit"),
        ({"bias": np.zeros(1, dtype=np.float32)}, "do not fit"),
        ({"runs": np.array([], dtype="U1"), "idf": np.zeros(0), "weights": np.zeros((0, 2))}, "do not fit"),
        ({"runs": np.array(["灯", "灯"])}, "twice"),
        ({"labels": np.array([f"{SCHEME}/01037"] * 2)}, "twice"),
        ({"labels": np.array(["01037", "06010"])}, "scheme and class"),
        ({"labels": np.array(["/01037", f"{SCHEME}/"])}, "scheme and class"),
        ({"weights": np.full((2, 2), np.nan, dtype=np.float32)}, "number"),
        ({"bias": np.array([np.inf, 0], dtype=np.float32)}, "number"),
        ({"weights": np.full((2, 2), 1e300)}, "number"),  # infinite as a float32
        ({"idf": np.zeros(2, dtype=np.float32)}, "number"),
    ],
)
def test_arrays_that_do_not_make_a_model_are_refused(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(BadModel, match=reason):
        unpack(archive(arrays(**changes)), version="v", threshold=0.5)


class Evil:
    """Would leave a mark if it were unpickled."""

    def __reduce__(self) -> Any:
        return exec, ("import sys; sys.modules['marked_by_a_pickle'] = sys",)


def test_nothing_in_a_model_is_executed() -> None:
    evil = archive(arrays(runs=np.array([Evil(), Evil()], dtype=object)))
    for content in (evil, pickle.dumps(Evil())):
        with pytest.raises(BadModel, match="unreadable"):
            unpack(content, version="v", threshold=0.5)
    with pytest.raises(ModuleNotFoundError):
        __import__("marked_by_a_pickle")


@pytest.mark.parametrize("content", [b"", b"PK", b"not an archive", bytes(1000)])
def test_other_bytes_are_refused(content: bytes) -> None:
    with pytest.raises(BadModel, match="unreadable"):
        unpack(content, version="v", threshold=0.5)


def test_a_torn_archive_is_refused(packed: bytes) -> None:
    with pytest.raises(BadModel):
        unpack(packed[: len(packed) // 2], version="v", threshold=0.5)


def test_too_many_bytes_are_refused_packed_and_unpacked() -> None:
    with pytest.raises(BadModel, match="too many"):
        unpack(bytes(PACKED_MAX + 1), version="v", threshold=0.5)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("weights.npy", bytes(2 * PACKED_MAX))
    assert len(target.getvalue()) < PACKED_MAX / 100
    with pytest.raises(BadModel, match="unpacks"):
        unpack(target.getvalue(), version="v", threshold=0.5)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan")])
def test_a_threshold_is_a_share(packed: bytes, threshold: float) -> None:
    with pytest.raises(BadModel, match="number"):
        unpack(packed, version="v", threshold=threshold)


def test_labels_are_read_from_the_right() -> None:
    assert read_label("GB/T 47678.5-2026/06010") == ("GB/T 47678.5-2026", "06010")


def test_the_fixture_is_calibrated_already(model: Model) -> None:
    assert best_temperature(model, samples(100, seed=5)) == pytest.approx(1, abs=0.05)
