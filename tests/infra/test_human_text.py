"""What people write: which characters it may hold, and what is done to it."""

from typing import Annotated, Any

import pytest
from pydantic import TypeAdapter, ValidationError

from app.infra.wire import HumanText

TEXT: TypeAdapter[str] = TypeAdapter(Annotated[str, HumanText(min_length=2, max_length=6)])
LINE: TypeAdapter[str] = TypeAdapter(Annotated[str, HumanText(max_length=6, is_line=True)])

LINE_ENDS = {0x09, 0x0A, 0x0D}
CONTROLS = [*range(0x20), *range(0x7F, 0xA0)]
BIDI = [0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)]
SURROGATES = [0xD800, 0xDBFF, 0xDC00, 0xDFFF]


def kind_of_refusal(adapter: TypeAdapter[str], value: Any) -> str:
    with pytest.raises(ValidationError) as refused:
        adapter.validate_python(value)
    (error,) = refused.value.errors()
    return error["type"]


@pytest.mark.parametrize("code", [code for code in CONTROLS + BIDI if code not in LINE_ENDS], ids=hex)
def test_what_nobody_sees_but_what_changes_what_is_seen_is_refused_anywhere(code: int) -> None:
    for value in (f"路{chr(code)}口", f"{chr(code)}路口", f"路口{chr(code)}"):
        assert kind_of_refusal(TEXT, value) == "string_pattern_mismatch"
        assert kind_of_refusal(LINE, value) == "string_pattern_mismatch"


@pytest.mark.parametrize("code", SURROGATES, ids=hex)
def test_half_a_character_is_refused(code: int) -> None:
    assert kind_of_refusal(TEXT, f"路{chr(code)}口") == "string_unicode"


@pytest.mark.parametrize("code", [*LINE_ENDS, 0x2028, 0x2029], ids=hex)
def test_a_line_is_one_line(code: int) -> None:
    assert kind_of_refusal(LINE, f"路{chr(code)}口") == "string_pattern_mismatch"
    assert TEXT.validate_python(f"路{chr(code)}口")


@pytest.mark.parametrize(
    "value",
    [
        "路口",
        "路\t口\n北",
        "𠮷野家",  # beyond the first 65,536
        "👩‍🔧🗑️",  # a joiner and a variation selector: two pictures of five characters
        "e\u0301 é",  # both spellings stay as they are
        "塚 \ufa10",  # a name's own variant is not made the common one
        "مرحبا",  # right-to-left letters need no marks
        "a\u200bb",
    ],
)
def test_everything_else_stays_as_it_was_written(value: str) -> None:
    assert TEXT.validate_python(value) == value


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("  路口 \n", "路口"),
        ("\u3000路口\u3000", "路口"),
        ("\ufeff路口\u200b", "路口"),
        ("路\r\n口\r北", "路\n口\n北"),
        ("路  口", "路  口"),
        (" " * 50 + "123456" + "\n" * 50, "123456"),
    ],
)
def test_blanks_around_it_do_not_count_and_lines_end_in_one_way(written: str, kept: str) -> None:
    assert TEXT.validate_python(written) == kept


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("路", "string_too_short"),
        ("", "string_too_short"),
        (" \u3000\u2003 \n", "string_too_short"),
        ("\u200b\u200b", "string_too_short"),
        ("1234567", "string_too_long"),
        (5, "string_type"),
        (None, "string_type"),
        (["路口"], "string_type"),
    ],
)
def test_length_is_that_of_the_words(value: Any, kind: str) -> None:
    assert kind_of_refusal(TEXT, value) == kind


def test_the_schema_says_what_is_refused() -> None:
    schema = TEXT.json_schema()
    assert (schema["minLength"], schema["maxLength"]) == (2, 6)
    assert schema["pattern"].startswith("^[^")
    assert "minLength" not in LINE.json_schema()
