"""This will move a report one step: table, clocks, holder and journal in one place, so that no verb forgets one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from app.domain.deadlines import StepKind
from app.domain.roles import Caller, Role
from app.domain.workflow import BESIDE, DESK_OF, TERMINAL, Action, Status, advance, transition
from app.journal.chain import Head
from app.journal.write import CLOCK, Actor, Event, link, store
from app.reports.access import roles_to
from app.reports.clocks import id_of, run_clocks
from app.reports.models import Report
from app.reports.world import World
from app.sla.due import Fired

_SPOKEN = {StepKind.WARN: Action.WARN, StepKind.BREACH: Action.BREACH, StepKind.ESCALATE: Action.ESCALATE}


@dataclass(frozen=True, slots=True)
class Context:
    """Who acts, when, and in which world."""

    caller: Caller
    now: datetime
    world: World


def check_allowed(report: Report, action: Action, *, context: Context) -> None:
    """Refuse an action before any of its other checks, so that the wrong role learns nothing else.

    :raises IllegalTransition: no such action in this status
    :raises RoleMayNot: not for this caller's roles
    """
    advance(report.status, action, roles=roles_to(action, report, context.caller), came_from=report.came_from)


def act(
    session: Session,
    report: Report,
    action: Action,
    *,
    context: Context,
    facts: dict[str, Any] | None = None,
    text: str | None = None,
) -> None:
    """Take the step: new status, holder, clocks, journal entry, version. The caller holds the report's row lock.

    Words beside the way are journalled and leave everything else, the version too, as it was.

    `facts` are ids and figures for the journal, `text` is what a person wrote (kept erasable).

    :raises IllegalTransition: no such action in this status
    :raises RoleMayNot: not for this caller's roles
    """
    old, old_holder, roles = report.status, report.holder, roles_to(action, report, context.caller)
    new = advance(old, action, roles=roles, came_from=report.came_from)
    _settle(report, old, new)
    fired = run_clocks(session, report, old=old, action=action, world=context.world, now=context.now)
    missed = [step_event(each, status=old, holder=old_holder, at=context.now) for each in fired]
    event = Event(
        action=action,
        at=context.now,
        actor=actor_of(context.caller, roles, old, action),
        from_status=old,
        to_status=new,
        holder=report.holder,
        facts=facts or {},
        text=text,
    )
    journal(session, report, [*missed, event])
    if action not in BESIDE:
        report.version += 1
    session.add(report)


def _settle(report: Report, old: Status, new: Status) -> None:
    """Set the status and who holds the report from now on; a report that changes hands loses its lease."""
    holder = holder_of(new, report.unit_code)
    if new is not old:
        report.came_from = old if new in {Status.VERIFYING, Status.SUSPENDED} else None
    if holder != report.holder:
        report.lease_owner_id, report.lease_until = None, None
    report.status, report.holder = new, holder


def holder_of(status: Status, unit_code: str | None) -> str | None:
    """Return the desk's name or the unit's code that holds a report in a status; None when it is over."""
    if status in TERMINAL:
        return None
    desk = DESK_OF[status]
    return unit_code if desk is None else desk.value


def actor_of(caller: Caller, roles: frozenset[Role], status: Status, action: Action) -> Actor:
    """Return the actor in the role that allowed the action."""
    role = min(roles & transition(status, action).roles, key=lambda role: role.value)
    return Actor("user", caller.user_id, role.value)


def step_event(fired: Fired, *, status: Status, holder: str | None, at: datetime) -> Event:
    """Return what is journalled of a timer's step; `due_at` is when it should have been said."""
    facts = {
        "timer": fired.timer.id,
        "stage": fired.timer.stage.value,
        "percent": fired.step.percent,
        "due_at": fired.due_at.isoformat(),
        "unit": fired.timer.unit_code,
    }
    return Event(_SPOKEN[fired.step.kind], at, CLOCK, status, status, holder, facts)


def journal(session: Session, report: Report, events: Sequence[Event]) -> None:
    """Append events, oldest first, to the report's chain and keep the new head on the report."""
    links = link(report.number, Head(report.journal_seq, report.journal_hash), events)
    store(session, id_of(report), links)
    report.journal_seq, report.journal_hash = links.head.seq, links.head.hash
    report.changed_at = events[-1].at


def not_before(now: datetime, report: Report) -> datetime:
    """Return `now`, or the report's newest instant if that is later.

    A request reads the clock before it waits for the row, and machines' clocks step back; history must not.
    """
    return max(now, report.changed_at)
