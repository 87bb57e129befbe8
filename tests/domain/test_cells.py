"""Cell codes and their levels."""

import pytest

from app.domain.cells import Cell, InvalidCellCode, Level, community_of, district_of, level_of, parse, street_of
from app.texts import text

CODE = "370213004007012"


def test_a_code_falls_into_its_parts() -> None:
    cell = parse(CODE)
    assert cell == Cell(CODE)
    assert (cell.district, cell.street, cell.community, cell.sequence) == (
        "370213",
        "370213004",
        "370213004007",
        "012",
    )


def test_the_parts_of_a_plain_code() -> None:
    assert (district_of(CODE), street_of(CODE), community_of(CODE)) == ("370213", "370213004", "370213004007")


@pytest.mark.parametrize(
    "code",
    ["", "370213", CODE[:-1], CODE + "0", "37021300400701x", "３70213004007012", "37021300400701 ", "-" + CODE[1:]],
)
def test_anything_else_is_no_cell(code: str) -> None:
    with pytest.raises(InvalidCellCode) as refusal:
        parse(code)
    assert refusal.value.code == "INVALID_CELL_CODE"
    assert refusal.value.facts == {"cell_code": code}


@pytest.mark.parametrize(
    ("prefix", "level"),
    [
        ("", Level.CITY),
        ("3702", Level.CITY),
        ("370213", Level.DISTRICT),
        ("370213004", Level.STREET),
        ("370213004007", Level.COMMUNITY),
        (CODE, Level.CELL),
    ],
)
def test_the_length_of_a_prefix_is_its_level(prefix: str, level: Level) -> None:
    assert level_of(prefix) is level


@pytest.mark.parametrize("prefix", ["3", "37", "37021", "3702130", "37021300400", CODE + "1", "370x", "３702"])
def test_a_prefix_between_two_levels_is_refused(prefix: str) -> None:
    with pytest.raises(InvalidCellCode):
        level_of(prefix)


def test_every_level_has_a_chinese_name() -> None:
    assert [text(f"level.{level.value}") for level in Level] == [
        "全市",
        "区（市）",
        "街道（镇）",
        "社区（村）",
        "单元网格",
    ]
