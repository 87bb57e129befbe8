"""Every table is known to `app.tables`: one that is not would be missing from the migrations."""

import ast
import sys
from pathlib import Path

import app.tables  # noqa: F401 - what it imports is the question

ROOT = Path(__file__).parents[2]


def holds_a_table(source: str) -> bool:
    return any(
        keyword.arg == "table"
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
        for keyword in node.keywords
    )


def test_app_tables_imports_every_module_with_a_table() -> None:
    modules = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts)
        for file in (ROOT / "app").rglob("*.py")
        if holds_a_table(file.read_text("utf-8"))
    }
    named = {
        f"{node.module}.{alias.name}" if isinstance(node, ast.ImportFrom) else alias.name
        for node in ast.walk(ast.parse((ROOT / "app" / "tables.py").read_text("utf-8")))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    assert modules - named == set()
    assert modules <= set(sys.modules)
