"""Store judged components, a chunk in each transaction of the caller: the same file a second time changes nothing."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from app.components.importing.judging import Row
from app.components.models import Component
from app.infra.upsert import insert_into

CHUNK = 2_000
"""Rows of one transaction: a tenth of a second, so that whoever reports something meanwhile hardly waits."""

_PREFIX = slice(0, 11)
"""County and class of a component code."""


@dataclass(frozen=True, slots=True)
class Change:
    """How many components were new, told otherwise than before, and the same."""

    new: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: "Change") -> "Change":
        return Change(self.new + other.new, self.changed + other.changed, self.same + other.same)


def chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while chunk := list(islice(left, CHUNK)):
        yield chunk


def compare(session: Session, rows: Sequence[Row]) -> tuple[Change, list[Row]]:
    """Return what storing these rows would do, and the rows that would be written."""
    codes = [row["code"] for row in rows]
    stored = {each.code: each for each in session.exec(select(Component).where(col(Component.code).in_(codes)))}
    new = [row for row in rows if row["code"] not in stored]
    changed = [row for row in rows if row["code"] in stored and _differs(stored[row["code"]], row)]
    return Change(len(new), len(changed), len(rows) - len(new) - len(changed)), new + changed


def _differs(stored: Component, row: Row) -> bool:
    return any(getattr(stored, name) != value for name, value in row.items())


def store(session: Session, rows: Sequence[Row], *, source: str, now: datetime) -> Change:
    """Write what is new or different; a component that had been removed is there again."""
    change, written = compare(session, rows)
    if written:
        add = insert_into(session, Component)
        given: Any = add.excluded
        names = [*(name for name in written[0] if name != "code"), "source", "changed_at"]
        add = add.on_conflict_do_update(index_elements=["code"], set_={name: given[name] for name in names})
        session.connection().execute(add, [row | {"source": source, "changed_at": now} for row in written])
    return change


def prefixes(codes: Iterable[str]) -> list[str]:
    """Return the counties with classes that a file is about."""
    return sorted({code[_PREFIX] for code in codes})


def missing(session: Session, prefix: str, *, codes: Collection[str]) -> list[str]:
    """Return the components of a county and class that are there and that a file does not name."""
    there = select(Component.code).where(
        col(Component.code) >= prefix, col(Component.code) <= f"{prefix}999999", col(Component.is_removed).is_(False)
    )
    return [code for code in session.exec(there) if code not in codes]


def remove(session: Session, codes: Sequence[str], *, now: datetime) -> None:
    """Mark components as removed; their rows stay, for reports name them."""
    gone = update(Component).where(col(Component.code).in_(codes))
    session.execute(gone.values(is_removed=True, changed_at=now))
