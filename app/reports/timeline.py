"""A report's journal in words, for the citizen: what happened, when, by whose hands and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.domain.workflow import Action
from app.journal.queries import PastEvent
from app.reports.schemas import TimelineEntry
from app.texts import has_text, text

# Words of these steps are meant for the citizen; everybody else's notes stay inside.
_NOTE_FOR_CITIZEN = frozenset(
    {
        Action.REJECT,
        Action.VOID,
        Action.RESOLVE,
        Action.REFUSE_REOPEN,
        # Their own words.
        Action.WITHDRAW,
        Action.SUPPLEMENT,
        Action.RATE,
        Action.REQUEST_REOPEN,
    }
)
# These happen inside the house or the unit and are nothing to tell the citizen.
INTERNAL = frozenset(
    {
        Action.SUBMIT_RESULT,
        Action.INTERNAL_REWORK,
        Action.NOTE,
        Action.WARN,
        Action.BREACH,
        Action.ESCALATE,
    }
)
TOLD_TO_FOLLOWERS = frozenset(
    {
        Action.ACCEPT,
        Action.REJECT,
        Action.REQUEST_VERIFICATION,
        Action.REPORT_VERIFICATION,
        Action.FILE,
        Action.VOID,
        Action.DISPATCH,
        Action.SIGN,
        Action.ASSIGN,
        Action.RETURN,
        Action.SEND_BACK,
        Action.RESOLVE,
        Action.PASS_REVIEW,
        Action.REWORK,
        Action.PASS_CHECK,
        Action.FAIL_CHECK,
        Action.CLOSE,
        Action.ACCEPT_REOPEN,
    }
)
"""What the house does with a master; what its own reporter does and says is not for those who follow it."""

TOLD_TO_JOINERS = TOLD_TO_FOLLOWERS | {Action.MERGE, Action.UNMERGE}
"""Whoever joined a report has none of their own whose merging they would hear of."""

_TAKES_BACK = frozenset(
    {
        Action.INTERNAL_REWORK,
        Action.REWORK,
        Action.FAIL_CHECK,
        Action.RETURN,
        Action.SEND_BACK,
        Action.MERGE,
        Action.ACCEPT_REOPEN,
    }
)


@dataclass(frozen=True, slots=True)
class Result:
    """A result as it was given: the entry with its words, and the instants whose photos came with it."""

    seq: int
    photos_at: frozenset[datetime]


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
    """Return the instants whose photos came to the citizen with a result, whether it was sent back later or not."""
    return {at for result in _results(events) if result is not None for at in result.photos_at}


def standing_result(events: Sequence[PastEvent]) -> Result | None:
    """Return the last result, unless it was sent back."""
    return _results(events)[-1] if events else None


def _results(events: Sequence[PastEvent]) -> list[Result | None]:
    """Return the result that stands after each event.

    A photo carries the instant of the action that brought it. What a handler proposed counts once the lead gives the
    result; what the lead or anybody after sent back before that never does.
    """
    proposed: set[datetime] = set()
    standing: list[Result | None] = []
    result: Result | None = None
    for event in events:
        if event.action is Action.SUBMIT_RESULT:
            proposed.add(event.at)
        elif event.action is Action.RESOLVE:
            result = Result(event.seq, frozenset(proposed | {event.at}))
            proposed = set()
        elif event.action in _TAKES_BACK:
            result, proposed = None, set()
        standing.append(result)
    return standing


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
