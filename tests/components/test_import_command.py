"""`suishoupai component import` as a person types it: report, exit code, and what is stored after it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import col, select

from app.components.models import Component
from app.infra.database import Database
from app.texts import text
from tests.components.builders import LAMP, a_code, a_component, a_line, as_csv, as_xlsx, in_chinese

ROOT = Path(__file__).parents[2]


def component_import(url: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SUISHOUPAI_")}
    return subprocess.run(
        (sys.executable, "-m", "app", "component", "import", *map(str, arguments)),
        cwd=ROOT,
        env=plain | {"COLUMNS": "200", "NO_COLOR": "1", "SUISHOUPAI_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def stored(url: str) -> dict[str, tuple[str, bool]]:
    """Return name and removal of every component by code."""
    with Database(url) as database, database.reading() as session:
        rows = session.exec(select(Component).order_by(col(Component.code)))
        return {row.code: (row.name, row.is_removed) for row in rows}


def written(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_a_dry_run_counts_and_changes_nothing(committed_url: str, tmp_path: Path) -> None:
    with Database(committed_url) as database, database.transaction() as session:
        session.add_all([a_component(a_code(1), name="井盖1"), a_component(a_code(2)), a_component(a_code(9))])
    before = stored(committed_url)
    path = written(tmp_path / "parts.csv", as_csv([a_line(1), a_line(2), a_line(3)]))
    ran = component_import(committed_url, path, "--datum", "wgs84", "--dry-run", "--end-others")
    assert ran.returncode == 0, ran.stderr
    assert text("component_import.report.dry_run", new=1, changed=1, same=1, gone=1) in ran.stdout
    assert stored(committed_url) == before


def test_an_import_goes_in_once_and_the_next_one_updates(committed_url: str, tmp_path: Path) -> None:
    first = written(tmp_path / "first.csv", as_csv(in_chinese([a_line(1), a_line(2)]), encoding="gb18030"))
    for counts in ({"new": 2, "changed": 0, "same": 0}, {"new": 0, "changed": 0, "same": 2}):
        ran = component_import(committed_url, first, "--datum", "wgs84")
        assert ran.returncode == 0, ran.stderr
        assert text("component_import.report.done", gone=0, **counts) in ran.stdout
    second = written(tmp_path / "second.xlsx", as_xlsx([a_line(1, name="新名"), a_line(3)]))
    ran = component_import(committed_url, second, "--datum", "wgs84", "--end-others")
    assert text("component_import.report.done", new=1, changed=1, same=0, gone=1) in ran.stdout
    assert stored(committed_url) == {
        a_code(1): ("新名", False),
        a_code(2): ("井盖2", True),
        a_code(3): ("井盖3", False),
    }


def test_one_bad_row_stops_the_import_unless_it_may_be_skipped(committed_url: str, tmp_path: Path) -> None:
    with Database(committed_url) as database, database.transaction() as session:
        session.add(a_component(a_code(2)))
    path = written(tmp_path / "parts.csv", as_csv([a_line(1), a_line(2, state="坏"), a_line(3)]))
    ran = component_import(committed_url, path, "--datum", "wgs84", "--end-others")
    assert ran.returncode == 1
    assert "第 3 行" in ran.stdout
    assert text("component_import.report.refused") in ran.stdout
    assert list(stored(committed_url)) == [a_code(2)]
    ran = component_import(committed_url, path, "--datum", "wgs84", "--end-others", "--skip-bad")
    assert ran.returncode == 0, ran.stderr
    assert text("component_import.report.skipped", count=1) in ran.stdout
    # What stands in a bad row is not missing.
    assert {code: gone for code, (_, gone) in stored(committed_url).items()} == dict.fromkeys(
        map(a_code, (1, 2, 3)), False
    )


def test_classes_that_the_city_does_not_know_are_taken_with_a_word(committed_url: str, tmp_path: Path) -> None:
    lines = [a_line(1, code=a_code(1, class_code="03099")), a_line(2, code=a_code(2, class_code=LAMP))]
    ran = component_import(committed_url, written(tmp_path / "x.csv", as_csv(lines)), "--datum", "wgs84")
    assert ran.returncode == 0, ran.stderr
    assert text("component_import.class_unknown", given="03099", count=1) in ran.stdout
    assert len(stored(committed_url)) == 2


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("none.csv", None, "city_import.refused.unreadable"),
        ("empty.csv", b"  ", "city_import.refused.empty"),
        ("x.csv", b"a,b\n1,2\n", "component_import.refused.no_column"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_words(
    committed_url: str, tmp_path: Path, name: str, data: bytes | None, reason: str
) -> None:
    path = tmp_path / name
    if data is not None:
        path.write_bytes(data)
    ran = component_import(committed_url, path, "--datum", "wgs84")
    beginning = text(reason, path=path, detail="", wanted="", found="").split("：")[0][:6]
    assert (ran.returncode, ran.stderr) == (1, "")
    assert beginning in ran.stdout
    assert "Traceback" not in ran.stdout
    assert stored(committed_url) == {}


def test_without_a_city_nothing_can_be_held_against_it(tmp_path: Path, sqlite_template: Path) -> None:
    url = f"sqlite:///{sqlite_template}"
    ran = component_import(url, written(tmp_path / "x.csv", as_csv([a_line()])), "--datum", "wgs84", "--dry-run")
    assert ran.returncode == 1
    assert text("component_import.refused.no_city") in ran.stdout


def test_a_database_that_is_not_there_is_told_in_words(tmp_path: Path) -> None:
    path = written(tmp_path / "x.csv", as_csv([a_line()]))
    ran = component_import(f"sqlite:///{tmp_path}/nowhere/x.db", path, "--datum", "wgs84")
    assert ran.returncode == 1
    assert "Traceback" not in ran.stdout + ran.stderr
