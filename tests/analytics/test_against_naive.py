"""Two hundred random lives, measured a second time by a plain reading of docs/metrics.md, compared in everything."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any

from app.analytics.definitions import Duration
from app.analytics.grouping import GroupBy
from app.analytics.schemas import HandlingTimeRow
from app.domain.limits import Clock
from app.domain.workflow import BESIDE, DESK_OF, TERMINAL, TRANSITIONS, Action, Stage, Status, Target
from app.domain.working_time import BEIJING
from app.journal.write import Actor, Event
from tests.analytics.conftest import LICANG_UM, LICUN_OFFICE, SHINAN_UM, Town

UNITS = (LICANG_UM, LICUN_OFFICE, SHINAN_UM)
LIVES = 200
FIRST, LAST = date(2026, 9, 20), date(2026, 10, 20)
"""Around the National Day holiday and two make-up days."""

STAGES = {
    Stage.ACCEPT: {"submitted"},
    Stage.VERIFY: {"verifying"},
    Stage.FILE: {"accepted"},
    Stage.DISPATCH: {"filed", "returned"},
    Stage.HANDLE: {"dispatched", "handling", "suspended"},
    Stage.REVIEW: {"resolved"},
    Stage.CHECK: {"checking"},
    Stage.CLOSE: {"checked"},
}
"""Written out again from the description of the product, not taken from the program."""


@dataclass
class Step:
    at: datetime
    action: str
    status: str
    holder: str | None


Life = list[Step]
Answer = tuple[int, bool]
"""Seconds, and whether it is still running."""


def wander(rng: random.Random, start: datetime, until: datetime) -> list[Event]:
    """Walk the workflow table at random from `submitted`, at whole seconds."""
    events: list[Event] = []
    at, status, came_from, unit = start, Status.SUBMITTED, Status.SUBMITTED, UNITS[0]
    for _ in range(rng.randrange(80)):
        at += timedelta(seconds=rng.choice([0, 1, 60, 1800, 7200, 80_000]) + rng.randrange(60))
        rows = [row for row in TRANSITIONS if status in row.sources]
        # Words beside the way are many and lead nowhere; ends are soon reached.
        seldom = [row.target in TERMINAL or row.action in BESIDE for row in rows]
        lively = [row for row, is_rare in zip(rows, seldom, strict=True) if not is_rare or rng.random() < 0.15]
        if at > until or not lively:
            break
        row = rng.choice(lively)
        ways = {Target.SAME: status, Target.BACK: came_from}
        target = ways[row.target] if isinstance(row.target, Target) else row.target
        if target in {Status.VERIFYING, Status.SUSPENDED} and target is not status:
            came_from = status
        if row.action is Action.DISPATCH:
            unit = rng.choice(UNITS)
        desk = None if target in TERMINAL else DESK_OF[target]
        holder = None if target in TERMINAL else unit if desk is None else desk.value
        events.append(Event(row.action, at, Actor("user"), status, target, holder))
        status = target
    return events


@dataclass
class Ruler:
    """Which seconds count on which day, and when it is now."""

    clock: Clock
    calendar: dict[date, bool]
    now: datetime

    def __call__(self, since: datetime, until: datetime) -> int:
        if self.clock is Clock.NATURAL:
            return int((until - since).total_seconds())
        return sum(
            worked(day, since, until)
            for day in days(since.astimezone(BEIJING).date(), until.astimezone(BEIJING).date())
            if self.calendar[day]
        )

    def inside(self, life: Life, is_inside: Callable[[Step], bool]) -> list[int]:
        """Return how long each step lasted that `is_inside`, the last one up to now."""
        ends = [step.at for step in life[1:]] + [max(self.now, life[-1].at)]
        return [self(step.at, end) for step, end in zip(life, ends, strict=True) if is_inside(step)]


def worked(day: date, since: datetime, until: datetime) -> int:
    found = 0.0
    for first, last in ((8, 12), (14, 18)):
        opens, ends = (datetime.combine(day, time(hour), tzinfo=BEIJING) for hour in (first, last))
        found += max(0.0, (min(until, ends) - max(since, opens)).total_seconds())
    return int(found)


def naive(life: Life, duration: str, *, ruler: Ruler) -> dict[str, Answer] | str:
    """Return the durations of a life by holder ('' if that does not matter), or why it has none."""
    last = life[-1].status
    if last in {"merged", "withdrawn", "voided"}:
        return last
    if duration.startswith("report_to_"):
        answer = to_milestone(life, duration.removeprefix("report_to_"), ruler=ruler)
    elif duration.startswith("stage_"):
        answer = in_stage(life, STAGES[Stage(duration.removeprefix("stage_"))], ruler=ruler)
    else:
        answer = handled(life, ruler=ruler) if duration == "handle" else held(life, ruler=ruler)
    if answer:
        return answer
    return "rejected" if last == "rejected" else "force_closed" if was_forced(life) is not None else "not_passed"


def is_over(life: Life) -> bool:
    return life[-1].status in {"closed", "rejected"}


def to_milestone(life: Life, what: str, *, ruler: Ruler) -> dict[str, Answer]:
    reached = instant(life, what)
    if reached is not None and not (what == "close" and was_forced(life) is not None):
        return {"": (ruler(life[0].at, reached), False)}
    return {} if is_over(life) else {"": (ruler(life[0].at, max(ruler.now, life[0].at)), True)}


def in_stage(life: Life, statuses: set[str], *, ruler: Ruler) -> dict[str, Answer]:
    inside, forced = ruler.inside(life, lambda step: step.status in statuses), was_forced(life)
    if not inside or (forced is not None and forced.status in statuses):
        return {}
    return {"": (sum(inside), life[-1].status in statuses)}


def handled(life: Life, *, ruler: Ruler) -> dict[str, Answer]:
    inside = ruler.inside(life, lambda step: step.status in {"dispatched", "handling"})
    last = life[-1].status
    is_owed = last not in {"resolved", "checking", "checked"} and not (last == "closed" and kept_its_result(life))
    return {"": (sum(inside), is_owed)} if inside and not (is_owed and is_over(life)) else {}


def held(life: Life, *, ruler: Ruler) -> dict[str, Answer]:
    forced = was_forced(life)
    spans = {unit: ruler.inside(life, lambda step, unit=unit: step.holder == unit) for unit in UNITS}  # type: ignore[misc]  # a default binds the loop's unit
    return {
        unit: (sum(inside), life[-1].holder == unit)
        for unit, inside in spans.items()
        if inside and not (forced is not None and forced.holder == unit)
    }


def instant(life: Life, what: str) -> datetime | None:
    if what == "close":
        if life[-1].status != "closed":
            return None
        return next(after.at for before, after in pairs(life) if before.status != "closed")
    action = {"accept": "accept", "dispatch": "dispatch", "feedback": "resolve"}[what]
    return next((step.at for step in life if step.action == action), None)


def pairs(life: Life) -> list[tuple[Step, Step]]:
    """Return neighbours, the newest first."""
    return list(pairwise(life))[::-1]


def was_forced(life: Life) -> Step | None:
    if life[-1].status != "closed":
        return None
    before, after = next(pair for pair in pairs(life) if pair[0].status != "closed")
    return before if after.action == "force_close" else None


def kept_its_result(life: Life) -> bool:
    """Say whether a closed report was closed on a result that nobody had sent back."""
    for step in reversed(life):
        if step.action == "resolve":
            return True
        if step.status in STAGES[Stage.HANDLE] | STAGES[Stage.DISPATCH] | STAGES[Stage.FILE]:
            return False
    return False


def nth(values: list[int], q: str) -> int | None:
    return sorted(values)[max(1, ceil(Fraction(q) * len(values))) - 1] if values else None


def test_the_figures_agree_with_a_plain_reading_of_their_definitions(town: Town) -> None:
    rng = random.Random(20261120)
    calendar = {day: town.world.city.calendar.is_workday(day) for day in days(FIRST, date(2026, 11, 25))}
    lives: dict[str, Life] = {}
    for _ in range(LIVES):
        start = datetime.combine(FIRST, time(), tzinfo=BEIJING).astimezone(UTC) + timedelta(
            seconds=rng.randrange(((LAST - FIRST).days + 1) * 86_400)
        )
        number = town.report(at=start)
        events = wander(rng, start, town.now)
        if events:
            town.write(number, events)
        born = Step(start, "submit", "submitted", "acceptance")
        lives[number] = [born, *(Step(e.at, e.action.value, e.to_status.value, e.holder) for e in events)]
    assert {step.status for life in lives.values() for step in life} == {status.value for status in Status}
    for duration in Duration:
        for clock in Clock:
            ruler = Ruler(clock, calendar, town.now)
            expected = {number: naive(life, duration.value, ruler=ruler) for number, life in lives.items()}
            compare(town, duration, clock, expected)


def compare(town: Town, duration: Duration, clock: Clock, expected: dict[str, dict[str, Answer] | str]) -> None:
    asked: dict[str, Any] = {"duration": duration, "clock": clock, "since": FIRST, "until": LAST}
    answers = {
        (number, who): each
        for number, found in expected.items()
        if not isinstance(found, str)
        for who, each in found.items()
    }
    is_held = duration is Duration.HELD_BY_UNIT
    behind = {
        (each.number, each.unit.code if is_held and each.unit else ""): (each.duration_s, each.is_open)
        for each in town.open_row(limit=100, **asked)
    }
    assert behind == answers, duration
    total = town.ask(**asked).total
    check_row(total, list(answers.values()))
    assert total.reports == LIVES
    reasons = [found for found in expected.values() if isinstance(found, str)]
    assert {reason: count for reason, count in total.left_out.model_dump().items() if count} == {
        reason: reasons.count(reason) for reason in set(reasons)
    }
    if is_held:
        by_unit = {row.key: row for row in town.ask(group_by=GroupBy.UNIT, **asked).rows if row.n + row.open}
        assert by_unit.keys() == {who for _, who in answers}
        for who, row in by_unit.items():
            check_row(row, [each for (_, unit), each in answers.items() if unit == who])


def check_row(row: HandlingTimeRow, answers: list[Answer]) -> None:
    done = [length for length, is_open in answers if not is_open]
    waiting = [length for length, is_open in answers if is_open]
    assert (row.n, row.open) == (len(done), len(waiting))
    assert (row.min_s, row.max_s) == (min(done, default=None), max(done, default=None))
    assert (row.p50_s, row.p75_s, row.p90_s) == (nth(done, "0.5"), nth(done, "0.75"), nth(done, "0.9"))
    assert (row.p95_s, row.p99_s) == (nth(done, "0.95"), nth(done, "0.99"))
    assert row.mean_s == (round(sum(done) / len(done), 1) if done else None)
    assert row.within_1h == (round(sum(each <= 3600 for each in done) / len(done), 4) if done else None)
    assert row.longest_open_s == max(waiting, default=None)


def days(first: date, last: date) -> list[date]:
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
