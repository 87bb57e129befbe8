"""Text falls apart into bigrams, the same way for a report and for a query, and numbers of people are not in it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.bigrams import bigrams, contains, names_a_person, searchable, words


@pytest.mark.parametrize(
    ("text", "pairs"),
    [
        ("", []),
        ("井", []),
        ("井盖", ["井盖"]),
        ("占道经营", ["占道", "道经", "经营"]),
        ("垃圾，恶臭", ["垃圾", "恶臭"]),
        ("垃 圾", []),
        ("垃圾\n圾桶", ["垃圾", "圾桶"]),
        ("垃圾垃圾", ["垃圾", "圾垃"]),
        ("同安路12号", ["同安", "安路", "路1", "12", "2号"]),
        ("ＡＢ座", ["ab", "b座"]),
        ("snake_case", ["sn", "na", "ak", "ke", "ca", "as", "se"]),
        ("🚗停车", ["停车"]),
    ],
)
def test_neighbours_inside_a_run_are_a_bigram(text: str, pairs: list[str]) -> None:
    assert bigrams(searchable(text)) == pairs


@pytest.mark.parametrize(
    "number",
    [
        "13812345678",
        "138 1234 5678",
        "138-1234-5678",
        "１３８１２３４５６７８",
        "+86 13812345678",
        "8613812345678",
        "1 3 8 1 2 3 4 5 6 7 8",
        "138·1234·5678",
        "053285771234",
        "0532-85771234",
        "0532 8577 1234",
        "(0532)85771234",
        "（0532）8577—1234",
        "021-6543210",
        "370202199001011234",
        "37020219900101123X",
        "37020219900101123x",
        "370202 19900101 1234",
        "370202900101123",
        "6222021234567890123",
    ],
)
def test_the_number_of_a_person_is_neither_indexed_nor_looked_up(number: str) -> None:
    text = searchable(f"请联系{number}谢谢")
    assert not any(character.isdigit() for character in text)
    assert bigrams(text) == ["请联", "联系", "谢谢"]
    assert names_a_person(number)
    assert names_a_person(f"垃圾 {number}")
    assert words(number) == ()


@pytest.mark.parametrize(
    "text", ["同安路12号", "鲁B12345", "电线杆编号1234567890", "2026-11-20", "热线12345", "110", "10:30到11:45", "0532"]
)
def test_other_numbers_are_text(text: str) -> None:
    assert not names_a_person(text)
    assert contains(searchable(f"在{text}附近"), words(text))


@pytest.mark.parametrize(
    ("query", "runs"),
    [
        ("垃圾", ("垃圾",)),
        (" 垃圾　同安路 ", ("垃圾", "同安路")),
        ("垃圾，垃圾", ("垃圾",)),
        ("Bus站 BUS站", ("bus站",)),
        ("。！?", ()),
    ],
)
def test_a_query_is_the_words_that_must_all_stand_in_the_text(query: str, runs: tuple[str, ...]) -> None:
    assert words(query) == runs


@pytest.mark.parametrize(
    ("text", "query", "is_found"),
    [
        ("同安路口垃圾成堆", "同安路", True),
        ("同安路口垃圾成堆", "垃圾 同安路", True),
        ("同安路口垃圾成堆", "垃圾 延安路", False),
        ("安路同安", "同安路", False),
        ("垃圾，成堆", "垃圾成堆", False),
        ("ＢＵＳ站牌破损", "bus站", True),
    ],
)
def test_a_word_is_found_where_it_stands_in_one_piece(text: str, query: str, is_found: bool) -> None:
    assert contains(searchable(text), words(query)) is is_found


def test_two_texts_are_searched_together_but_no_word_reaches_from_one_into_the_other() -> None:
    text = searchable("垃圾", "成堆")
    assert contains(text, words("成堆 垃圾"))
    assert not contains(text, words("垃圾成堆"))


@given(st.text(alphabet="垃圾成堆aＢ1٣é, -_。", max_size=30), st.data())
def test_what_stands_in_a_text_has_its_bigrams_there(text: str, data: st.DataObject) -> None:
    start, end = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    form = searchable(text)
    for word in words(form[start:end]):
        assert set(bigrams(word)) <= set(bigrams(form))
        assert contains(form, (word,))


@given(st.text(max_size=60))
def test_the_searchable_form_has_no_long_number_left(text: str) -> None:
    assert not names_a_person(searchable(text))
