"""Everything a person reads has its words: errors, roles, statuses, actions, stages and units of limits."""

import re
from enum import Enum
from importlib import import_module
from pathlib import Path
from string import Formatter

import pytest

from app.domain.errors import DomainError
from app.domain.limits import LimitUnit
from app.domain.roles import Role
from app.domain.workflow import Action, Stage, Status
from app.infra.problem_families import status_of_kind as status_of
from app.problem_docs import problem_kinds, render
from app.texts.zh_cn import TEXTS

ROOT = Path(__file__).parents[2]
PARTS = sorted(file.stem for file in (ROOT / "app" / "texts").glob("zh_cn_*.py"))


def test_every_part_is_joined_and_no_two_parts_share_a_key() -> None:
    joined: dict[str, str] = {}
    for part in PARTS:
        own: dict[str, str] = import_module(f"app.texts.{part}").TEXTS
        assert joined.keys() & own.keys() == set(), part
        joined |= own
    assert joined == TEXTS


@pytest.mark.parametrize("kind", problem_kinds(), ids=lambda kind: kind.code)
def test_every_problem_has_a_sentence(kind: type[DomainError]) -> None:
    assert f"problem.{kind.code}" in TEXTS
    assert f"problem_title.{status_of(kind)}" in TEXTS


def test_no_two_problems_share_a_code() -> None:
    codes = [kind.code for kind in problem_kinds()]
    assert sorted(codes) == sorted(set(codes))


def test_no_sentence_is_left_of_a_problem_that_is_gone() -> None:
    sentences = {key.removeprefix("problem.") for key in TEXTS if key.startswith("problem.")}
    assert sentences - {kind.code for kind in problem_kinds()} == set()


@pytest.mark.parametrize(
    ("prefix", "members"),
    [("role", Role), ("status", Status), ("action", Action), ("stage", Stage), ("limit_unit", LimitUnit)],
)
def test_every_member_has_a_name(prefix: str, members: type[Enum]) -> None:
    assert {f"{prefix}.{member.value}" for member in members} - TEXTS.keys() == set()


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_a_text_is_chinese_and_its_facts_have_names(key: str) -> None:
    assert re.search(r"[\u4e00-\u9fff]", TEXTS[key]) or not re.search(r"[A-Za-z]{3}", strip_facts(TEXTS[key]))
    assert all(name is None or name.isidentifier() for _, name, _, _ in Formatter().parse(TEXTS[key]))


def strip_facts(template: str) -> str:
    return re.sub(r"\{[^}]*\}", "", template)


def test_the_page_of_problems_is_up_to_date() -> None:
    """Repair with `make openapi`."""
    assert (ROOT / "openapi" / "problems.md").read_text("utf-8") == render()
