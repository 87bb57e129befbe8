"""This will append what happened to a report's chain, in the caller's transaction."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, SQLModel

from app.domain.workflow import Action, Status
from app.journal.chain import Head, NewEntry, link_hash, text_hash
from app.journal.models import JournalText

# Into the tables and past the ORM, which would sort the entries by which of their columns are null: measured in bench.
_ADD_ENTRIES = insert(SQLModel.metadata.tables["journal_entry"])
_ADD_TEXTS = insert(SQLModel.metadata.tables["journal_text"])


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did it: a user in a role, a published rule, or the clock."""

    kind: str
    user_id: int | None = None
    role: str = ""


RULE = Actor("rule")
CLOCK = Actor("clock")


@dataclass(frozen=True, slots=True)
class Event:
    """One step to be journalled; `facts` hold ids and figures, `text` what a person wrote."""

    action: Action
    at: datetime
    actor: Actor
    from_status: Status | None
    to_status: Status
    holder: str | None
    facts: dict[str, Any] = field(default_factory=dict)
    text: str | None = None


@dataclass(frozen=True, slots=True)
class Links:
    """Entries linked into a chain but not yet stored, and the new head."""

    entries: tuple[NewEntry, ...]
    texts: tuple[JournalText, ...]
    head: Head


def link(number: str, head: Head, events: Sequence[Event]) -> Links:
    """Chain events, oldest first, behind `head`; nothing is stored, so a report may be born with its head."""
    entries: list[NewEntry] = []
    texts: list[JournalText] = []
    for event in events:
        entry = _entry(head, event)
        if event.text:
            salt = secrets.token_hex(8)
            entry.text_hash = text_hash(salt, event.text)
            texts.append(JournalText(report_id=0, seq=entry.seq, salt=salt, text=event.text))
        entry.hash = link_hash(number, entry)
        head = Head(entry.seq, entry.hash)
        entries.append(entry)
    return Links(tuple(entries), tuple(texts), head)


def store(session: Session, report_id: int, links: Links) -> None:
    """Append linked entries to the journal in one or two statements.

    Whoever calls this holds the report's row lock, so no two writers can extend one chain.
    """
    session.execute(_ADD_ENTRIES, [_row(report_id, entry) for entry in links.entries])
    if links.texts:
        session.execute(_ADD_TEXTS, [text.model_dump() | {"report_id": report_id} for text in links.texts])


def _row(report_id: int, entry: NewEntry) -> dict[str, Any]:
    return {"report_id": report_id} | {name: getattr(entry, name) for name in NewEntry.__slots__}


def _entry(head: Head, event: Event) -> NewEntry:
    return NewEntry(
        seq=head.seq + 1,
        at=event.at,
        action=event.action,
        actor_kind=event.actor.kind,
        actor_id=event.actor.user_id,
        actor_role=event.actor.role,
        from_status=event.from_status,
        to_status=event.to_status,
        holder=event.holder,
        facts=event.facts,
        text_hash=None,
        prev_hash=head.hash,
    )
