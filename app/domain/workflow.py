"""The report's life as one table: every status, every action, who may do it and what it needs.

Source: the work flow of GB/T 30428.1 (收集、立案、派遣、处置、核查、结案), with the desks of a city's
随手拍 in front of it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from app.domain.errors import Conflict, Forbidden
from app.domain.roles import STAFF_ROLES, Role


class Status(str, Enum):
    """Where a report stands; Chinese names in `app.texts` (`status.<value>`)."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    VERIFYING = "verifying"
    FILED = "filed"
    DISPATCHED = "dispatched"
    HANDLING = "handling"
    RETURNED = "returned"
    SUSPENDED = "suspended"
    RESOLVED = "resolved"
    CHECKING = "checking"
    CHECKED = "checked"
    CLOSED = "closed"
    REJECTED = "rejected"
    VOIDED = "voided"
    MERGED = "merged"
    WITHDRAWN = "withdrawn"


class Stage(str, Enum):
    """What a clock measures: in natural time the stages of a report add up to the whole."""

    ACCEPT = "accept"
    VERIFY = "verify"
    FILE = "file"
    DISPATCH = "dispatch"
    HANDLE = "handle"
    REVIEW = "review"
    CHECK = "check"
    CLOSE = "close"


class Desk(str, Enum):
    """The three desks that hold a report when no unit does; the value is also the queue's name."""

    ACCEPTANCE = "acceptance"
    DISPATCH = "dispatch"
    INSPECTION = "inspection"


class Action(str, Enum):
    """Everything that can be done to a report; Chinese names in `app.texts` (`action.<value>`)."""

    SUBMIT = "submit"
    ACCEPT = "accept"
    REJECT = "reject"
    WITHDRAW = "withdraw"
    REQUEST_VERIFICATION = "request_verification"
    REPORT_VERIFICATION = "report_verification"
    FILE = "file"
    VOID = "void"
    MERGE = "merge"
    UNMERGE = "unmerge"
    DISPATCH = "dispatch"
    SIGN = "sign"
    ASSIGN = "assign"
    RETURN = "return"
    SEND_BACK = "send_back"
    SUBMIT_RESULT = "submit_result"
    INTERNAL_REWORK = "internal_rework"
    RESOLVE = "resolve"
    PASS_REVIEW = "pass_review"  # noqa: S105 - a verb, not a secret
    REWORK = "rework"
    PASS_CHECK = "pass_check"  # noqa: S105 - a verb, not a secret
    FAIL_CHECK = "fail_check"
    CLOSE = "close"
    REQUEST_EXTENSION = "request_extension"
    APPROVE_EXTENSION = "approve_extension"
    REFUSE_EXTENSION = "refuse_extension"
    REQUEST_SUSPENSION = "request_suspension"
    APPROVE_SUSPENSION = "approve_suspension"
    REFUSE_SUSPENSION = "refuse_suspension"
    DEFER = "defer"
    RESUME = "resume"
    URGE = "urge"
    SUPERVISE = "supervise"
    REPLY_SUPERVISION = "reply_supervision"
    FORCE_CLOSE = "force_close"
    RATE = "rate"
    REQUEST_REOPEN = "request_reopen"
    ACCEPT_REOPEN = "accept_reopen"
    REFUSE_REOPEN = "refuse_reopen"
    APPEAL = "appeal"
    DECIDE_APPEAL = "decide_appeal"
    SUPPLEMENT = "supplement"
    NOTE = "note"
    WARN = "warn"
    BREACH = "breach"
    ESCALATE = "escalate"


class Need(str, Enum):
    """What an action must bring along."""

    REASON = "reason"
    PLACE = "place"
    CLASS = "class"
    CONDITION = "condition"
    UNIT = "unit"
    HANDLER = "handler"
    RESULT = "result"
    AFTER_PHOTO = "after_photo"
    CHECK_PHOTO = "check_photo"
    POINT = "point"
    MASTER = "master"
    UNTIL = "until"
    LEVEL = "level"
    SECOND_PERSON = "second_person"
    SCORE = "score"
    TEXT = "text"


S, A, R, N = Status, Action, Role, Need

TERMINAL = frozenset({S.CLOSED, S.REJECTED, S.VOIDED, S.MERGED, S.WITHDRAWN})
OPEN = frozenset(S) - TERMINAL
BEFORE_DISPATCH = frozenset({S.SUBMITTED, S.ACCEPTED, S.VERIFYING, S.FILED})
AFTER_DISPATCH = OPEN - BEFORE_DISPATCH
WITH_UNIT = frozenset({S.DISPATCHED, S.HANDLING})
BEFORE_RESOLVED = BEFORE_DISPATCH | WITH_UNIT | {S.RETURNED, S.SUSPENDED}

STAGE_OF: dict[Status, Stage] = {
    S.SUBMITTED: Stage.ACCEPT,
    S.VERIFYING: Stage.VERIFY,
    S.ACCEPTED: Stage.FILE,
    S.FILED: Stage.DISPATCH,
    S.RETURNED: Stage.DISPATCH,
    S.DISPATCHED: Stage.HANDLE,
    S.HANDLING: Stage.HANDLE,
    S.SUSPENDED: Stage.HANDLE,
    S.RESOLVED: Stage.REVIEW,
    S.CHECKING: Stage.CHECK,
    S.CHECKED: Stage.CLOSE,
}

# None: the responsible unit holds the report.
DESK_OF: dict[Status, Desk | None] = {
    S.SUBMITTED: Desk.ACCEPTANCE,
    S.ACCEPTED: Desk.ACCEPTANCE,
    S.CHECKED: Desk.ACCEPTANCE,
    S.VERIFYING: Desk.INSPECTION,
    S.CHECKING: Desk.INSPECTION,
    S.FILED: Desk.DISPATCH,
    S.RETURNED: Desk.DISPATCH,
    S.RESOLVED: Desk.DISPATCH,
    S.DISPATCHED: None,
    S.HANDLING: None,
    S.SUSPENDED: None,
}

DESK_ROLE: dict[Desk, Role] = {
    Desk.ACCEPTANCE: R.ACCEPTOR,
    Desk.DISPATCH: R.DISPATCHER,
    Desk.INSPECTION: R.INSPECTOR,
}


class Target(str, Enum):
    """Where a transition leads when it is not one fixed status."""

    SAME = "same"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of the table; `by_rule` says that a published rule or the clock may do it without a person."""

    action: Action
    sources: frozenset[Status]
    target: Status | Target
    roles: frozenset[Role]
    needs: frozenset[Need] = field(default_factory=frozenset)
    by_rule: bool = False


def _row(
    action: Action,
    sources: Iterable[Status],
    target: Status | Target,
    roles: Iterable[Role],
    *needs: Need,
    by_rule: bool = False,
) -> Transition:
    return Transition(action, frozenset(sources), target, frozenset(roles), frozenset(needs), by_rule)


UNIT = (R.UNIT_LEAD, R.HANDLER)

BESIDE = frozenset({A.SUPPLEMENT, A.NOTE})
"""Words beside the way: they move nothing, so they wait for nobody's lease and make no newer version."""

ASSISTING_MAY = frozenset({A.NOTE})
"""What a unit that assists may do: the responsible one answers for everything else."""

TRANSITIONS: tuple[Transition, ...] = (
    # A report begins here: there is no status to come from.
    _row(A.SUBMIT, (), S.SUBMITTED, {R.CITIZEN, R.INSPECTOR, R.SERVICE}, N.PLACE),
    _row(A.ACCEPT, {S.SUBMITTED}, S.ACCEPTED, {R.ACCEPTOR}, N.CLASS, by_rule=True),
    _row(A.REJECT, {S.SUBMITTED}, S.REJECTED, {R.ACCEPTOR}, N.REASON),
    # Only until the unit has signed: the guard looks at signed_at, the table at the status.
    _row(A.WITHDRAW, BEFORE_DISPATCH | {S.DISPATCHED, S.RETURNED}, S.WITHDRAWN, {R.CITIZEN}),
    _row(A.REQUEST_VERIFICATION, {S.SUBMITTED, S.ACCEPTED}, S.VERIFYING, {R.ACCEPTOR}),
    _row(A.REPORT_VERIFICATION, {S.VERIFYING}, Target.BACK, {R.INSPECTOR}, N.RESULT, N.CHECK_PHOTO, N.POINT),
    _row(A.FILE, {S.ACCEPTED}, S.FILED, {R.ACCEPTOR}, N.CONDITION, by_rule=True),
    _row(A.VOID, BEFORE_DISPATCH, S.VOIDED, {R.ACCEPTOR}, N.REASON),
    _row(A.VOID, AFTER_DISPATCH, S.VOIDED, {R.DISPATCHER}, N.REASON),
    _row(A.VOID, {S.CLOSED}, S.VOIDED, {R.SUPERVISOR}, N.REASON),
    _row(A.MERGE, BEFORE_RESOLVED, S.MERGED, {R.ACCEPTOR}, N.MASTER),
    _row(A.UNMERGE, {S.MERGED}, S.SUBMITTED, {R.ACCEPTOR}),
    # A supervisor's ruling after two returns, or back to a unit that returned it, is a dispatch by the supervisor;
    # a report that went back to acceptance in between needs it just the same.
    _row(A.DISPATCH, {S.FILED}, S.DISPATCHED, {R.DISPATCHER, R.SUPERVISOR}, N.UNIT, by_rule=True),
    _row(A.DISPATCH, {S.RETURNED}, S.DISPATCHED, {R.DISPATCHER, R.SUPERVISOR}, N.UNIT, by_rule=True),
    _row(A.SIGN, {S.DISPATCHED}, S.HANDLING, UNIT),
    # A lead assigns anybody of the unit, a handler takes the task.
    _row(A.ASSIGN, WITH_UNIT, S.HANDLING, UNIT, N.HANDLER),
    _row(A.RETURN, WITH_UNIT, S.RETURNED, UNIT, N.REASON),
    _row(A.SEND_BACK, {S.FILED, S.RETURNED}, S.ACCEPTED, {R.DISPATCHER}, N.REASON),
    _row(A.SUBMIT_RESULT, {S.HANDLING}, Target.SAME, UNIT, N.RESULT, N.AFTER_PHOTO),
    _row(A.INTERNAL_REWORK, {S.HANDLING}, Target.SAME, {R.UNIT_LEAD}, N.REASON),
    _row(A.RESOLVE, {S.HANDLING}, S.RESOLVED, {R.UNIT_LEAD}, N.RESULT, N.AFTER_PHOTO),
    _row(A.PASS_REVIEW, {S.RESOLVED}, S.CHECKING, {R.DISPATCHER}),
    _row(A.REWORK, {S.RESOLVED}, S.HANDLING, {R.DISPATCHER}, N.REASON),
    _row(A.PASS_CHECK, {S.CHECKING}, S.CHECKED, {R.INSPECTOR}, N.CHECK_PHOTO, N.POINT),
    _row(A.FAIL_CHECK, {S.CHECKING}, S.HANDLING, {R.INSPECTOR}, N.REASON, N.CHECK_PHOTO, N.POINT),
    _row(A.CLOSE, {S.CHECKED}, S.CLOSED, {R.ACCEPTOR}, by_rule=True),
    _row(A.REQUEST_EXTENSION, WITH_UNIT, Target.SAME, {R.UNIT_LEAD}, N.REASON),
    _row(A.APPROVE_EXTENSION, WITH_UNIT, Target.SAME, {R.DISPATCHER}),
    _row(A.REFUSE_EXTENSION, WITH_UNIT, Target.SAME, {R.DISPATCHER}, N.REASON),
    _row(A.REQUEST_SUSPENSION, WITH_UNIT, Target.SAME, {R.UNIT_LEAD}, N.REASON, N.UNTIL),
    _row(A.APPROVE_SUSPENSION, WITH_UNIT, S.SUSPENDED, {R.DISPATCHER}, N.UNTIL),
    _row(A.REFUSE_SUSPENSION, WITH_UNIT, Target.SAME, {R.DISPATCHER}, N.REASON),
    _row(A.DEFER, WITH_UNIT, S.SUSPENDED, {R.DISPATCHER}, N.REASON, N.UNTIL),
    _row(A.RESUME, {S.SUSPENDED}, Target.BACK, {R.DISPATCHER}, by_rule=True),
    _row(A.URGE, OPEN, Target.SAME, {R.CITIZEN}),
    _row(A.SUPERVISE, OPEN, Target.SAME, {R.SUPERVISOR}, N.LEVEL, N.UNTIL),
    _row(A.REPLY_SUPERVISION, OPEN, Target.SAME, {R.UNIT_LEAD, R.DISPATCHER, R.ACCEPTOR, R.INSPECTOR}, N.RESULT),
    _row(A.FORCE_CLOSE, OPEN, S.CLOSED, {R.SUPERVISOR}, N.REASON, N.SECOND_PERSON),
    _row(A.RATE, {S.CLOSED}, Target.SAME, {R.CITIZEN}, N.SCORE),
    _row(A.REQUEST_REOPEN, {S.CLOSED}, Target.SAME, {R.CITIZEN}, N.REASON),
    _row(A.ACCEPT_REOPEN, {S.CLOSED}, S.FILED, {R.ACCEPTOR}),
    _row(A.REFUSE_REOPEN, {S.CLOSED}, Target.SAME, {R.ACCEPTOR}, N.REASON),
    _row(A.APPEAL, {S.CLOSED}, Target.SAME, {R.UNIT_LEAD}, N.REASON),
    _row(A.DECIDE_APPEAL, {S.CLOSED}, Target.SAME, {R.DISPATCHER, R.ACCEPTOR}, N.RESULT),
    # Words beside the way: they change no status, but they are part of the history.
    _row(A.SUPPLEMENT, OPEN, Target.SAME, {R.CITIZEN, R.SERVICE}, N.TEXT),
    _row(A.NOTE, frozenset(S), Target.SAME, STAFF_ROLES, N.TEXT),
    # What only the clock does: it changes no status, but it is part of the history.
    _row(A.WARN, OPEN, Target.SAME, (), by_rule=True),
    _row(A.BREACH, OPEN, Target.SAME, (), by_rule=True),
    _row(A.ESCALATE, OPEN, Target.SAME, (), by_rule=True),
)

_BY_ACTION_AND_SOURCE: dict[tuple[Action, Status], Transition] = {
    (row.action, source): row for row in TRANSITIONS for source in row.sources
}


class IllegalTransition(Conflict):
    """The action does not exist in this status."""

    code = "ILLEGAL_TRANSITION"


class RoleMayNot(Forbidden):
    """The action exists here, but not for this caller."""

    code = "ROLE_MAY_NOT"


def transition(status: Status, action: Action) -> Transition:
    """Return the row for an action in a status.

    :raises IllegalTransition: there is none
    """
    row = _BY_ACTION_AND_SOURCE.get((action, status))
    if row is None:
        raise IllegalTransition(report_status=status.value, action=action.value)
    return row


def advance(
    status: Status,
    action: Action,
    *,
    roles: frozenset[Role] | None,
    came_from: Status | None = None,
) -> Status:
    """Return the status an action leads to.

    `roles` is None when a rule or the clock acts. `came_from` is where a report stood before it was sent to
    verification or suspended: the way back.

    :raises IllegalTransition: no such action here
    :raises RoleMayNot: not for these roles
    """
    row = transition(status, action)
    allowed = row.by_rule if roles is None else not roles.isdisjoint(row.roles)
    if not allowed:
        raise RoleMayNot(action=action.value)
    if row.target is Target.SAME:
        return status
    if row.target is Target.BACK:
        if came_from is None:
            raise IllegalTransition(report_status=status.value, action=action.value)
        return came_from
    return Status(row.target)


def roles_for(action: Action) -> frozenset[Role]:
    """Return the roles that may take an action in some status."""
    return frozenset().union(*(row.roles for row in TRANSITIONS if row.action is action))


def allowed_actions(status: Status, roles: frozenset[Role]) -> tuple[Action, ...]:
    """Return the actions these roles may take in a status, in the order of the table."""
    found = (row.action for row in TRANSITIONS if status in row.sources and not roles.isdisjoint(row.roles))
    return tuple(dict.fromkeys(found))
