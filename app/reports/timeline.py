"""A report's journal in words, for the citizen: what happened, when, by whose hands and why."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from app.domain.workflow import Action
from app.journal.queries import PastEvent
from app.reports.schemas import TimelineEntry
from app.texts import has_text, text

# Words of these steps are meant for the citizen; everybody else's notes stay inside.
_NOTE_FOR_CITIZEN = frozenset({Action.REJECT, Action.VOID, Action.RESOLVE, Action.WITHDRAW, Action.RATE})
# These happen inside the house or the unit and are nothing to tell the citizen.
INTERNAL = frozenset({Action.SUBMIT_RESULT, Action.INTERNAL_REWORK, Action.WARN, Action.BREACH, Action.ESCALATE})


_TAKES_BACK = frozenset({Action.INTERNAL_REWORK, Action.REWORK, Action.FAIL_CHECK, Action.RETURN})


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


def given_at(events: Sequence[PastEvent]) -> set[datetime]:
    """Return the instants whose photos came to the citizen with a result.

    A photo carries the instant of the action that brought it. What a handler proposed counts once the lead gives the
    result; what the lead or anybody after sent back before that never does.
    """
    proposed: set[datetime] = set()
    given: set[datetime] = set()
    for event in events:
        if event.action is Action.SUBMIT_RESULT:
            proposed.add(event.at)
        elif event.action is Action.RESOLVE:
            given |= proposed | {event.at}
            proposed = set()
        elif event.action in _TAKES_BACK:
            proposed = set()
    return given


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
