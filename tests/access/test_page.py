"""docs/access.md says what the tables say; where they differ, the assertion shows the rows that belong there."""

from collections.abc import Iterable
from enum import Enum
from pathlib import Path

from app.access_docs import PUBLIC
from app.domain.roles import ACTS_ON, PERMISSIONS, SEES, Permission, Role, Rows
from app.domain.workflow import ASSISTING_MAY, OPEN, TRANSITIONS, Action, Status, Transition
from app.texts import text

PAGE = (Path(__file__).parents[2] / "docs" / "access.md").read_text("utf-8")


def section(title: str) -> list[str]:
    """Return the rows of the table, or the points of the list, under a heading."""
    lines = PAGE.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0].splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    return rows or [line for line in lines if line.startswith("* ")]


def codes(members: Iterable[Enum], kind: type[Enum]) -> str:
    chosen = set(members)
    return ", ".join(member.value for member in kind if member in chosen)


def row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def test_the_roles() -> None:
    assert section("Roles and rows") == [
        row(
            f"`{role.value}`",
            text(f"role.{role.value}"),
            "、".join(text(f"rows.{kind.value}") for kind in Rows if kind in SEES[role]),
            "、".join(text(f"rows.{kind.value}") for kind in Rows if kind in ACTS_ON[role]),
        )
        for role in Role
    ]


def test_the_permissions() -> None:
    assert section("Permissions") == [
        row(f"`{permission.value}`", everybody_or(PERMISSIONS[permission])) for permission in Permission
    ]


def everybody_or(roles: frozenset[Role]) -> str:
    return "everybody" if roles == frozenset(Role) else codes(roles, Role)


def test_the_actions() -> None:
    assert section("Actions") == [action_row(transition) for transition in TRANSITIONS]


def action_row(transition: Transition) -> str:
    known = {frozenset(Status): "any status", OPEN: "any open status", frozenset[Status](): "none yet"}
    return row(
        f"`{transition.action.value}`",
        text(f"action.{transition.action.value}"),
        known.get(transition.sources) or codes(transition.sources, Status),
        codes(transition.roles, Role) or "nobody",
        "yes" if transition.by_rule else "",
    )


def test_what_assisting_units_may() -> None:
    assert section("Assisting units") == [f"* `{action.value}`" for action in Action if action in ASSISTING_MAY]


def test_the_public_endpoints() -> None:
    assert section("Without logging in") == [f"* `{name}`" for name in sorted(PUBLIC)]
