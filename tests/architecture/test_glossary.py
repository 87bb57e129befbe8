"""Every Chinese term has exactly one English name, in docs/glossary.md, in the code and in the texts."""

import re
from enum import Enum
from pathlib import Path

import pytest

from app.domain.limits import LimitUnit
from app.domain.roles import Role
from app.domain.workflow import Action, Stage, Status
from app.texts import text

ROOT = Path(__file__).parents[2]
ENUMS: dict[str, type[Enum]] = {
    "Role": Role,
    "Status": Status,
    "Action": Action,
    "Stage": Stage,
    "LimitUnit": LimitUnit,
}

# The words the city's people use; each must be in the glossary once.
WORDS = [
    "上报件",
    "受理",
    "核实",
    "立案",
    "派遣",
    "签收",
    "处置",
    "反馈",
    "督察",
    "核查",
    "结案",
    "退回",
    "返工",
    "延期",
    "挂账",
    "催办",
    "督办",
    "作废",
    "并案",
    "申诉",
    "单元网格",
    "部件",
    "事项",
    "自然时",
    "工作时",
    "紧急工作时",
]


def rows() -> list[tuple[str, str, str]]:
    """Return (Chinese, English, name in code) of every line of the glossary's tables."""
    page = (ROOT / "docs" / "glossary.md").read_text("utf-8")
    cells = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.splitlines() if line.startswith("|")]
    return [(row[0], row[1], row[2]) for row in cells if re.search(r"[\u4e00-\u9fff]", row[0]) and row[0] != "中文"]


def test_every_word_is_there_exactly_once() -> None:
    terms = [chinese for chinese, _, _ in rows()]
    assert {word: terms.count(word) for word in WORDS} == dict.fromkeys(WORDS, 1)
    assert sorted(terms) == sorted(set(terms))


def test_every_term_has_one_english_name_and_no_two_share_it() -> None:
    names = [english for _, english, _ in rows()]
    assert all(re.fullmatch(r"[a-z0-9 -]+", name) for name in names), names
    assert sorted(names) == sorted(set(names))


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1])
def test_the_name_in_code_exists(row: tuple[str, str, str]) -> None:
    """`Enum.MEMBER` is looked up; any other name must occur as a word in the program."""
    for name in re.findall(r"`([^`]+)`", row[2]):
        enum, _, member = name.partition(".")
        if enum in ENUMS:
            assert member in ENUMS[enum].__members__, name
        else:
            assert re.search(rf"\b{re.escape(name)}\b", program()), name


def program() -> str:
    return "\n".join(file.read_text("utf-8") for file in (ROOT / "app").rglob("*.py"))


def test_every_role_and_stage_is_in_the_glossary() -> None:
    named = set(re.findall(r"`([^`]+)`", " ".join(code for _, _, code in rows())))
    members = {f"{enum}.{member}" for enum in ("Role", "Stage") for member in ENUMS[enum].__members__}
    assert members - named == set()


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[1])
def test_the_program_says_the_same_word(row: tuple[str, str, str]) -> None:
    """Roles and units of limits are named in the texts as they are here."""
    enum, _, member = row[2].strip("`").partition(".")
    if enum in {"Role", "LimitUnit"}:
        key = {"Role": "role", "LimitUnit": "limit_unit"}[enum]
        assert text(f"{key}.{ENUMS[enum][member].value}") == row[0]
