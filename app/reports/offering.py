"""What a caller may do with a report now: the workflow table, less what cannot be done any more."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from app.domain.roles import Caller
from app.domain.workflow import ASSISTING_MAY, Action, allowed_actions
from app.reports.access import roles_on, roles_to
from app.reports.actions.citizen import may_ask_again, may_rate, may_withdraw
from app.reports.actions.verbs import VERBS
from app.reports.models import Report

OFFERED = frozenset(VERBS)
"""What the API can do today; the workflow table knows more verbs than there are endpoints."""

_IS_LEFT: Mapping[Action, Callable[[Report, datetime], bool]] = {
    Action.WITHDRAW: lambda report, _: may_withdraw(report),
    Action.RATE: may_rate,
    Action.REQUEST_REOPEN: may_ask_again,
    Action.ACCEPT_REOPEN: lambda report, _: report.reopen_requested_at is not None,
    Action.REFUSE_REOPEN: lambda report, _: report.reopen_requested_at is not None,
}
"""What has been done once and for all, is too late, or waits for somebody else is not offered.

Followers are not looked up: merging or withdrawing a master is offered, and refused with the reason.
"""


def offered_actions(report: Report, caller: Caller, now: datetime) -> list[Action]:
    """Return what a caller who sees the report may do, in the order of the table."""
    return [
        action
        for action in _allowed(report, caller)
        if action in OFFERED and (action not in _IS_LEFT or _IS_LEFT[action](report, now))
    ]


def _allowed(report: Report, caller: Caller) -> Sequence[Action]:
    found = allowed_actions(report.status, roles_on(report, caller))
    return found or [
        action for action in ASSISTING_MAY if action in allowed_actions(report.status, roles_to(action, report, caller))
    ]
