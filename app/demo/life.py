"""A generated report's life: where it stands decides who does what next, and when; its fate decides the turns."""

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from app.city.facts import ConditionFact
from app.demo.deeds import Step
from app.demo.plan import Planned, Submission
from app.demo.shifts import ALL_NIGHT, AWAKE, DESK, ON_THE_ROAD, Shift, delay, reached
from app.domain.limits import add_seconds
from app.domain.roles import Role
from app.domain.workflow import Status
from app.reports.actions.schemas import Score
from app.reports.models import Report
from app.reports.world import World
from app.texts import text

RETURNS_BEFORE_RULING = 2
NIGHT_WORK = frozenset({"street_vending"})
QUICKEST_S = 8 * 60
"""Nobody signs, drives, clears and photographs in less."""

AGAIN = 0.3
"""Handling a second time takes this share of the limit, in the median."""


@dataclass
class Life:
    """One generated report; it lives from the plan and its own dice, so that no other report changes its course."""

    planned: Planned
    world: World
    dice: random.Random
    _turns_taken: set[str] = field(default_factory=set)
    _handled_from: datetime | None = None
    _handling_s: int = 0

    @property
    def submission(self) -> Submission:
        return self.planned.submission

    def next_step(self, report: Report, *, now: datetime) -> Step | None:
        """Return what happens to the report after `now`; None when it is over."""
        course = _COURSES.get(report.status)
        return course(self, report, now) if course else None

    def takes_turn(self, turn: str) -> bool:
        """Say whether fate has this turn in store; each is taken once."""
        if turn in self._turns_taken or not getattr(self.planned.fate, f"is_{turn}"):
            return False
        self._turns_taken.add(turn)
        return True

    def shift(self, usual: Shift) -> Shift:
        return ALL_NIGHT if self.submission.shows in NIGHT_WORK else usual

    def pick(self, what: str, many: int) -> str:
        return text(f"demo.reason.{what}.{self.dice.randrange(many)}")

    def desk(self, role: Role, deed: str, now: datetime, minutes: float, *, words: str = "", choice: str = "") -> Step:
        """Return a step at a desk, reached during its shift."""
        shift = DESK if role in {Role.ACCEPTOR, Role.DISPATCHER, Role.SUPERVISOR} else self.shift(ON_THE_ROAD)
        return Step(reached(self.dice, now, minutes, shift), role, deed, words, choice)

    def handling(self, report: Report, *, share: float, now: datetime) -> datetime:
        """Return when a share of the handling is done, on the clock of the limit: by day, or around the clock."""
        if self._handled_from is None:
            self._handled_from, self._handling_s = now, self._whole_handling(report)
        condition = self.world.city.condition(report.condition_id or 0)
        seconds = round(self._handling_s * share)
        at = add_seconds(self.world.city.calendar, condition.limit.clock, self._handled_from, seconds)
        return max(at, now + delay(self.dice, 2))

    def _whole_handling(self, report: Report) -> int:
        fate = self.planned.fate
        pace = self.dice.lognormvariate(-1.2, 0.4) if "again" in self._turns_taken else fate.pace
        limit_s = self.world.city.condition(report.condition_id or 0).limit.seconds(self.world.city.calendar)
        return max(QUICKEST_S, round(limit_s * pace))

    def begin_handling(self, *, again: bool = False) -> None:
        self._handled_from = None
        if again:
            self._turns_taken.add("again")


def _submitted(life: Life, report: Report, now: datetime) -> Step:
    if _may_withdraw(life):
        return _withdrawal(life, now)
    if life.submission.role is Role.CITIZEN and life.takes_turn("rejected"):
        return life.desk(Role.ACCEPTOR, "reject", now, 9, words=life.pick("reject", 3))
    condition = _condition(life)
    if condition.needs_verification and report.is_verified is None and report.condition_id == condition.id:
        return life.desk(Role.ACCEPTOR, "request_verification", now, 7)
    return life.desk(Role.ACCEPTOR, "accept", now, 6, choice=str(condition.id))


def _condition(life: Life) -> ConditionFact:
    """Return the category's default condition, or now and then another one that a rule may dispatch."""
    city, category = life.world.city, life.submission.shows
    default = city.default_condition(category)
    others = [each for each in city.conditions if each.category_code == category and each.auto_dispatch]
    dice = random.Random(f"{life.submission.at}{life.submission.reporter}")  # noqa: S311 - the same answer each time
    return dice.choice(others) if others and dice.random() < 0.5 else default  # noqa: PLR2004 - a share of the dice


def _verifying(life: Life, _report: Report, now: datetime) -> Step:
    found = "false" if life.takes_turn("false") else "true"
    return life.desk(Role.INSPECTOR, "report_verification", now, 45, choice=found)


def _accepted(life: Life, report: Report, now: datetime) -> Step:
    if report.is_verified is False:
        return life.desk(Role.ACCEPTOR, "void", now, 8, words=life.pick("void", 1))
    condition = life.world.city.condition(report.condition_id or 0)
    if condition.needs_verification and report.is_verified is None:
        return life.desk(Role.ACCEPTOR, "request_verification", now, 5)
    return life.desk(Role.ACCEPTOR, "file", now, 3)


def _filed(life: Life, _report: Report, now: datetime) -> Step:
    return life.desk(Role.DISPATCHER, "dispatch", now, 6)


def _returned(life: Life, report: Report, now: datetime) -> Step:
    """Send it to the next unit proposed; a unit that has returned it, or a third one, takes a supervisor."""
    life.begin_handling()
    needs_ruling = report.return_count >= RETURNS_BEFORE_RULING or report.proposed_unit_code in report.returned_by
    return life.desk(Role.SUPERVISOR if needs_ruling else Role.DISPATCHER, "dispatch", now, 9)


def _dispatched(life: Life, report: Report, now: datetime) -> Step:
    if _may_withdraw(life):
        return _withdrawal(life, now)
    sign_at = life.handling(report, share=0.12, now=now)
    if life.takes_turn("returned"):
        return Step(sign_at, Role.UNIT_LEAD, "return", life.pick("return", 3))
    return Step(sign_at, Role.UNIT_LEAD, "sign")


def _may_withdraw(life: Life) -> bool:
    return life.submission.role is Role.CITIZEN and life.takes_turn("withdrawn")


def _withdrawal(life: Life, now: datetime) -> Step:
    return Step(now + delay(life.dice, 4), Role.CITIZEN, "withdraw")


def _handling(life: Life, report: Report, now: datetime) -> Step:
    """Assign, handle, have the lead confirm; a lead who was there does without the handler's proposal."""
    result = text(f"demo.result.{life.submission.shows}")
    resolve = Step(life.handling(report, share=1, now=now), Role.UNIT_LEAD, "resolve", result)
    if life.planned.fate.is_done_by_lead or report.has_result:
        return resolve
    if report.handler_id is None:
        return Step(life.handling(report, share=0.2, now=now), Role.UNIT_LEAD, "assign")
    return replace(resolve, at=life.handling(report, share=0.9, now=now), role=Role.HANDLER, deed="submit_result")


def _resolved(life: Life, _report: Report, now: datetime) -> Step:
    if life.takes_turn("reworked"):
        life.begin_handling(again=True)
        return life.desk(Role.DISPATCHER, "rework", now, 22, words=life.pick("rework", 2))
    return life.desk(Role.DISPATCHER, "pass_review", now, 20)


def _checking(life: Life, _report: Report, now: datetime) -> Step:
    if life.takes_turn("failed"):
        life.begin_handling(again=True)
        return life.desk(Role.INSPECTOR, "fail_check", now, 75, words=life.pick("fail", 2))
    return life.desk(Role.INSPECTOR, "pass_check", now, 70)


def _checked(life: Life, _report: Report, now: datetime) -> Step:
    return life.desk(Role.ACCEPTOR, "close", now, 12)


def _closed(life: Life, report: Report, now: datetime) -> Step | None:
    if life.submission.role is not Role.CITIZEN or not life.takes_turn("rated"):
        return None
    weights = (40, 30, 30) if report.rework_count else (74, 18, 8)
    (score,) = life.dice.choices(list(Score), weights=weights)
    words = text(f"demo.say.dissatisfied.{life.dice.randrange(2)}") if score is Score.DISSATISFIED else ""
    return Step(reached(life.dice, now, 150, AWAKE), Role.CITIZEN, "rate", words, score.value)


_COURSES: Mapping[Status, Callable[[Life, Report, datetime], Step | None]] = {
    Status.SUBMITTED: _submitted,
    Status.VERIFYING: _verifying,
    Status.ACCEPTED: _accepted,
    Status.FILED: _filed,
    Status.RETURNED: _returned,
    Status.DISPATCHED: _dispatched,
    Status.HANDLING: _handling,
    Status.RESOLVED: _resolved,
    Status.CHECKING: _checking,
    Status.CHECKED: _checked,
    Status.CLOSED: _closed,
}
