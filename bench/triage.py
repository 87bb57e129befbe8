"""CPU of asking triage about the words of a report: the shipped keyword rules, and a model as large as it may be."""

import random
import time
from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import yaml

from app.domain.keywords import KeywordRules
from app.routing.words import RuleSetWords, to_keywords
from app.triage.model import LONGEST_RUN, PACKED_MAX, Model, Weights, pack, prepared, unpack
from bench.lines import Line
from tests.triage.made_up import CATEGORY_OF, SCHEME, made_up

TARGET_US = 300
CLASSES = 75
RUNS = 25_000
TEXTS = 2_000
ROUNDS = 5


def triage_infer() -> Iterator[Line]:
    """Measure keywords and model together, the best of five rounds; every run of the texts is one the model knows."""
    dice = random.Random(1)
    texts = [made_up(dice.choice(list(CATEGORY_OF)), dice) for _ in range(TEXTS)]
    keywords, model = _keywords(), _model(texts)
    assert all(model.probabilities(text) is not None for text in texts)
    letters = sum(map(len, texts)) / len(texts)
    print(f"triage_infer: {letters:.0f} letters a text, {RUNS} runs x {CLASSES} classes")
    yield Line("triage_infer", min(_round_us(keywords, model, texts) for _ in range(ROUNDS)), "us", TARGET_US)


def _round_us(keywords: KeywordRules, model: Model, texts: list[str]) -> float:
    began = time.process_time()
    for text in texts:
        keywords.find(text)
        model.probabilities(text)
    return (time.process_time() - began) / len(texts) * 1e6


def _keywords() -> KeywordRules:
    written = files("app.routing").joinpath("default_rules.yaml").read_text(encoding="utf-8")
    return KeywordRules(to_keywords(RuleSetWords.model_validate(yaml.safe_load(written)).keywords))


def _model(texts: list[str]) -> Model:
    """Return random weights: what they say takes as long as what trained ones say."""
    rng = np.random.default_rng(1)
    known = {
        run
        for text in map(prepared, texts)
        for length in range(1, LONGEST_RUN + 1)
        for at in range(len(text) - length + 1)
        if (run := text[at : at + length])
    }
    others = (chr(0x4E00 + at // 100) + chr(0x8000 + at % 100) + chr(0x7000) for at in range(RUNS))
    runs = [*known, *others][:RUNS]
    labels = tuple((SCHEME, f"{at:05}") for at in range(CLASSES))
    weights = rng.normal(size=(RUNS, CLASSES))
    packed = pack(Weights(labels, runs, rng.uniform(1, 9, RUNS), weights, rng.normal(size=CLASSES)))
    assert len(packed) > PACKED_MAX * 0.9
    return unpack(packed, version="bench", threshold=0.5)
