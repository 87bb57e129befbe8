"""Every promise of docs/promises.md names tests and measurements that exist."""

import re
from pathlib import Path

from bench.__main__ import MEASUREMENTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "promises.md").read_text("utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)


def test_every_row_is_shown_by_something() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("| ") and "seen elsewhere" not in line]
    assert rows
    assert [row for row in rows if "`tests/" not in row and "`bench " not in row] == []


def test_every_test_that_is_named_exists() -> None:
    missing = [
        f"{file}::{name}"
        for file, name in NAMED
        if not (ROOT / file).exists() or f"\ndef {name}(" not in (ROOT / file).read_text("utf-8")
    ]
    assert missing == []


def test_every_measurement_that_is_named_exists() -> None:
    assert set(re.findall(r"`bench (\w+)`", PAGE)) <= set(MEASUREMENTS)
