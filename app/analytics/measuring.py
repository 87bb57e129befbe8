"""One report's history into the duration asked for, or the reason why it has none; the meaning is docs/metrics.md's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.analytics.definitions import MILESTONE_OF, STAGE_MEASURED, Duration, LeftOut
from app.domain.durations import (
    Happening,
    Measure,
    Milestone,
    Span,
    confirmed_handling_end,
    handle_spans,
    holder_spans,
    milestones,
    stage_spans,
    total,
)
from app.domain.workflow import STAGE_OF, TERMINAL, Action, Desk, Stage, Status

_DESKS = frozenset(desk.value for desk in Desk)
_NEVER = {
    Status.MERGED: LeftOut.MERGED,
    Status.WITHDRAWN: LeftOut.WITHDRAWN,
    Status.VOIDED: LeftOut.VOIDED,
}


@dataclass(frozen=True, slots=True)
class Measured:
    """A duration in whole seconds of the clock asked for; `until` is None while it lasts, then it is up to now.

    `stays` is how many times the report was there, `unit` who held it (for held_by_unit only).
    """

    seconds: int
    since: datetime
    until: datetime | None
    stays: int = 1
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Stopwatch:
    """Which seconds count, and when it is now."""

    count: Measure
    now: datetime

    def between(self, since: datetime, until: datetime | None) -> int:
        # The request may have read the clock before the newest entry was written.
        return self.count(since, max(self.now, since) if until is None else until)

    def over(self, stays: Sequence[Span]) -> int:
        return total(stays, measure=self.count, until=max(self.now, stays[-1].since))


def measure(history: Sequence[Happening], duration: Duration, *, watch: Stopwatch) -> list[Measured] | LeftOut:
    """Return the durations of a report, one unless several units held it.

    A merged, withdrawn or voided report has none, whatever it reached before.
    """
    never = _NEVER.get(history[-1].status)
    if never is not None:
        return never
    if duration in MILESTONE_OF:
        found = _to_milestone(history, MILESTONE_OF[duration], watch=watch)
    elif duration in STAGE_MEASURED:
        found = _in_stage(history, STAGE_MEASURED[duration], watch=watch)
    else:
        found = _WITH_UNITS[duration](history, watch)
    return found or _reason(history)


def _to_milestone(history: Sequence[Happening], milestone: Milestone, *, watch: Stopwatch) -> list[Measured]:
    reached = milestones(history).get(milestone)
    is_over = reached is None and history[-1].status in TERMINAL
    if is_over or (milestone is Milestone.CLOSE and _forced(history)):
        return []
    since = history[0].at
    return [Measured(watch.between(since, reached), since, reached)]


def _in_stage(history: Sequence[Happening], stage: Stage, *, watch: Stopwatch) -> list[Measured]:
    stays = [span for span in stage_spans(history) if span.key == stage.value]
    cut = _forced(history)
    if not stays or (cut is not None and STAGE_OF.get(cut.status) is stage):
        return []
    return [_sum(stays, watch=watch)]


def _handle(history: Sequence[Happening], watch: Stopwatch) -> list[Measured]:
    stays = handle_spans(history)
    end = confirmed_handling_end(history)
    if not stays or (end is None and history[-1].status in TERMINAL):
        return []
    seconds = sum(watch.between(stay.since, stay.until) for stay in stays)
    return [Measured(seconds, stays[0].since, end, len(stays))]


def _held(history: Sequence[Happening], watch: Stopwatch) -> list[Measured]:
    held: dict[str, list[Span]] = {}
    for span in holder_spans(history):
        if span.key not in _DESKS:
            held.setdefault(span.key, []).append(span)
    cut = _forced(history)
    return [_sum(stays, watch=watch, unit=unit) for unit, stays in held.items() if cut is None or cut.holder != unit]


_WITH_UNITS: dict[Duration, Callable[[Sequence[Happening], Stopwatch], list[Measured]]] = {
    Duration.HANDLE: _handle,
    Duration.HELD_BY_UNIT: _held,
}


def _sum(stays: Sequence[Span], *, watch: Stopwatch, unit: str | None = None) -> Measured:
    return Measured(watch.over(stays), stays[0].since, stays[-1].until, len(stays), unit)


def _forced(history: Sequence[Happening]) -> Happening | None:
    """Return where a report stood when it was closed by force; None when it was not, or is no longer closed."""
    if history[-1].status is not Status.CLOSED:
        return None
    for before, after in zip(reversed(history[:-1]), reversed(history), strict=False):
        if before.status is not Status.CLOSED:
            return before if after.action is Action.FORCE_CLOSE else None
    return None


def _reason(history: Sequence[Happening]) -> LeftOut:
    if history[-1].status is Status.REJECTED:
        return LeftOut.REJECTED
    return LeftOut.FORCE_CLOSED if _forced(history) else LeftOut.NOT_PASSED


def judge(history: Sequence[Happening], duration: Duration, *, due_at: datetime | None, now: datetime) -> bool | None:
    """Say whether a measured report kept its deadline; None where that is not, or not yet, decided.

    Handling is judged by the last result that was not sent back, closing by the last close. Exactly at the deadline
    is in time.
    """
    if due_at is None or duration not in _JUDGED_BY:
        return None
    end = _JUDGED_BY[duration](history)
    if end is not None:
        return end <= due_at
    return False if now > due_at else None


_JUDGED_BY: dict[Duration, Callable[[Sequence[Happening]], datetime | None]] = {
    Duration.REPORT_TO_FEEDBACK: confirmed_handling_end,
    Duration.HANDLE: confirmed_handling_end,
    Duration.REPORT_TO_CLOSE: lambda history: milestones(history).get(Milestone.CLOSE),
}
