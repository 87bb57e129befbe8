"""The hash chain of one report's entries: how a link is computed and where a chain breaks."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

import orjson

from app.domain.workflow import Action, Status
from app.journal.models import JournalEntry

GENESIS = "0" * 64


@dataclass(frozen=True, slots=True)
class Head:
    """The newest link of a chain: how many entries there are and the last one's hash."""

    seq: int = 0
    hash: str = GENESIS


@dataclass(slots=True)
class NewEntry:
    """An entry on its way into the journal: the columns of `JournalEntry` without the report's id.

    Not the table's class, because building four of those was a tenth of what a submission costs.
    """

    seq: int
    at: datetime
    action: Action
    actor_kind: str
    actor_id: int | None
    actor_role: str
    from_status: Status | None
    to_status: Status
    holder: str | None
    facts: dict[str, Any]
    text_hash: str | None
    prev_hash: str
    hash: str = ""


Entry = JournalEntry | NewEntry


class BreakKind(str, Enum):
    """What is wrong with a chain at one entry."""

    ALTERED = "altered"
    MISSING = "missing"
    REORDERED = "reordered"
    TEXT_ALTERED = "text_altered"
    REWRITTEN = "rewritten"


@dataclass(frozen=True, slots=True)
class Break:
    """The first place where a report's chain does not hold."""

    number: str
    seq: int
    kind: BreakKind


def link_hash(number: str, entry: Entry) -> str:
    """Return the SHA-256 (hex) of an entry's canonical form: sorted keys, UTC microseconds, no white space.

    `number` is the report's public number: unlike the row id it is known before the row is written.
    """
    content = {
        "report": number,
        "seq": entry.seq,
        "at": entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "action": entry.action.value,
        "actor_kind": entry.actor_kind,
        "actor_id": entry.actor_id,
        "actor_role": entry.actor_role,
        "from": entry.from_status.value if entry.from_status else None,
        "to": entry.to_status.value,
        "holder": entry.holder,
        "facts": entry.facts,
        "text_hash": entry.text_hash,
        "prev": entry.prev_hash,
    }
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def text_hash(salt: str, text: str) -> str:
    return hashlib.sha256(f"{salt}\n{text}".encode()).hexdigest()


def first_break(number: str, entries: Iterable[Entry], head: Head) -> Break | None:
    """Walk a chain, oldest first, and return its first break; `head` is what the report itself remembers."""
    expected = Head()
    previous_at = None
    for entry in entries:
        if entry.seq != expected.seq + 1:
            return Break(number, expected.seq + 1, BreakKind.MISSING)
        if entry.prev_hash != expected.hash or (previous_at is not None and entry.at < previous_at):
            return Break(number, entry.seq, BreakKind.REORDERED)
        if link_hash(number, entry) != entry.hash:
            return Break(number, entry.seq, BreakKind.ALTERED)
        expected, previous_at = Head(entry.seq, entry.hash), entry.at
    if expected.seq < head.seq:
        return Break(number, expected.seq + 1, BreakKind.MISSING)
    if expected != head:
        return Break(number, expected.seq, BreakKind.ALTERED)
    return None


def anchor_break(number: str, entries: Sequence[JournalEntry], anchor: Head) -> Break | None:
    """Compare a chain that holds in itself with a head that was written down outside the database.

    The hashes have no key: whoever may write the database can compute a whole chain anew. Only a copy of the head
    that they cannot reach tells.
    """
    if anchor.seq > len(entries) or entries[anchor.seq - 1].hash != anchor.hash:
        return Break(number, anchor.seq, BreakKind.REWRITTEN)
    return None


def text_breaks(
    number: str, entries: Iterable[JournalEntry], texts: dict[int, tuple[str, str | None]]
) -> Iterator[Break]:
    """Yield entries whose kept text no longer has the hash that was journalled.

    Erased text (None) is fine, a row that is gone or too many is not.
    """
    for entry in entries:
        salt, text = texts.get(entry.seq, ("", None))
        is_gone = (entry.text_hash is not None) != (entry.seq in texts)
        if is_gone or (text is not None and entry.text_hash != text_hash(salt, text)):
            yield Break(number, entry.seq, BreakKind.TEXT_ALTERED)
