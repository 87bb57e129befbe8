"""What is written as a file and read again is the same, whatever a rule set says, as YAML and as a workbook."""

from datetime import date, timedelta
from importlib.resources import files
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.routing.file_format import FileFormat, content_of, content_sha256, read_rule_file, write_rule_file
from app.routing.words import RuleSetWords
from app.routing.xlsx_layout import CELL_LONGEST

# Signs that YAML, JSON, Excel or the separators of cells could trip over, beside those of any other script.
TRICKY = "：:；;=#&*!|>'\"%@`[]{}(),-?~<\\/ \n\t。，“”市区0123456789abcXYZ_=\u3000\xa0\u2028é𠮷"


def texts(longest: int) -> st.SearchStrategy[str]:
    signs = st.sampled_from(TRICKY) | st.characters(
        codec="utf-8", exclude_categories=("Cc", "Cs", "Cf"), exclude_characters="\ufffe\uffff"
    )
    words = st.sampled_from(["null", "true", "no", "06010", "1e3", "~", "=1+1", "#N/A", "2026-01-01", "_x0041_", "- a"])
    made = st.text(signs, min_size=1, max_size=longest).map(str.strip).filter(bool)
    return made | words.filter(lambda word: len(word) <= longest)


CODES = texts(12)
PREFIXES = st.from_regex(r"[0-9]{2}([0-9]{3})?", fullmatch=True)
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
MONTH_DAYS = DAYS.map(lambda day: [day.month, day.day])


def some(values: st.SearchStrategy[Any], *, most: int = 3, least: int = 0) -> st.SearchStrategy[list[Any]]:
    return st.lists(values, min_size=least, max_size=most)


WINDOWS = st.fixed_dictionaries(
    {"hours": st.sampled_from([[8, 18], [22, 6], [5, 0]])},
    optional={
        "from_day": MONTH_DAYS,
        "to_day": MONTH_DAYS,
        "weekdays": some(st.integers(1, 7), least=1, most=7),
        "days": st.sampled_from(["any", "working", "rest"]),
    },
)
AREAS = st.sampled_from([{}, {"area": "370213"}, {"polygon": "p；q"}, {"jurisdiction": "370213900"}])
WHENS = st.builds(
    lambda area, rest: area | rest,
    AREAS,
    st.fixed_dictionaries(
        {},
        optional={
            "scheme": CODES,
            "class": PREFIXES,
            "condition": texts(30),
            "place_type": CODES,
            "facts": st.dictionaries(CODES, CODES, max_size=3),
            "channels": some(CODES),
            "window": WINDOWS,
        },
    ),
)
THENS = st.builds(
    lambda lead, rest: lead | rest,
    st.sampled_from([{"unit": "u；1"}, {"role": "=role"}]),
    st.fixed_dictionaries(
        {},
        optional={
            "chain": some(st.sampled_from(["maintainer", "owner", "supervisor"])),
            "assisting": some(CODES),
            "assisting_roles": some(CODES),
            "limit": st.sampled_from(["2 work_hour", "0.5 natural_day", "4 minute"]),
            "priority": st.integers(-100, 100),
            "auto_dispatch": st.booleans(),
        },
    ),
)
PERIODS = st.builds(
    lambda since, days: {"valid_from": str(since), "valid_until": str(since + timedelta(days))},
    DAYS,
    st.integers(1, 900),
)
RULES = st.builds(
    lambda rule, period: rule | period,
    st.fixed_dictionaries(
        {"key": CODES, "then": THENS, "basis": texts(60)},
        optional={"when": WHENS, "powers": st.sampled_from(["ordinary", "withheld", "concentrated"])},
    ),
    st.just({}) | PERIODS,
)
QUESTIONS = st.fixed_dictionaries(
    {
        "code": CODES,
        "text": texts(30),
        "categories": some(CODES, least=1),
        "choices": some(st.fixed_dictionaries({"code": CODES, "text": texts(30)}), least=1),
    }
)
SHAPES = st.just("POLYGON ((120.41 36.15, 120.42 36.15, 120.42 36.17, 120.41 36.15))")
DATUMS = st.sampled_from(["wgs84", "gcj02", "bd09", "cgcs2000"])
PLACES = {"name": texts(30), "basis": texts(30), "shape": SHAPES, "datum": DATUMS}
POWERS = {"holds": some(PREFIXES), "withheld": some(PREFIXES)}
UNITS = st.fixed_dictionaries(
    {
        "code": CODES,
        "name": texts(30),
        "kind": CODES,
        "level": st.sampled_from(["municipal", "district", "street", "enterprise"]),
    },
    optional={"area": st.sampled_from(["", "370213"]), "parent": CODES},
)
KEYWORDS = st.fixed_dictionaries(
    {"class": st.just("06010"), "any": some(texts(10), least=1)},
    optional={"condition": texts(20), "all": some(texts(10)), "none": some(texts(10))},
)
RULE_SETS = st.fixed_dictionaries(
    {
        "version": st.from_regex(r"[A-Za-z0-9_\u4e00-\u9fff][A-Za-z0-9_.\u4e00-\u9fff-]{0,31}", fullmatch=True),
        "rules": some(RULES, most=6),
    },
    optional={
        "note": texts(60),
        "questions": some(QUESTIONS),
        "areas": some(st.fixed_dictionaries({"code": CODES} | PLACES)),
        "jurisdictions": some(st.fixed_dictionaries({"code": st.just("370213900")} | PLACES | POWERS)),
        "units": some(UNITS),
        "keywords": some(KEYWORDS),
    },
)


@pytest.mark.parametrize("file_format", FileFormat)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(content=RULE_SETS)
def test_a_rule_set_survives_its_file(file_format: FileFormat, content: dict[str, Any]) -> None:
    words = RuleSetWords.model_validate(content)
    written = write_rule_file(words, file_format)
    again = read_rule_file(written).words
    assert content_of(again) == content_of(words)
    assert content_sha256(again) == content_sha256(words)
    if file_format is FileFormat.YAML:
        assert write_rule_file(again, file_format) == written


@pytest.mark.parametrize("file_format", FileFormat)
def test_the_shipped_rules_survive_their_file(file_format: FileFormat) -> None:
    words = read_rule_file(files("app.routing").joinpath("default_rules.yaml").read_bytes()).words
    assert read_rule_file(write_rule_file(words, file_format)).words == words


def test_a_border_longer_than_a_cell_of_excel_goes_on_below() -> None:
    ring = ", ".join(f"120.41 {36.15 + n / 1e6:.6f}" for n in range(5_000))
    area = {"code": "a", "name": "长", "basis": "x", "shape": f"POLYGON (({ring}, 120.42 36.16, 120.41 36.15))"}
    words = RuleSetWords.model_validate({"version": "v", "areas": [area, area | {"code": "b"}]})
    assert len(words.areas[0].shape) > 2 * CELL_LONGEST
    assert read_rule_file(write_rule_file(words, FileFormat.XLSX)).words == words


def test_people_can_read_the_file() -> None:
    content = {
        "version": "v1",
        "note": "说明",
        "rules": [
            {
                "key": "class-06010",
                "when": {"class": "06010", "area": "370213"},
                "then": {"role": "sanitation_team", "limit": "2 work_hour"},
                "basis": "环境卫生由街道负责（第十四条）",
            }
        ],
    }
    written = write_rule_file(RuleSetWords.model_validate(content), FileFormat.YAML).decode()
    assert written == (
        "version: v1\n"
        "note: 说明\n"
        "rules:\n"
        "  - key: class-06010\n"
        '    when: {class: "06010", area: "370213"}\n'
        '    then: {role: sanitation_team, limit: "2 work_hour"}\n'
        "    basis: 环境卫生由街道负责（第十四条）\n"
    )
