"""What each action does to the report's timers: the one place where the workflow meets the clocks.

Rules (docs/decisions/0004): verification pauses acceptance; a return pauses handling and starts a fresh dispatch
timer; the same unit resumes its handling timer, whoever had the report in between, another unit gets a new one; rework
resumes handling with what is left, at least a quarter of the limit; sending back to acceptance cancels dispatch and
handling; merging cancels whatever runs or stands, and unmerging starts acceptance anew; a reopened report gets a new
dispatch timer and then a new handling timer, the old ones keep what they counted.
"""

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from app.domain.limits import Limit, due_at
from app.domain.workflow import STAGE_OF, TERMINAL, Action, Stage, Status
from app.domain.working_time import WorkingCalendar
from app.reports.models import Report
from app.reports.world import World
from app.routing.words import parse_limit
from app.sla.due import Fired, catch_up
from app.sla.models import Timer, TimerState
from app.sla.policies import REWORK_LEAST_PERCENT, StageLimits
from app.sla.timers import clock_timers, new_timer, pause_timer, resume_timer, stop_timer

_PAUSING = frozenset({Action.REQUEST_VERIFICATION, Action.RETURN})
_CANCELLING = frozenset({Action.SEND_BACK, Action.MERGE})
_RESUMING_HANDLE = frozenset({Action.REWORK, Action.FAIL_CHECK})
_NOBODY_HANDLES = frozenset({Action.RETURN, Action.SEND_BACK, Action.MERGE, Action.ACCEPT_REOPEN})


def run_clocks(
    session: Session, report: Report, *, old: Status, action: Action, world: World, now: datetime
) -> list[Fired]:
    """Bring the timers from status `old` to the report's new status and copy the deadlines onto the report.

    Return the steps that were due before the action and that no worker had come to; the journal owes them an entry.
    """
    old_stage, new_stage = STAGE_OF.get(old), STAGE_OF.get(report.status)
    if old_stage is new_stage:
        return []
    timers = clock_timers(session, id_of(report))
    fired = catch_up(session, timers, calendar=world.city.calendar, now=now)
    _leave(timers, report, action=action, calendar=world.city.calendar, now=now)
    running = None if new_stage is None else _enter(session, report, timers, new_stage, action, world=world, now=now)
    report.due_at = running.due_at if running else None
    if new_stage is Stage.HANDLE and running is not None:
        set_handling_deadline(report, running.due_at, limits=world.stage_limits, calendar=world.city.calendar)
    if action in _NOBODY_HANDLES:  # so nobody is due
        report.handle_due_at = report.closing_due_at = None
    return fired


def _leave(
    timers: Sequence[Timer], report: Report, *, action: Action, calendar: WorkingCalendar, now: datetime
) -> None:
    for timer in timers:
        if timer.state is TimerState.RUNNING and action in _PAUSING:
            pause_timer(timer, calendar=calendar, now=now)
        elif timer.state is TimerState.RUNNING:
            stop_timer(timer, calendar=calendar, now=now, is_cancelled=action in _CANCELLING)
        elif timer.state is TimerState.PAUSED and _is_over(report, action):
            stop_timer(timer, calendar=calendar, now=now, is_cancelled=True)


def _is_over(report: Report, action: Action) -> bool:
    """Say that nobody will resume the paused timers: the report ended or went back to acceptance.

    A unit that returned the report keeps its timer paused: should a ruling send it there again, it goes on from where
    it stood.
    """
    return report.status in TERMINAL or action is Action.SEND_BACK


def _enter(
    session: Session,
    report: Report,
    timers: Sequence[Timer],
    stage: Stage,
    action: Action,
    *,
    world: World,
    now: datetime,
) -> Timer:
    again = _resumable(timers, report, stage, action)
    if again is not None:
        least = REWORK_LEAST_PERCENT if action in _RESUMING_HANDLE else 0
        resume_timer(again, calendar=world.city.calendar, now=now, at_least_percent=least)
        return again
    timer = new_timer(
        report_id=id_of(report),
        stage=stage,
        limit=stage_limit(report, stage, world=world),
        unit_code=report.unit_code if stage is Stage.HANDLE else None,
        calendar=world.city.calendar,
        now=now,
    )
    session.add(timer)
    return timer


def _resumable(timers: Sequence[Timer], report: Report, stage: Stage, action: Action) -> Timer | None:
    """Return the timer that runs on: a paused one of the stage, or the unit's own handling timer after rework."""
    for timer in reversed(timers):
        if timer.stage is not stage or (stage is Stage.HANDLE and timer.unit_code != report.unit_code):
            continue
        if timer.state is TimerState.PAUSED or (timer.state is TimerState.STOPPED and action in _RESUMING_HANDLE):
            return timer
    return None


def stage_limit(report: Report, stage: Stage, *, world: World) -> Limit:
    """Return the limit of a stage; handling takes the rule's override, else the filing condition's."""
    override = parse_limit(report.routing.get("limit", "")) if stage is Stage.HANDLE else None
    if override is not None:
        return override
    if stage is Stage.HANDLE and report.condition_id is not None:
        return world.city.condition(report.condition_id).limit
    return world.stage_limits[stage]


def filed_limit(report: Report, *, world: World) -> dict[str, str]:
    """Return what is journalled of the time a report is filed with; `limit_rule` is the rule that overrode it."""
    limit = stage_limit(report, Stage.HANDLE, world=world)
    told = {"limit": limit.plain_amount, "limit_unit": limit.unit.value}
    return told | ({"limit_rule": report.rule_key} if report.routing.get("limit") else {})


def dispatched_limit(report: Report, *, world: World) -> dict[str, str]:
    """Return what is journalled of the time when a report is dispatched: only what a rule overrode."""
    return filed_limit(report, world=world) if report.routing.get("limit") else {}


def set_handling_deadline(
    report: Report, handle_due_at: datetime | None, *, limits: StageLimits, calendar: WorkingCalendar
) -> None:
    """Keep both deadlines: closing is due review, check and close limits after handling."""
    report.handle_due_at = handle_due_at
    if handle_due_at is None:
        return
    closing = handle_due_at
    for stage in (Stage.REVIEW, Stage.CHECK, Stage.CLOSE):
        closing = due_at(calendar, closing, limits[stage])
    report.closing_due_at = closing


def id_of(report: Report) -> int:
    if report.id is None:
        raise ValueError("the report has not been flushed")
    return report.id
