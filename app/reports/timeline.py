"""A report's journal in words, for the citizen: what happened, when, by whose hands and why."""

from collections.abc import Mapping, Sequence

from app.domain.workflow import Action
from app.journal.queries import PastEvent
from app.reports.schemas import TimelineEntry
from app.texts import has_text, text

# Words of these steps are meant for the citizen; everybody else's notes stay inside.
_NOTE_FOR_CITIZEN = frozenset({Action.REJECT, Action.VOID, Action.RESOLVE, Action.WITHDRAW, Action.RATE})
# These happen inside the house or the unit and are nothing to tell the citizen.
INTERNAL = frozenset({Action.SUBMIT_RESULT, Action.INTERNAL_REWORK, Action.WARN, Action.BREACH, Action.ESCALATE})


def timeline(
    entries: Sequence[PastEvent], texts: Mapping[int, tuple[str, str | None]], *, is_staff: bool
) -> list[TimelineEntry]:
    """Return the steps a reader may see, oldest first; staff see all of them and every note."""
    return [
        TimelineEntry(
            at=entry.at,
            action=entry.action,
            status=entry.status,
            text=words(entry),
            note=_note(entry, texts, is_staff=is_staff),
        )
        for entry in entries
        if is_staff or entry.action not in INTERNAL
    ]


def words(entry: PastEvent) -> str:
    """Return a step in a sentence."""
    key = f"timeline.{entry.action.value}"
    if entry.action is Action.DISPATCH and "basis" in entry.facts:
        key = "timeline.dispatch_basis"
    return text(key, **entry.facts) if has_text(key) else text(f"action.{entry.action.value}")


def _note(entry: PastEvent, texts: Mapping[int, tuple[str, str | None]], *, is_staff: bool) -> str | None:
    if not is_staff and entry.action not in _NOTE_FOR_CITIZEN:
        return None
    _, words = texts.get(entry.seq, ("", None))
    return words
