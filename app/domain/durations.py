"""Handling time out of a report's history: milestones, time per stage and time per holder.

Definitions are those of docs/metrics.md; nothing here reads a column that an action could set directly, only the
instants and statuses of what happened.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from app.domain.workflow import STAGE_OF, WITH_UNIT, Action, Stage, Status


@dataclass(frozen=True, slots=True)
class Happening:
    """One status-relevant entry of a report's journal; `holder` is the desk or unit that holds it from then on."""

    at: datetime
    action: Action
    status: Status
    holder: str | None


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open interval of a report's life; `until` is None while it lasts."""

    key: str
    since: datetime
    until: datetime | None


class Milestone(str, Enum):
    """Durations measured from submission; definitions in docs/metrics.md."""

    ACCEPT = "report_to_accept"
    DISPATCH = "report_to_dispatch"
    FEEDBACK = "report_to_feedback"
    CLOSE = "report_to_close"


Measure = Callable[[datetime, datetime], int]


def _spans(history: Sequence[Happening], key_of: Callable[[Happening], str | None]) -> list[Span]:
    """Cut a history, oldest first, into maximal runs of one key; entries without a key end the run."""
    spans: list[Span] = []
    key: str | None = None
    since: datetime | None = None
    for happening in history:
        new_key = key_of(happening)
        if new_key == key:
            continue
        if key is not None and since is not None:
            spans.append(Span(key, since, happening.at))
        key, since = new_key, happening.at
    if key is not None and since is not None:
        spans.append(Span(key, since, None))
    return spans


def stage_spans(history: Sequence[Happening]) -> list[Span]:
    """Return each stay in a stage, oldest first; the stays of one report touch and do not overlap."""

    def stage_key(happening: Happening) -> str | None:
        stage = STAGE_OF.get(happening.status)
        return stage.value if stage else None

    return _spans(history, stage_key)


def holder_spans(history: Sequence[Happening]) -> list[Span]:
    """Return each stay with one desk or unit, oldest first."""
    return _spans(history, lambda happening: happening.holder)


def handle_spans(history: Sequence[Happening]) -> list[Span]:
    """Return the running parts of handling: with the unit, not returned and not suspended."""
    return _spans(history, lambda happening: Stage.HANDLE.value if happening.status in WITH_UNIT else None)


def total(spans: Iterable[Span], *, measure: Measure, until: datetime) -> int:
    """Add up spans in the seconds of `measure`; a span still open counts up to `until`."""
    return sum(measure(span.since, span.until or until) for span in spans)


def milestones(history: Sequence[Happening]) -> dict[Milestone, datetime]:
    """Return when a report reached what it has reached.

    Acceptance, dispatch and feedback count the first time, closing the last. Rejection, voiding and withdrawal are
    no feedback. A report that left `closed` again (reopened, voided) is not closed.
    """
    reached: dict[Milestone, datetime] = {}
    for happening in history:
        if happening.action is Action.ACCEPT:
            reached.setdefault(Milestone.ACCEPT, happening.at)
        elif happening.action is Action.DISPATCH:
            reached.setdefault(Milestone.DISPATCH, happening.at)
        elif happening.action is Action.RESOLVE:
            reached.setdefault(Milestone.FEEDBACK, happening.at)
        if happening.status is not Status.CLOSED:
            reached.pop(Milestone.CLOSE, None)
        elif Milestone.CLOSE not in reached:
            reached[Milestone.CLOSE] = happening.at
    return reached


def feedback_overturned(history: Sequence[Happening]) -> bool:
    """Tell whether a result that the citizen was shown was later sent back for rework."""
    return any(happening.action in {Action.REWORK, Action.FAIL_CHECK} for happening in history)


def confirmed_handling_end(history: Sequence[Happening]) -> datetime | None:
    """Return when the unit's last result that was not sent back was given; None while it is owed."""
    end: datetime | None = None
    for happening in history:
        if happening.action is Action.RESOLVE:
            end = happening.at
        elif STAGE_OF.get(happening.status) in {Stage.HANDLE, Stage.DISPATCH, Stage.FILE}:
            end = None
    return end
