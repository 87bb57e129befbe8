"""What nobody learns: who the reporter is, what a camera noted, and anything of a report that is not theirs to see."""

import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from app.domain.roles import DESK_ROLES, PERMISSIONS, SEES, STAFF_ROLES, Permission, Role, Rows
from app.domain.workflow import Action
from app.identity.models import UserAccount
from app.identity.tokens import as_caller
from app.reports.actions import schemas as words
from app.reports.models import AssistingUnit
from app.search.index import index_waiting
from tests.access.operations import OPERATIONS, ask
from tests.access.scene import TARGETS, Scene, Thing, a_shown_photo
from tests.builders import NOW, OTHER_UNIT, SQUAD, Case, a_report
from tests.http.strict_client import Person

READS = [name for name, operation in OPERATIONS.items() if name.startswith("GET ") and operation.needs]

NAME = "密名某甲"
DESCRIPTION = "井盖旁边的积水没过了路缘石"
CAMERA = {"exif_lon": 120.4148765, "exif_lat": 36.1598765, "taken_at": datetime(2026, 11, 19, 23, 59, 58, tzinfo=UTC)}
NOTED = ("120.4148", "36.1598", "23:59:58", "07:59:58")
"""What no answer has by chance: the camera's place, however rounded, and its time, in Greenwich and here."""


@dataclass(frozen=True)
class Told:
    """A scene in which every report one can ask about is the same one, whose reporter has something to hide."""

    scene: Scene
    number: str
    photo_id: str
    secrets: tuple[str, ...]
    is_answered_for: bool


@pytest.fixture(params=[SQUAD, OTHER_UNIT], ids=["to the unit", "to another, which the unit assists"])
def told(scene: Scene, request: pytest.FixtureRequest) -> Told:
    code = f"dev-nobody-reads-{secrets.token_hex(4)}"
    session_of = scene.service.client.post("/api/v1/auth/wechat", json={"code": code}).json()
    user_id = 700_000_000 + secrets.randbelow(90_000_000)  # no other number in an answer looks like it
    with scene.service.database.transaction() as session:
        first = session.get_one(UserAccount, int(session_of["user"]["id"]))
        openid, first.wechat_openid = str(first.wechat_openid), None
        session.add(first)
        session.flush()
        account = UserAccount(
            id=user_id, display_name=NAME, roles=[Role.CITIZEN.value], wechat_openid=openid, created_at=NOW
        )
        session.add(account)
        session.flush()
        reporter = as_caller(account)
        photo_id = a_shown_photo(session, scene.service, reporter, **CAMERA)
        report = a_report(
            session, scene.service.world, reporter=reporter, photo_ids=[photo_id], description=DESCRIPTION
        )
        case = Case(scene.service.world, report.number, scene.crew | {Role.CITIZEN: reporter}, NOW)
        for action in (Action.ACCEPT, Action.FILE):
            case.do(session, action)
        dispatched = case.do(session, Action.DISPATCH, words.DispatchBody(unit=request.param))
        if request.param != SQUAD:
            session.add(AssistingUnit(report_id=dispatched.id or 0, unit_code=SQUAD))
        number = report.number
    again = scene.service.client.post("/api/v1/auth/wechat", json={"code": code}).json()
    assert again["user"]["id"] == str(user_id)
    person = Person(scene.service.client, reporter, {"Authorization": f"Bearer {again['token']}"})
    things = dict.fromkeys(scene.things, Thing(number, photo_id))
    own = replace(scene, things=things, people=scene.people | {Role.CITIZEN: person})
    return Told(own, number, photo_id, (NAME, openid, code, str(user_id)), is_answered_for=request.param == SQUAD)


def answers(scene: Scene, role: Role) -> Iterator[tuple[str, str]]:
    """Yield what every reading operation tells a role, about everything it can be asked about."""
    for name in READS:
        for about in OPERATIONS[name].about:
            answer = ask(scene, name, role, about)
            if answer.status_code == 200:
                yield f"{name} {about}", answer.text
    if role in PERMISSIONS[Permission.SEARCH_REPORTS]:
        yield from searches(scene, role)


def searches(scene: Scene, role: Role) -> Iterator[tuple[str, str]]:
    """Yield what a search tells that is for exactly what it must not find: every number of the scene, and its words."""
    with scene.service.database.transaction() as session:
        while index_waiting(session):
            pass
    for words_or_number in (DESCRIPTION, "路边有问题", *(scene.things[role, target].number for target in TARGETS)):
        answer = scene.people[role].get("/reports", q=words_or_number, limit=100)
        assert answer.status_code == 200, answer.text
        yield f"search {words_or_number}", answer.text


@pytest.mark.parametrize("role", sorted(STAFF_ROLES))
def test_no_staff_learns_who_reported(told: Told, role: Role, capsys: pytest.CaptureFixture[str]) -> None:
    read = dict(answers(told.scene, role))
    assert told.number in read[f"search {DESCRIPTION}"]
    assert told.number in read[f"GET /api/v1/reports/{{number}} {Rows.OWN}"]
    assert [(where, secret) for where, text in read.items() for secret in told.secrets if secret in text] == []
    logged = capsys.readouterr()
    assert "/api/v1/reports/{number}" in logged.out
    assert [secret for secret in told.secrets if secret in logged.out + logged.err] == []


def test_no_answer_to_a_unit_that_acts_names_the_reporter(told: Told) -> None:
    lead = told.scene.people[Role.UNIT_LEAD]
    got = [
        lead.post("/queues/unit/pull", {"limit": 20}),
        lead.post(f"/reports/{told.number}/note", {"text": "已到现场"}),
        lead.post(f"/reports/{told.number}/sign"),
    ]
    assert [answer.status_code for answer in got] == [200, 200, 200 if told.is_answered_for else 403]
    assert [(answer.text, secret) for answer in got for secret in told.secrets if secret in answer.text] == []


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.UNIT_LEAD, Role.HANDLER, Role.DISPATCHER])
def test_what_the_camera_noted_is_told_to_the_desk_alone(told: Told, role: Role) -> None:
    read = dict(answers(told.scene, role))
    assert any(told.number in text for text in read.values())
    found = {noted for text in read.values() for noted in NOTED if noted in text}
    assert bool(found) is (role in DESK_ROLES), found


@pytest.mark.parametrize("role", Role)
def test_no_answer_mentions_a_report_or_a_photo_that_is_not_seen(scene: Scene, role: Role) -> None:
    read = "\n".join(text for _, text in answers(scene, role))
    mentioned = set(re.findall(r"[0-9A-Za-z_-]{18,22}", read))
    seen = {target for target in TARGETS if target in SEES[role]}
    for target in TARGETS:
        thing = scene.things[role, target]
        is_own_upload = target is Rows.OWN and role in PERMISSIONS[Permission.UPLOAD_PHOTO]
        assert (thing.number in mentioned) is (target in seen), target
        assert (thing.photo_id in mentioned) is (target in seen or is_own_upload), target


def test_who_follows_a_report_learns_nothing_of_who_sent_it_or_what_they_sent(told: Told) -> None:
    scene = told.scene
    follower = scene.service.citizen()
    with scene.service.database.transaction() as session:
        report = a_report(session, scene.service.world, reporter=follower.caller)
        case = Case(scene.service.world, report.number, scene.crew | {Role.CITIZEN: follower.caller}, NOW)
        case.do(session, Action.MERGE, words.MergeBody(master=told.number))
    read = dict(answers(replace(scene, people=scene.people | {Role.CITIZEN: follower}), Role.CITIZEN))
    read["own"] = follower.get(f"/reports/{report.number}").text
    assert '"master":{' in read["own"]
    hidden = (*told.secrets, told.number, told.photo_id, DESCRIPTION)
    assert [(where, secret) for where, text in read.items() for secret in hidden if secret in text] == []
