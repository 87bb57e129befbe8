"""Every action in every status, by every role that has it somewhere: the one row of the workflow table decides.

The matrix asks with an old version, which proves who gets in; here nothing but the table stands in the way.
"""

from collections.abc import Iterator

import pytest

from app.domain.roles import ACTS_ON, SEES, STAFF_ROLES, UNIT_ROLES, Caller, Role, Rows
from app.domain.workflow import ASSISTING_MAY, TRANSITIONS, Action, Status, roles_for
from app.reports.bulk import IN_BULK
from tests.access.operations import ACTIONS
from tests.access.scene import FOREIGN, Scene
from tests.builders import NOW, PATHS, SQUAD, Case, a_report
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU

Expected = tuple[int, str | None]

NOT_SEEN: Expected = (404, "REPORT_NOT_FOUND")
STALE: Expected = (412, "STALE_VERSION")


def expected(status: Status, action: Action, roles: frozenset[Role]) -> Expected:
    """Return what the table says to somebody who acts in these roles on a report they see."""
    rows = [row for row in TRANSITIONS if row.action is action and status in row.sources]
    if not rows:
        return 409, "ILLEGAL_TRANSITION"
    if not any(roles & row.roles for row in rows):
        return 403, "ROLE_MAY_NOT"
    return STALE


def act(scene: Scene, role: Role, action: Action, number: str, *, is_allowed: bool) -> Expected:
    """Take an action; who may is given an old version, so that the report stays as it is for the next."""
    headers = scene.people[role].headers | ({"If-Match": '"999999"'} if is_allowed else {})
    path = f"/api/v1/reports/{number}/{action.value.replace('_', '-')}"
    answer = scene.service.client.post(path, json=dict(ACTIONS[action]), headers=headers)
    return answer.status_code, answer.json().get("code")


def having(role: Role) -> Iterator[Action]:
    """Yield the actions that have an endpoint and whose gate lets a role in."""
    return (action for action in ACTIONS if role in roles_for(action))


@pytest.mark.parametrize("status", PATHS)
def test_the_row_of_the_table_decides(scene: Scene, status: Status) -> None:
    wrong = []
    for reporter in (Role.CITIZEN, Role.SERVICE):
        number, is_with_unit = at_status(scene, status, reporter=reporter)
        for role in set(Role) - ({Role.CITIZEN, Role.SERVICE} - {reporter}):
            for action in having(role):
                is_seen = is_with_unit or role not in UNIT_ROLES
                told = expected(status, action, frozenset({role})) if is_seen else NOT_SEEN
                got = act(scene, role, action, number, is_allowed=told == STALE)
                wrong += [] if got == told else [(role.value, action.value, told, got)]
    assert wrong == []


@pytest.mark.parametrize("role", Role)
def test_who_only_sees_a_report_does_not_act_on_it(scene: Scene, role: Role) -> None:
    """An inspector who reported something elsewhere does not check it; a unit that assists does not answer for it."""
    wrong = []
    for kind in SEES[role] - ACTS_ON[role]:
        for action in having(role):
            does = kind is Rows.ASSISTED and action in ASSISTING_MAY
            told = expected(Status.DISPATCHED, action, frozenset({role}) if does else frozenset())
            got = act(scene, role, action, scene.things[role, kind].number, is_allowed=told == STALE)
            wrong += [] if got == told else [(kind.value, action.value, told, got)]
    assert wrong == []


def at_status(scene: Scene, status: Status, *, reporter: Role, at: tuple[float, float] = IN_LICUN) -> tuple[str, bool]:
    """Return the number of a report in a status, and whether the scene's unit answers for it; all desks see it."""
    person = Caller(scene.people[reporter].caller.user_id, frozenset({Role.CITIZEN}))
    with scene.service.database.transaction() as session:
        report = a_report(session, scene.service.world, reporter=person, at=at)
        case = Case(scene.service.world, report.number, scene.crew | {Role.CITIZEN: person}, NOW)
        return report.number, case.walk(session, *PATHS[status]).unit_code == SQUAD


def test_a_report_does_not_follow_one_that_is_not_seen(scene: Scene) -> None:
    seen, unseen = (scene.things[Role.ACCEPTOR, target].number for target in (Rows.AREA, FOREIGN))
    acceptor = scene.people[Role.ACCEPTOR]
    for number, master, code in (
        (seen, unseen, "MASTER_NOT_FOUND"),
        (unseen, seen, "REPORT_NOT_FOUND"),
    ):
        answer = acceptor.post(f"/reports/{number}/merge", {"master": master})
        assert (answer.status_code, answer.json()["code"]) == (404, code)


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_many_at_once_opens_nothing_that_one_at_a_time_does_not(scene: Scene, role: Role) -> None:
    items = [{"number": scene.things[role, FOREIGN].number}]
    for action in IN_BULK:
        body = {"action": action.value, "items": items, "body": dict(ACTIONS[action])}
        answer = scene.people[role].post("/reports/bulk", body)
        told = (200, "REPORT_NOT_FOUND") if role in roles_for(action) else (403, "PERMISSION_MISSING")
        code = answer.json()["results"][0]["problem"]["code"] if answer.status_code == 200 else answer.json()["code"]
        assert (answer.status_code, code) == told, action


def test_a_queue_holds_only_what_one_may_act_on(scene: Scene) -> None:
    """What an inspector reported in another district waits there for somebody else; here it would only be held up."""
    inspector = scene.people[Role.INSPECTOR]
    elsewhere, here = (
        at_status(scene, Status.VERIFYING, reporter=Role.INSPECTOR, at=place)[0] for place in (IN_ZHONGSHANLU, IN_LICUN)
    )
    waiting = inspector.get("/queues/inspection", limit=100).text
    pulled = inspector.post("/queues/inspection/pull", {"limit": 20}).text
    assert [number in answer for answer in (waiting, pulled) for number in (elsewhere, here)] == [False, True] * 2
    for item in inspector.get("/queues/inspection", limit=100).json()["items"]:
        inspector.post(f"/reports/{item['number']}/release")
