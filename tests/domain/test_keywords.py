"""Keyword rules: what matches, which of several wins, and what is left to others."""

from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.keywords import Hit, Keyword, KeywordRules, clear_winner, normalised

LAMP, LITTER, BIN, COVER = "01037", "06010", "06042", "01001"


def found(text: str, *keywords: Keyword) -> list[tuple[str, str]]:
    return [(hit.class_code, hit.condition) for hit in KeywordRules(keywords).find(text)]


@pytest.mark.parametrize("text", ["路灯不亮", "路 灯\n不 亮", "昨晚起路灯不亮了！", "　路灯不亮"])
def test_blanks_and_what_stands_around_do_not_matter(text: str) -> None:
    assert found(text, Keyword(LAMP, any_of=("路灯不亮",))) == [(LAMP, "")]


@pytest.mark.parametrize("text", ["LED路灯", "ＬＥＤ路灯", "led 路灯", "Ⅼed路灯".replace("Ⅼ", "L")])
def test_width_and_case_do_not_matter_in_text_and_word(text: str) -> None:
    for word in ("led路灯", "ＬＥＤ路灯", "LED 路灯"):
        assert found(text, Keyword(LAMP, any_of=(word,))) == [(LAMP, "")]


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("路灯坏了，不亮", True),
        ("路灯昨晚没有亮", False),  # none of any
        ("楼道灯不亮", False),  # not all
        ("路灯不亮，红绿灯也不亮", False),  # one of none
        ("", False),
    ],
)
def test_any_all_and_none(text: str, *, is_met: bool) -> None:
    keyword = Keyword(LAMP, any_of=("不亮", "坏了"), all_of=("路灯",), none_of=("红绿灯", "信号灯"))
    assert bool(found(text, keyword)) is is_met


@pytest.mark.parametrize(
    ("text", "is_met"),
    [
        ("没有乱扔垃圾", False),
        ("请勿乱扔垃圾", False),
        ("没人乱扔垃圾", False),
        ("早上没有乱扔垃圾，晚上有人乱扔垃圾", True),
        ("乱扔垃圾没有人管", True),
    ],
)
def test_a_word_denied_everywhere_is_not_said(text: str, *, is_met: bool) -> None:
    assert bool(found(text, Keyword(LITTER, any_of=("乱扔垃圾",)))) is is_met
    assert bool(found(text, Keyword(LITTER, all_of=("乱扔垃圾",)))) is is_met


def test_a_word_may_be_a_denial_itself_and_what_excludes_may_be_denied() -> None:
    assert found("路灯不亮", Keyword(LAMP, any_of=("不亮",), all_of=("路灯",))) == [(LAMP, "")]
    assert found("没有施工，路灯不亮", Keyword(LAMP, any_of=("不亮",), none_of=("施工",))) == []


def test_all_words_are_needed() -> None:
    keyword = Keyword(COVER, all_of=("井盖", "自来水", "缺失"))
    assert found("自来水井盖缺失", keyword) == [(COVER, "")]
    assert found("自来水井盖松动", keyword) == []


@pytest.mark.parametrize("keyword", [Keyword(LAMP), Keyword(LAMP, none_of=("不亮",)), Keyword(LAMP, any_of=("", " "))])
def test_a_rule_without_words_means_nothing(keyword: Keyword) -> None:
    assert found("路灯不亮", keyword) == []


def test_more_words_beat_longer_ones_and_longer_words_beat_shorter_ones() -> None:
    rules = KeywordRules(
        [
            Keyword(LITTER, any_of=("垃圾桶旁边有一堆",)),
            Keyword(BIN, any_of=("满了",), all_of=("垃圾桶",)),
            Keyword(COVER, any_of=("垃圾",)),
        ]
    )
    hits = rules.find("垃圾桶旁边有一堆，桶也满了")
    assert [hit.class_code for hit in hits] == [BIN, LITTER, COVER]
    assert [hit.words for hit in hits] == [("垃圾桶", "满了"), ("垃圾桶旁边有一堆",), ("垃圾",)]


def test_a_named_condition_beats_none_when_the_words_are_as_good() -> None:
    keywords = [Keyword(LAMP, "单盏不亮", any_of=("路灯不亮",)), Keyword(BIN, any_of=("垃圾桶满",))]
    for order in permutations(keywords):
        assert found("路灯不亮，垃圾桶满", *order) == [(LAMP, "单盏不亮"), (BIN, "")]


def test_of_alternatives_only_the_longest_counts() -> None:
    (hit,) = KeywordRules([Keyword(BIN, any_of=("满了", "垃圾桶满了", "垃圾桶"))]).find("垃圾桶满了")
    assert hit.words == ("垃圾桶满了",)


def test_a_class_has_one_hit_its_best() -> None:
    keywords = [
        Keyword(LAMP, "单盏不亮", any_of=("不亮",), all_of=("路灯",)),
        Keyword(LAMP, "整段未按时启闭", any_of=("整条路",), all_of=("路灯",)),
        Keyword(LAMP, any_of=("路灯",)),
    ]
    for order in permutations(keywords):
        assert found("整条路的路灯都不亮", *order) == [(LAMP, "整段未按时启闭")]


def test_conditions_that_are_as_good_leave_the_class_without_one() -> None:
    keywords = [
        Keyword(LAMP, name, any_of=(word,), all_of=("路灯",)) for name, word in (("甲", "不亮"), ("乙", "倒了"))
    ]
    more = [*keywords, Keyword(LAMP, "丙", any_of=("歪了",), all_of=("路灯",))]
    for order in permutations(more):
        assert found("路灯不亮，倒了，歪了", *order) == [(LAMP, "")]


def test_equals_have_no_clear_winner() -> None:
    hits = KeywordRules([Keyword(LAMP, any_of=("路灯",)), Keyword(BIN, any_of=("垃圾",))]).find("路灯下有垃圾")
    assert [hit.class_code for hit in hits] == [LAMP, BIN]
    assert clear_winner(hits) is None
    assert clear_winner(hits[:1]) == hits[0]
    assert clear_winner([]) is None


@pytest.mark.parametrize(
    ("words", "is_strong"), [(("垃圾",), False), (("烧烤摊",), False), (("占道经营",), True), (("路灯", "不亮"), True)]
)
def test_two_words_or_four_letters_may_speak_against_a_person(words: tuple[str, ...], *, is_strong: bool) -> None:
    assert Hit(LAMP, "", words).is_strong is is_strong


# By hand, as the documentation says it: slow, plain, and without the index.
def plainly(text: str, keywords: list[Keyword]) -> set[str]:
    words = normalised(text)

    def has(word: str) -> bool:
        return normalised(word) in words

    return {
        each.class_code
        for each in keywords
        if (each.any_of or each.all_of)
        and (not each.any_of or any(map(has, each.any_of)))
        and all(map(has, each.all_of))
        and not any(map(has, each.none_of))
    }


_word = st.text("路灯井盖aA 1", min_size=1, max_size=3).filter(str.strip)
_words = st.lists(_word, max_size=3).map(tuple)
_keyword = st.builds(Keyword, st.sampled_from([LAMP, LITTER, BIN]), st.just(""), _words, _words, _words)


@given(st.text("路灯井盖aA 1", max_size=12), st.lists(_keyword, max_size=8))
def test_the_index_finds_what_a_plain_reading_finds(text: str, keywords: list[Keyword]) -> None:
    assert {hit.class_code for hit in KeywordRules(keywords).find(text)} == plainly(text, keywords)
