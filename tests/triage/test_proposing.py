"""Keywords first, then the model; sure, unsure, or of another category."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from app.domain.keywords import Keyword
from app.triage.catalogue import Catalogue
from app.triage.model import Model, Weights, pack, unpack
from app.triage.models import ProposalSource
from app.triage.proposing import SURE_OF_ANOTHER, Proposal, Triage, Verdict
from tests.towns import Town
from tests.triage.made_up import label

BIKES, CARS, LAMP, POTHOLE, LITTER = "09011", "09009", "01037", "06013", "06010"

KEYWORDS = (
    Keyword(BIKES, "车辆损坏或脏污", any_of=("坏了",), all_of=("共享单车",)),
    Keyword(BIKES, any_of=("共享单车",)),
    Keyword(LAMP, any_of=("路灯",)),
    Keyword(CARS, any_of=("汽车",)),
    Keyword(POTHOLE, any_of=("坑洼",)),
    Keyword("77777", any_of=("外星人来了",)),
)


def packed_model(shares: dict[str, float], *, scheme: str | None = None) -> bytes:
    """Return a model that gives every text it can read these probabilities."""
    labels = tuple((scheme, code) if scheme else label(code) for code in shares)
    bias = np.log(np.array(list(shares.values())))
    return pack(Weights(labels, ["路"], np.ones(1), np.zeros((1, len(labels))), bias))


def a_model(shares: dict[str, float], *, threshold: float = 0.8, scheme: str | None = None) -> Model:
    return unpack(packed_model(shares, scheme=scheme), version="m1", threshold=threshold)


def triage_of(town: Town, *, keywords: Sequence[Keyword] = KEYWORDS, model: Model | None = None) -> Triage:
    return Triage.of(town.world.city, keywords, rule_set_version="r1", model=model, model_id=1 if model else None)


def said(proposal: Proposal | None) -> tuple[ProposalSource, Verdict, list[str]] | None:
    if proposal is None:
        return None
    return proposal.source, proposal.verdict, [choice.condition.class_code for choice in proposal.choices]


K, M = ProposalSource.KEYWORD, ProposalSource.MODEL


@pytest.mark.parametrize(
    ("text", "category", "expected"),
    [
        ("路灯", None, (K, Verdict.SURE, [LAMP])),
        ("路灯", "facilities", (K, Verdict.SURE, [LAMP])),
        ("路灯", "parking", (K, Verdict.UNSURE, [LAMP])),  # a weak word does not speak against a person
        ("共享单车", "facilities", (K, Verdict.ELSEWHERE, [BIKES])),  # a strong one does
        ("共享单车和路灯", "facilities", (K, Verdict.SURE, [LAMP])),  # unless something speaks for the category
        ("路灯和汽车", None, (K, Verdict.UNSURE, [LAMP, CARS])),
        ("路灯和汽车", "parking", (K, Verdict.SURE, [CARS])),
        ("路灯和坑洼", "facilities", (K, Verdict.UNSURE, [LAMP, POTHOLE])),
        ("路灯、汽车", "sanitation", (K, Verdict.UNSURE, [LAMP, CARS])),
        ("共享单车坏了，路灯也坏了", None, (K, Verdict.UNSURE, [BIKES, LAMP])),  # two problems, one with more words
        ("共享单车坏了，路灯也坏了", "facilities", (K, Verdict.SURE, [LAMP])),
        ("没有路灯", None, None),
        ("你好", None, None),
        ("外星人来了", None, None),  # a class that this city does not have
    ],
)
def test_keywords_alone(
    town: Town, text: str, category: str | None, expected: tuple[ProposalSource, Verdict, list[str]] | None
) -> None:
    proposal = triage_of(town).propose(text, category=category)
    assert said(proposal) == expected
    if proposal is not None:
        assert {choice.confidence for choice in proposal.choices} == {None}
        assert (proposal.rule_set_version, proposal.model_version, proposal.threshold) == ("r1", None, 0)


def test_a_keyword_may_name_the_condition(town: Town) -> None:
    triage = triage_of(town)
    for text, name in (("共享单车坏了", "车辆损坏或脏污"), ("共享单车", "乱停、堆积")):
        proposal = triage.propose(text, category=None)
        assert proposal is not None
        assert proposal.choices[0].condition.name == name


def test_the_condition_of_a_class_is_the_categorys_default_or_the_first(town: Town) -> None:
    catalogue = Catalogue.of(town.world.city)
    cables, lamp = catalogue.condition("06008"), catalogue.condition(LAMP)
    assert cables is not None
    assert lamp is not None
    assert (cables.name, cables.is_default) == ("线体垂落、杂乱", True)  # listed second
    assert (lamp.name, lamp.is_default) == ("单盏不亮", False)
    assert catalogue.condition(LAMP, name="没有这一条") == lamp
    assert catalogue.condition(LAMP, category="parking") is None
    assert catalogue.condition("77777") is None


def test_classes_of_a_scheme_no_longer_in_force_are_not_proposed(town: Town) -> None:
    city = town.world.city
    old = tuple(replace(each, scheme="旧标准", id=each.id + 1000) for each in city.conditions)
    with_both = replace(city, conditions=(*old, *city.conditions))
    condition = Catalogue.of(with_both).condition(LAMP)
    assert condition is not None
    assert condition.scheme == label(LAMP)[0]
    triage = Triage.of(with_both, (), rule_set_version="r1", model=a_model({LAMP: 0.9, CARS: 0.1}, scheme="旧标准"))
    assert triage.propose("路", category=None) is None


@pytest.mark.parametrize(
    ("shares", "category", "expected"),
    [
        ({LAMP: 0.9, CARS: 0.06, LITTER: 0.04}, None, (M, Verdict.SURE, [LAMP, CARS, LITTER])),
        ({LAMP: 0.7, CARS: 0.2, LITTER: 0.1}, None, (M, Verdict.UNSURE, [LAMP, CARS, LITTER])),
        (
            {LAMP: 0.6, POTHOLE: 0.1, CARS: 0.3},
            "facilities",
            (M, Verdict.SURE, [LAMP, POTHOLE]),
        ),  # 0.86 of the category
        (
            {LAMP: 0.4, POTHOLE: 0.05, CARS: 0.55},
            "facilities",
            (M, Verdict.UNSURE, [LAMP, POTHOLE]),
        ),  # an unlikely category
        ({LAMP: 0.97, CARS: 0.03}, "parking", (M, Verdict.UNSURE, [CARS])),
        ({LAMP: 0.985, CARS: 0.015}, "parking", (M, Verdict.ELSEWHERE, [LAMP, CARS])),
        ({LAMP: 0.97, POTHOLE: 0.03}, "parking", (M, Verdict.UNSURE, [LAMP, POTHOLE])),  # knows nothing of the category
    ],
)
def test_the_model_alone(
    town: Town, shares: dict[str, float], category: str | None, expected: tuple[ProposalSource, Verdict, list[str]]
) -> None:
    proposal = triage_of(town, keywords=(), model=a_model(shares)).propose("路", category=category)
    assert said(proposal) == expected
    assert proposal is not None
    assert (proposal.model_version, proposal.threshold, proposal.rule_set_version) == ("m1", 0.8, "r1")


def test_confidence_inside_a_category_is_the_share_of_it(town: Town) -> None:
    triage = triage_of(town, keywords=(), model=a_model({LAMP: 0.6, POTHOLE: 0.15, CARS: 0.25}))
    for category, confidence in (("facilities", 0.8), (None, 0.6)):
        proposal = triage.propose("路", category=category)
        assert proposal is not None
        assert proposal.choices[0].confidence == pytest.approx(confidence, abs=1e-6)


def test_what_the_keywords_are_sure_of_the_model_is_not_asked(town: Town) -> None:
    triage = triage_of(town, model=a_model({CARS: 0.99, LAMP: 0.01}))
    assert said(triage.propose("路灯", category=None)) == (K, Verdict.SURE, [LAMP])
    assert said(triage.propose("路灯和坑洼", category="facilities")) == (M, Verdict.ELSEWHERE, [CARS, LAMP])


def test_of_two_problems_the_model_is_not_asked_either(town: Town) -> None:
    triage = triage_of(town, model=a_model({POTHOLE: 0.99, LITTER: 0.01}))
    assert said(triage.propose("路灯和汽车", category=None)) == (K, Verdict.UNSURE, [LAMP, CARS])


def test_words_of_one_problem_are_told_apart_by_their_number(town: Town) -> None:
    keywords = (Keyword(BIKES, any_of=("坏了",), all_of=("单车",)), Keyword(CARS, any_of=("共享单车",)))
    assert said(triage_of(town, keywords=keywords).propose("共享单车坏了", category=None)) == (
        K,
        Verdict.SURE,
        [BIKES, CARS],
    )


def test_a_weak_word_leaves_the_answer_to_the_model(town: Town) -> None:
    triage = triage_of(town, model=a_model({CARS: 0.9, LAMP: 0.1}))
    assert said(triage.propose("路灯", category="parking")) == (M, Verdict.SURE, [CARS])


def test_a_threshold_above_the_bar_raises_it(town: Town) -> None:
    shares = {LAMP: 0.985, CARS: 0.015}
    assert SURE_OF_ANOTHER < 0.985
    triage = triage_of(town, keywords=(), model=a_model(shares, threshold=0.99))
    assert said(triage.propose("路", category="parking")) == (M, Verdict.UNSURE, [CARS])


def test_a_model_that_is_never_sure_only_proposes(town: Town) -> None:
    triage = triage_of(town, keywords=(), model=a_model({LAMP: 1 - 1e-9, CARS: 1e-9}, threshold=1.0))
    assert said(triage.propose("路", category=None)) == (M, Verdict.UNSURE, [LAMP, CARS])


def test_a_text_the_model_cannot_read_leaves_what_the_keywords_said(town: Town) -> None:
    triage = triage_of(town, model=a_model({CARS: 0.9, LAMP: 0.1}))
    assert triage.propose("你好", category=None) is None
    assert said(triage.propose("汽车和坑洼", category=None)) == (K, Verdict.UNSURE, [POTHOLE, CARS])
