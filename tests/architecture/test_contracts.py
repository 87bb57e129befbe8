"""Every import contract is seen failing: a forbidden import planted in a copy of the program breaks that one alone."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
LINT = "from importlinter.cli import lint_imports_command; lint_imports_command()"

# Per contract, what is appended to which files of the copy; a file that is not there yet is made.
PLANTS = {
    "layers": {"media/planted.py": "import app.sla\n"},  # sideways; upwards makes a circle as well, see below
    "pure-domain": {"domain/planted.py": "import sqlite3\n"},
    "endpoints": {"reports/api.py": "\n", "reports/planted.py": "import app.reports.api\n"},
    "jobs": {"reports/jobs.py": "\n", "reports/planted.py": "import app.reports.jobs\n"},
    "journal-tables": {"reports/planted.py": "import app.journal.models\n"},
    "settings": {"__main__.py": "\nimport app.settings\n"},
    "no-cycles": {
        "reports/planted.py": "import app.reports.planted_too\n",
        "reports/planted_too.py": "import app.reports.planted\n",
    },
}


def broken_contracts(tree: Path) -> set[str]:
    """Run import-linter over `tree`/app with this repository's contracts; return the names of the broken ones."""
    lint = subprocess.run(
        (sys.executable, "-c", LINT, "--config", str(ROOT / "pyproject.toml"), "--no-cache", "--no-logo"),
        cwd=tree,
        env={"PYTHONPATH": str(tree), "COLUMNS": "200", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    results = dict(re.findall(r"^(.+?) (KEPT|BROKEN)(?: .*)?$", lint.stdout, flags=re.MULTILINE))
    assert set(results) == {contract["name"] for contract in CONTRACTS}, lint.stdout + lint.stderr
    return {name for name, outcome in results.items() if outcome == "BROKEN"}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copytree(ROOT / "app", tmp_path / "app", ignore=shutil.ignore_patterns("__pycache__", "static"))
    return tmp_path


def test_every_contract_is_broken_on_purpose_here() -> None:
    assert [contract["id"] for contract in CONTRACTS] == list(PLANTS)


def test_the_program_keeps_all_contracts(tree: Path) -> None:
    assert broken_contracts(tree) == set()


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract["id"])
def test_a_forbidden_import_breaks_its_contract_alone(tree: Path, contract: dict[str, str]) -> None:
    for path, line in PLANTS[contract["id"]].items():
        with (tree / "app" / path).open("a", encoding="utf-8") as module:
            module.write(line)
    assert broken_contracts(tree) == {contract["name"]}


def test_an_import_upwards_breaks_the_layers(tree: Path) -> None:
    (tree / "app" / "infra" / "planted.py").write_text("import app.reports\n", "utf-8")
    assert "Imports go down" in broken_contracts(tree)


def test_a_new_package_must_be_placed_in_a_layer(tree: Path) -> None:
    (tree / "app" / "unplaced").mkdir()
    (tree / "app" / "unplaced" / "__init__.py").write_text('"""Nowhere."""\n', "utf-8")
    assert broken_contracts(tree) == {"Imports go down"}
