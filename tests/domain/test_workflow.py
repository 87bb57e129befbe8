"""The workflow table against the product's words: who may do what, from where to where, and what it needs."""

from collections.abc import Iterable
from enum import Enum
from itertools import product

import pytest

from app.domain.roles import Role
from app.domain.workflow import (
    ASSISTING_MAY,
    BESIDE,
    DESK_OF,
    DESK_ROLE,
    OPEN,
    STAGE_OF,
    TERMINAL,
    TRANSITIONS,
    Action,
    Desk,
    IllegalTransition,
    Need,
    RoleMayNot,
    Stage,
    Status,
    Target,
    advance,
    allowed_actions,
    transition,
)
from app.texts import has_text

S, A, R, N = Status, Action, Role, Need

ENDS = {S.CLOSED, S.REJECTED, S.VOIDED, S.MERGED, S.WITHDRAWN}
BEFORE_DISPATCH = {S.SUBMITTED, S.ACCEPTED, S.VERIFYING, S.FILED}
WITH_UNIT = {S.DISPATCHED, S.HANDLING}
EVERY_OPEN = set(S) - ENDS
LATER = EVERY_OPEN - BEFORE_DISPATCH
UNIT = {R.UNIT_LEAD, R.HANDLER}

# Product, section Workflow, written out once more by hand: (action, sources, target, roles, needs).
# A target of None stays, "back" is where the report came from.
Row = tuple[Action, set[Status], Status | str | None, set[Role], set[Need]]
PRODUCT: list[Row] = [
    (A.ACCEPT, {S.SUBMITTED}, S.ACCEPTED, {R.ACCEPTOR}, {N.CLASS}),
    (A.REJECT, {S.SUBMITTED}, S.REJECTED, {R.ACCEPTOR}, {N.REASON}),
    (A.WITHDRAW, BEFORE_DISPATCH | {S.DISPATCHED, S.RETURNED}, S.WITHDRAWN, {R.CITIZEN}, set()),
    (A.REQUEST_VERIFICATION, {S.SUBMITTED, S.ACCEPTED}, S.VERIFYING, {R.ACCEPTOR}, set()),
    (A.REPORT_VERIFICATION, {S.VERIFYING}, "back", {R.INSPECTOR}, {N.RESULT, N.CHECK_PHOTO, N.POINT}),
    (A.FILE, {S.ACCEPTED}, S.FILED, {R.ACCEPTOR}, {N.CONDITION}),
    (A.VOID, BEFORE_DISPATCH, S.VOIDED, {R.ACCEPTOR}, {N.REASON}),
    (A.VOID, LATER, S.VOIDED, {R.DISPATCHER}, {N.REASON}),
    (A.VOID, {S.CLOSED}, S.VOIDED, {R.SUPERVISOR}, {N.REASON}),
    (A.MERGE, BEFORE_DISPATCH | WITH_UNIT | {S.RETURNED, S.SUSPENDED}, S.MERGED, {R.ACCEPTOR}, {N.MASTER}),
    (A.UNMERGE, {S.MERGED}, S.SUBMITTED, {R.ACCEPTOR}, set()),
    # The supervisor's ruling is a dispatch.
    (A.DISPATCH, {S.FILED, S.RETURNED}, S.DISPATCHED, {R.DISPATCHER, R.SUPERVISOR}, {N.UNIT}),
    (A.SIGN, {S.DISPATCHED}, S.HANDLING, UNIT, set()),
    (A.ASSIGN, WITH_UNIT, S.HANDLING, {R.UNIT_LEAD, R.HANDLER}, {N.HANDLER}),
    (A.RETURN, WITH_UNIT, S.RETURNED, UNIT, {N.REASON}),
    (A.SEND_BACK, {S.FILED, S.RETURNED}, S.ACCEPTED, {R.DISPATCHER}, {N.REASON}),
    (A.SUBMIT_RESULT, {S.HANDLING}, None, UNIT, {N.RESULT, N.AFTER_PHOTO}),
    (A.INTERNAL_REWORK, {S.HANDLING}, None, {R.UNIT_LEAD}, {N.REASON}),
    (A.RESOLVE, {S.HANDLING}, S.RESOLVED, {R.UNIT_LEAD}, {N.RESULT, N.AFTER_PHOTO}),
    (A.PASS_REVIEW, {S.RESOLVED}, S.CHECKING, {R.DISPATCHER}, set()),
    (A.REWORK, {S.RESOLVED}, S.HANDLING, {R.DISPATCHER}, {N.REASON}),
    (A.PASS_CHECK, {S.CHECKING}, S.CHECKED, {R.INSPECTOR}, {N.CHECK_PHOTO, N.POINT}),
    (A.FAIL_CHECK, {S.CHECKING}, S.HANDLING, {R.INSPECTOR}, {N.REASON, N.CHECK_PHOTO, N.POINT}),
    (A.CLOSE, {S.CHECKED}, S.CLOSED, {R.ACCEPTOR}, set()),
    (A.REQUEST_EXTENSION, WITH_UNIT, None, {R.UNIT_LEAD}, {N.REASON}),
    (A.APPROVE_EXTENSION, WITH_UNIT, None, {R.DISPATCHER}, set()),
    (A.REFUSE_EXTENSION, WITH_UNIT, None, {R.DISPATCHER}, {N.REASON}),
    (A.REQUEST_SUSPENSION, WITH_UNIT, None, {R.UNIT_LEAD}, {N.REASON, N.UNTIL}),
    (A.APPROVE_SUSPENSION, WITH_UNIT, S.SUSPENDED, {R.DISPATCHER}, {N.UNTIL}),
    (A.REFUSE_SUSPENSION, WITH_UNIT, None, {R.DISPATCHER}, {N.REASON}),
    (A.DEFER, WITH_UNIT, S.SUSPENDED, {R.DISPATCHER}, {N.REASON, N.UNTIL}),
    (A.RESUME, {S.SUSPENDED}, "back", {R.DISPATCHER}, set()),
    (A.URGE, EVERY_OPEN, None, {R.CITIZEN}, set()),
    (A.SUPERVISE, EVERY_OPEN, None, {R.SUPERVISOR}, {N.LEVEL, N.UNTIL}),
    (
        A.REPLY_SUPERVISION,
        EVERY_OPEN,
        None,
        {R.UNIT_LEAD, R.DISPATCHER, R.ACCEPTOR, R.INSPECTOR},
        {N.RESULT},
    ),
    (A.FORCE_CLOSE, EVERY_OPEN, S.CLOSED, {R.SUPERVISOR}, {N.REASON, N.SECOND_PERSON}),
    (A.RATE, {S.CLOSED}, None, {R.CITIZEN}, {N.SCORE}),
    (A.REQUEST_REOPEN, {S.CLOSED}, None, {R.CITIZEN}, {N.REASON}),
    (A.ACCEPT_REOPEN, {S.CLOSED}, S.FILED, {R.ACCEPTOR}, set()),
    (A.REFUSE_REOPEN, {S.CLOSED}, None, {R.ACCEPTOR}, {N.REASON}),
    (A.APPEAL, {S.CLOSED}, None, {R.UNIT_LEAD}, {N.REASON}),
    (A.DECIDE_APPEAL, {S.CLOSED}, None, {R.DISPATCHER, R.ACCEPTOR}, {N.RESULT}),
    (A.SUPPLEMENT, EVERY_OPEN, None, {R.CITIZEN, R.SERVICE}, {N.TEXT}),
    (A.NOTE, set(S), None, set(R) - {R.CITIZEN, R.SERVICE}, {N.TEXT}),
    (A.WARN, EVERY_OPEN, None, set(), set()),
    (A.BREACH, EVERY_OPEN, None, set(), set()),
    (A.ESCALATE, EVERY_OPEN, None, set(), set()),
]
BY_RULE = {A.ACCEPT, A.FILE, A.CLOSE, A.RESUME, A.WARN, A.BREACH, A.ESCALATE}
"""What a rule or the clock does without a person; dispatching too, but only what has just been filed."""

TABLE = {(row[0], source): row for row in PRODUCT for source in row[1]}
CAME_FROM = S.HANDLING


def expected_target(row: Row, status: Status) -> Status:
    target = row[2]
    if target is None:
        return status
    return CAME_FROM if target == "back" else Status(target)


@pytest.mark.parametrize("action", Action)
def test_each_action_leads_where_the_product_says_and_only_for_its_roles(action: Action) -> None:
    for status, role in product(Status, Role):
        row = TABLE.get((action, status))
        if row is None:
            with pytest.raises(IllegalTransition):
                advance(status, action, roles=frozenset({role}), came_from=CAME_FROM)
        elif role in row[3]:
            assert advance(status, action, roles=frozenset({role}), came_from=CAME_FROM) is expected_target(row, status)
        else:
            with pytest.raises(RoleMayNot):
                advance(status, action, roles=frozenset({role}), came_from=CAME_FROM)


def test_each_action_needs_what_the_product_says() -> None:
    for (action, status), row in TABLE.items():
        assert transition(status, action).needs == row[4], (action, status)


def test_rules_and_the_clock_do_only_what_is_theirs() -> None:
    for (action, status), row in TABLE.items():
        if action in BY_RULE or action is A.DISPATCH:
            assert advance(status, action, roles=None, came_from=CAME_FROM) is expected_target(row, status)
        else:
            with pytest.raises(RoleMayNot):
                advance(status, action, roles=None, came_from=CAME_FROM)


def test_several_roles_may_do_what_one_of_them_may() -> None:
    assert advance(S.SUBMITTED, A.ACCEPT, roles=frozenset({R.INSPECTOR, R.ACCEPTOR})) is S.ACCEPTED


def test_the_way_back_needs_to_be_known() -> None:
    with pytest.raises(IllegalTransition):
        advance(S.VERIFYING, A.REPORT_VERIFICATION, roles=frozenset({R.INSPECTOR}))


def test_a_refusal_names_status_and_action() -> None:
    with pytest.raises(IllegalTransition) as refused:
        transition(S.CLOSED, A.SIGN)
    assert refused.value.facts == {"report_status": "closed", "action": "sign"}


def targets(status: Status) -> set[Status]:
    """Return where a report can go from a status; the way back leads to where one can be sent away from."""
    found: set[Status] = set()
    for row in TRANSITIONS:
        if status not in row.sources:
            continue
        if isinstance(row.target, Status):
            found.add(row.target)
        elif row.target is Target.BACK:
            found |= {source for other in TRANSITIONS if other.target is status for source in other.sources}
    return found


def reachable(start: Iterable[Status]) -> set[Status]:
    seen: set[Status] = set()
    frontier = set(start)
    while frontier:
        seen |= frontier
        frontier = {target for status in frontier for target in targets(status)} - seen
    return seen


def test_every_status_can_be_reached_from_a_new_report() -> None:
    assert reachable({S.SUBMITTED}) == set(S)


@pytest.mark.parametrize("status", sorted(EVERY_OPEN, key=str))
def test_no_open_status_is_a_dead_end(status: Status) -> None:
    assert S.CLOSED in reachable({status})


def test_the_ends_are_those_of_the_product_and_only_some_can_be_left() -> None:
    assert ENDS == TERMINAL
    assert OPEN == EVERY_OPEN
    assert {status for status in ENDS if targets(status)} == {S.CLOSED, S.MERGED}


def test_stages_are_those_of_the_product() -> None:
    assert {
        Stage.ACCEPT: {S.SUBMITTED},
        Stage.VERIFY: {S.VERIFYING},
        Stage.FILE: {S.ACCEPTED},
        Stage.DISPATCH: {S.FILED, S.RETURNED},
        Stage.HANDLE: {S.DISPATCHED, S.HANDLING, S.SUSPENDED},
        Stage.REVIEW: {S.RESOLVED},
        Stage.CHECK: {S.CHECKING},
        Stage.CLOSE: {S.CHECKED},
    } == {stage: {status for status, each in STAGE_OF.items() if each is stage} for stage in Stage}
    assert set(STAGE_OF) == OPEN


def test_one_desk_or_the_unit_holds_every_open_report_and_can_move_it() -> None:
    assert set(DESK_OF) == OPEN
    assert {status for status, desk in DESK_OF.items() if desk is None} == {S.DISPATCHED, S.HANDLING, S.SUSPENDED}
    assert DESK_ROLE == {Desk.ACCEPTANCE: R.ACCEPTOR, Desk.DISPATCH: R.DISPATCHER, Desk.INSPECTION: R.INSPECTOR}
    for status, desk in DESK_OF.items():
        if desk is not None:
            moves = [
                row
                for row in TRANSITIONS
                if status in row.sources and DESK_ROLE[desk] in row.roles and row.target not in {Target.SAME, S.VOIDED}
            ]
            assert moves, status


def test_words_beside_the_way_lead_nowhere_and_are_all_that_an_assisting_unit_has() -> None:
    assert {transition(status, action).target for action, status in TABLE if action in BESIDE} == {Target.SAME}
    assert ASSISTING_MAY <= BESIDE
    assert all(row[3] >= UNIT for row in PRODUCT if row[0] in ASSISTING_MAY)


@pytest.mark.parametrize("role", Role)
def test_what_is_offered_is_what_is_allowed_in_the_order_of_the_table(role: Role) -> None:
    order = [row.action for row in TRANSITIONS]
    for status in Status:
        expected = {action for (action, source), row in TABLE.items() if source is status and role in row[3]}
        assert list(allowed_actions(status, frozenset({role}))) == sorted(expected, key=order.index)


@pytest.mark.parametrize("kind", [Status, Stage, Desk, Action, Role])
def test_everything_has_a_chinese_name(kind: type[Enum]) -> None:
    assert all(has_text(f"{kind.__name__.lower()}.{member.value}") for member in kind)
