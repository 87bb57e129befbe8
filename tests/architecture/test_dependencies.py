"""Every dependency is explained, and the locks pin what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))


def canonical(requirement: str) -> str:
    """Return the name of a requirement, normalised: lower case, one dash for any run of `-_.`."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert found, requirement
    return re.sub(r"[-_.]+", "-", found[0]).lower()


RUNTIME = {canonical(line) for line in PROJECT["project"]["dependencies"]}
EXTRAS = {
    name: {canonical(line) for line in lines} for name, lines in PROJECT["project"]["optional-dependencies"].items()
}
GROUPS = {name: {canonical(line) for line in lines} for name, lines in PROJECT["dependency-groups"].items()}
BUILD = {canonical(line) for line in PROJECT["build-system"]["requires"]}


def pinned(lock: str) -> dict[str, str]:
    """Return name -> version of a lock."""
    text = (ROOT / "requirements" / lock).read_text("utf-8")
    return {canonical(name): version for name, version in re.findall(r"^(\S+?)==(\S+)", text, flags=re.MULTILINE)}


def test_every_dependency_has_its_one_line_of_reason() -> None:
    page = (ROOT / "docs" / "dependencies.md").read_text("utf-8")
    explained = [canonical(name) for name in re.findall(r"^\| `([^`]+)` \|", page, flags=re.MULTILINE)]
    assert sorted(explained) == sorted(RUNTIME.union(*EXTRAS.values()) | BUILD | GROUPS["dev"] | GROUPS["build"])


@pytest.mark.parametrize(
    ("lock", "asked"),
    [
        ("runtime.lock", RUNTIME | EXTRAS["postgres"] | GROUPS["build"] | BUILD),
        ("dev.lock", RUNTIME.union(*EXTRAS.values()) | GROUPS["build"] | BUILD | GROUPS["dev"]),
    ],
)
def test_a_lock_pins_everything_that_is_asked_for(lock: str, asked: set[str]) -> None:
    assert asked - set(pinned(lock)) == set()


def test_a_server_need_not_carry_what_only_training_uses() -> None:
    assert EXTRAS["train"] & set(pinned("runtime.lock")) == set()


def test_both_locks_agree() -> None:
    developing = pinned("dev.lock")
    assert {name: developing.get(name) for name in pinned("runtime.lock")} == pinned("runtime.lock")


@pytest.mark.parametrize("lock", ["runtime.lock", "dev.lock"])
def test_a_lock_holds_nothing_but_names_versions_and_hashes(lock: str) -> None:
    text = (ROOT / "requirements" / lock).read_text("utf-8")
    unhashed = [entry for entry in re.split(r"^(?=\S)", text, flags=re.MULTILINE) if entry and "sha256:" not in entry]
    assert unhashed == []
    assert "://" not in text
    assert "--index" not in text


def test_the_newest_version_asked_for_is_the_one_locked_or_older() -> None:
    """A lower bound above its pin would mean that somebody edited pyproject.toml and forgot `make lock`."""
    lines = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
    bounds = {canonical(line): found[1] for line in lines if (found := re.search(r">=([\d.]+)", line))}
    locked = pinned("dev.lock")
    too_old = {name: locked[name] for name, bound in bounds.items() if numbers(locked[name]) < numbers(bound)}
    assert too_old == {}


def numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))
