"""House rules for files: what they are called, how long they are, what they must not name."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP_FILES = sorted((ROOT / "app").rglob("*.py"))
BANNED_NAMES = {"utils", "helpers", "common", "constants", "service", "manager"}
LONGEST = 400

# Written in two halves, so that this file does not name what it forbids.
REGISTRY_HOSTS = tuple(
    "".join(halves)
    for halves in (
        ("py", "pi.org"),
        ("python", "hosted.org"),
        ("npm", "js.org"),
        ("npm", "js.com"),
        ("npm", "mirror.com"),
        ("mirrors.", "aliyun"),
        ("mirrors.", "cloud"),
        ("mirrors.", "ustc"),
        ("tuna.", "tsinghua"),
    )
)
MACHINE_PATHS = re.compile(r"(?<![\w.~}$/-])(?:" + r"/(?:work|tmp)/|/(?:root)\b|/(?:home|Users)/\w+/)")


def repository_files() -> list[Path]:
    """Return every file that is, or would be, committed."""
    listed = subprocess.run(
        ("git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"),
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = (ROOT / name for name in listed.stdout.split("\0") if name)
    return sorted(file for file in files if file.is_file())


def text_of(file: Path) -> str:
    """Return the text of a file; a photo or an archive has none."""
    content = file.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8")


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


@pytest.mark.parametrize("file", APP_FILES, ids=name_of)
def test_a_module_says_what_it_is_for_and_stays_short(file: Path) -> None:
    source = file.read_text("utf-8")
    assert ast.get_docstring(ast.parse(source)), "the module starts with one sentence: what it is for"
    assert len(source.splitlines()) <= LONGEST, "split it by verb"


def test_no_name_that_says_nothing() -> None:
    vague = [name_of(file) for file in repository_files() if file.suffix == ".py" and file.stem in BANNED_NAMES]
    assert vague == []


@pytest.mark.parametrize("file", sorted((ROOT / "app" / "domain").glob("*.py")), ids=name_of)
def test_the_rules_import_only_the_standard_library(file: Path) -> None:
    """The import contract lists what is forbidden; this catches the next third-party package, too."""
    foreign = [
        name
        for name in imported_modules(ast.parse(file.read_text("utf-8")))
        if name.split(".")[0] not in sys.stdlib_module_names and not name.startswith("app.domain")
    ]
    assert foreign == []


def imported_modules(tree: ast.Module) -> list[str]:
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import)]
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [alias.name for node in imports for alias in node.names] + [str(node.module) for node in froms]


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the business of the machine that installs them."""
    naming = [(name_of(file), host) for file in repository_files() for host in REGISTRY_HOSTS if host in text_of(file)]
    assert naming == []


def test_no_file_names_a_path_of_somebodys_machine() -> None:
    naming = [
        (name_of(file), found[0]) for file in repository_files() if (found := MACHINE_PATHS.search(text_of(file)))
    ]
    assert naming == []


def test_local_links_in_documents_lead_somewhere() -> None:
    dead = [
        (name_of(document), target)
        for document in repository_files()
        if document.suffix == ".md"
        for target in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text_of(document))
        if "://" not in target and not target.startswith("mailto:")
        if not (document.parent / target).exists()
    ]
    assert dead == []
