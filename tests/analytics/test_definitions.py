"""The page and the program say the same about every figure."""

import re
from enum import Enum
from pathlib import Path

from app.analytics.definitions import Basis, Duration, LeftOut, definitions
from app.analytics.schemas import HandlingTimeRow, LeftOutCounts
from app.domain.limits import Clock

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text("utf-8")


def table(title: str) -> list[tuple[str, ...]]:
    """Return the rows of the table under a heading, without its head."""
    section = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]
    lines = [line for line in section.splitlines() if line.startswith("| `")]
    return [tuple(cell.strip().strip("`") for cell in line.strip("|").split(" | ")) for line in lines]


def test_the_durations() -> None:
    told = [(each.key.value, each.name, each.starts, each.ends, each.note) for each in definitions().durations]
    assert table("Durations") == told
    assert [key for key, *_ in told] == [duration.value for duration in Duration]


def test_the_other_words() -> None:
    words = definitions()
    for title, terms, members in (
        ("Clocks", words.clocks, Clock),
        ("Bases", words.bases, Basis),
        ("Left out", words.left_out, LeftOut),
    ):
        assert table(title) == [(term.key, term.meaning) for term in terms]
        assert [term.key for term in terms] == values(members)
    assert table("Figures") == [(term.key, term.meaning) for term in words.figures]


def values(members: type[Enum]) -> list[str]:
    return [member.value for member in members]


def test_every_figure_of_a_row_is_explained() -> None:
    """A field is explained under its own name or under the one it shares with its like."""
    shared = {
        r"p\d\d_s": "quantiles",
        r"p\d\d_with_open_s": "with_open",
        r"within_\d+h": "within",
        r"(min|max)_report": "",
        r"longest_open_(s|report)": "longest_open",
        "is_small": "rank",
    }
    words = {term.key for term in definitions().figures}
    for field in HandlingTimeRow.model_fields.keys() - {"key", "name", "reports_url"}:
        found = next((word for pattern, word in shared.items() if re.fullmatch(pattern, field)), field)
        assert found in words | {""}, field
    assert list(LeftOutCounts.model_fields) == values(LeftOut)
