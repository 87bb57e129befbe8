"""`suishoupai city import` as a person types it: report, exit code, and a database that changes only when it should."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from sqlmodel import select

from app.city.models import Cell, GridGeneration
from app.city.version import current_version
from app.infra.database import Database
from app.texts import text
from tests.city.grid_files import Grid, four_streets, xlsx_bytes

ROOT = Path(__file__).parents[2]


def city_import(url: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    plain = {name: value for name, value in os.environ.items() if not name.startswith("SUISHOUPAI_")}
    return subprocess.run(
        (sys.executable, "-m", "app", "city", "import", *map(str, arguments)),
        cwd=ROOT,
        env=plain | {"COLUMNS": "200", "NO_COLOR": "1", "SUISHOUPAI_DATABASE_URL": url},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def state(url: str) -> tuple[int, int, int]:
    """Return the numbers of generations and cells, and the version of the city."""
    with Database(url) as database, database.reading() as session:
        generations, cells = session.exec(select(GridGeneration.id)).all(), session.exec(select(Cell.id)).all()
        return len(generations), len(cells), current_version(session)


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "streets.geojson"
    path.write_bytes(four_streets().geojson())
    return path


def test_a_dry_run_shows_all_and_changes_nothing(committed_url: str, good: Path, tmp_path: Path) -> None:
    before, picture = state(committed_url), tmp_path / "grid.svg"
    ran = city_import(committed_url, good, "--level", "street", "--datum", "wgs84", "--dry-run", "--picture", picture)
    assert ran.returncode == 0, ran.stderr
    assert "2 个区市、4 个街道、4 个社区、36 个网格" in ran.stdout
    assert text("city_import.report.dry_run") in ran.stdout
    assert picture.read_text("utf-8").startswith("<svg")
    assert state(committed_url) == before


def test_an_import_goes_in_once(committed_url: str, good: Path) -> None:
    _, cells, version = state(committed_url)
    arguments = (good, "--level", "street", "--datum", "wgs84", "--source", "测试")
    first = city_import(committed_url, *arguments)
    assert first.returncode == 0, first.stderr
    assert "36 个，自 " in first.stdout
    assert state(committed_url) == (2, cells + 36, version + 1)
    second = city_import(committed_url, *arguments)
    assert second.returncode == 0, second.stderr
    assert text("city_import.report.unchanged") in second.stdout
    assert state(committed_url) == (2, cells + 36, version + 1)


def test_errors_stop_the_import_and_are_all_told(committed_url: str, tmp_path: Path) -> None:
    before, path = state(committed_url), tmp_path / "faulty.geojson"
    grid = four_streets()
    grid.properties[0]["street_code"] = "[red]1[/red]\x1b"
    grid.rings[1] = [grid.rings[1][0][:-1]]
    path.write_bytes(grid.geojson())
    ran = city_import(committed_url, path, "--level", "street", "--datum", "wgs84")
    assert ran.returncode == 1
    assert "编码“[red]1[/red]�”不是纯数字" in ran.stdout  # neither Rich nor the terminal obeys a file
    assert "边界没有闭合" in ran.stdout
    assert text("city_import.report.refused") in ran.stdout
    assert state(committed_url) == before


def test_of_many_faults_of_a_kind_twenty_are_told(committed_url: str, tmp_path: Path) -> None:
    one = four_streets()
    many = Grid([{**one.properties[0], "street_code": f"x{n}"} for n in range(50)], [one.rings[0]] * 50)
    path = tmp_path / "many.geojson"
    path.write_bytes(many.geojson())
    ran = city_import(committed_url, path, "--level", "street", "--datum", "wgs84", "--dry-run")
    assert ran.stdout.count("不是纯数字") == 20
    assert text("city_import.report.more", count=30) in ran.stdout


BAD = {
    "no level": (b"{}", ("--datum", "wgs84"), "--level"),
    "no datum": (four_streets().geojson(), ("--level", "street"), "--datum"),
    "half a file": (four_streets().geojson()[:500], ("--level", "street"), "不是完好的 JSON"),
    "half a workbook": (xlsx_bytes(four_streets().rows())[:2_000], ("--level", "street"), "不是完好的 XLSX"),
}


@pytest.mark.parametrize("case", BAD)
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_what_cannot_be_read_is_one_sentence_and_no_traceback(committed_url: str, tmp_path: Path, case: str) -> None:
    data, options, expected = BAD[case]
    before, path = state(committed_url), tmp_path / "bad.json"
    path.write_bytes(data)
    ran = city_import(committed_url, path, *options)
    assert ran.returncode == 1
    assert expected in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr
    assert state(committed_url) == before


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_picture_that_cannot_be_written_stops_before_the_import(
    committed_url: str, good: Path, tmp_path: Path
) -> None:
    before = state(committed_url)
    picture = tmp_path / "nowhere" / "grid.svg"
    ran = city_import(committed_url, good, "--level", "street", "--datum", "wgs84", "--picture", picture)
    assert ran.returncode == 1
    assert "无法写出图" in ran.stdout
    assert state(committed_url) == before


def test_an_empty_database_is_told_to_be_migrated(tmp_path: Path, good: Path) -> None:
    ran = city_import(f"sqlite:///{tmp_path / 'empty.db'}", good, "--level", "street", "--datum", "wgs84")
    assert ran.returncode == 1
    assert text("city_import.refused.not_migrated") in ran.stdout


def test_a_database_that_cannot_be_opened_is_one_sentence(tmp_path: Path, good: Path) -> None:
    url = f"sqlite:///{tmp_path / 'nowhere' / 'city.db'}"
    ran = city_import(url, good, "--level", "street", "--datum", "wgs84")
    assert ran.returncode == 1
    assert "数据库不可用" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr
