"""Ready-made reasons: shipped once, changed by the administrator, offered to staff."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from httpx2 import Response
from sqlmodel import Session, select

from app.dispatch import templates
from app.dispatch.load_templates import load_default_templates
from app.dispatch.models import LONGEST_REASON, ReasonTemplate
from app.dispatch.schemas import TemplateWrite
from app.dispatch.templates import WITH_REASON, TemplateExists, add_template
from app.domain.roles import Role
from app.domain.workflow import Action
from app.infra.database import Database
from tests.builders import NOW
from tests.http.strict_client import Person, Service
from tests.towns import Town

SHIPPED = {"reject", "return", "send_back", "rework", "void", "refuse_reopen", "fail_check"}


def send(person: Person, method: str, template_id: str, body: Any = None) -> Response:
    return person.client.request(method, f"/api/v1/templates/{template_id}", json=body, headers=person.headers)


def a_reason(**changes: Any) -> dict[str, Any]:
    return {"action": "reject", "text": "不在受理范围", "position": 1} | changes


def all_rows(session: Session) -> list[tuple[Action, str, bool]]:
    return sorted((row.action, row.text, row.is_active) for row in session.exec(select(ReasonTemplate)))


def test_the_shipped_reasons_are_for_actions_that_ask_for_one(database: Database) -> None:
    with database.transaction() as session:
        load_default_templates(session, now=NOW)
        session.flush()
        rows = session.exec(select(ReasonTemplate)).all()
        assert {row.action for row in rows} >= {Action(action) for action in SHIPPED}
        assert {row.action for row in rows} <= WITH_REASON
        assert len(rows) >= 12
        assert all(2 <= len(row.text) <= LONGEST_REASON and row.text.endswith("。") for row in rows)


def test_loading_again_repeats_nothing_and_undoes_nothing(database: Database) -> None:
    with database.transaction() as session:
        load_default_templates(session, now=NOW)
        session.flush()
        for place, row in enumerate(session.exec(select(ReasonTemplate))):
            row.text, row.is_active = f"改过的理由{place}", place % 2 == 0
            session.add(row)
        session.flush()
        before = all_rows(session)
        load_default_templates(session, now=NOW)
        session.flush()
        assert all_rows(session) == before


def test_an_administrator_keeps_the_templates_and_staff_read_them(service: Service) -> None:
    administrator, acceptor = service.as_role(Role.ADMINISTRATOR), service.as_role(Role.ACCEPTOR)
    body = a_reason(text=f"不在受理范围{administrator.caller.user_id}")
    made = administrator.post("/templates", body)
    assert made.status_code == 201
    template_id = made.json()["id"]
    assert made.json() == body | {"id": template_id, "action_text": "不予受理", "is_active": True}

    def offered(**query: Any) -> list[str]:
        return [each["id"] for each in acceptor.get("/templates", **query).json()["items"]]

    assert template_id in offered(action="reject")
    assert template_id in offered()
    assert template_id not in offered(action="void")
    assert send(administrator, "PUT", template_id, body | {"position": 0}).json()["position"] == 0
    assert offered(action="reject")[0] == template_id
    assert [send(administrator, "DELETE", template_id).status_code for _ in range(2)] == [204, 204]
    assert template_id not in offered(action="reject")
    assert template_id in offered(action="reject", include_inactive=True)
    assert send(administrator, "PUT", template_id, body).json()["is_active"] is True
    assert template_id in offered(action="reject")


@pytest.mark.parametrize(
    ("changes", "status_code", "code"),
    [
        ({"action": "accept"}, 422, "ACTION_WITHOUT_REASON"),
        ({"action": "request_reopen"}, 422, "ACTION_WITHOUT_REASON"),
        ({"action": "dance"}, 422, "VALIDATION"),
        ({"text": "短"}, 422, "VALIDATION"),
        ({"text": "长" * (LONGEST_REASON + 1)}, 422, "VALIDATION"),
        ({"position": -1}, 422, "VALIDATION"),
        ({"more": 1}, 422, "VALIDATION"),
    ],
)
def test_what_no_action_can_use_is_refused(
    service: Service, changes: dict[str, Any], status_code: int, code: str
) -> None:
    refused = service.as_role(Role.ADMINISTRATOR).post("/templates", a_reason(**changes))
    assert (refused.status_code, refused.json()["code"]) == (status_code, code)


def test_an_action_has_the_same_words_once(service: Service) -> None:
    administrator = service.as_role(Role.ADMINISTRATOR)
    words = {"text": f"理由{administrator.caller.user_id}"}
    first = administrator.post("/templates", a_reason(**words)).json()
    again = administrator.post("/templates", a_reason(**words))
    assert (again.status_code, again.json()["code"]) == (409, "TEMPLATE_EXISTS")
    other = administrator.post("/templates", a_reason(**words, action="void"))
    assert other.status_code == 201
    clash = send(administrator, "PUT", other.json()["id"], a_reason(**words))
    assert (clash.status_code, clash.json()["code"]) == (409, "TEMPLATE_EXISTS")
    assert send(administrator, "PUT", first["id"], a_reason(**words, position=7)).status_code == 200


def test_two_administrators_at_once_add_the_same_words_once(committed_town: Town) -> None:
    database, gate = committed_town.database, Barrier(4)
    body = TemplateWrite(action=Action.REJECT, text="不在受理范围")

    def add(_: int) -> str:
        gate.wait()
        try:
            with database.transaction() as session:
                add_template(session, body, now=NOW)
        except TemplateExists:
            return "refused"
        return "added"

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(add, range(4))) == ["added", "refused", "refused", "refused"]


def test_there_is_an_end_to_templates(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    administrator = service.as_role(Role.ADMINISTRATOR)
    monkeypatch.setattr(templates, "AT_MOST", 1)
    mine = administrator.caller.user_id
    answers = [administrator.post("/templates", a_reason(action="defer", text=f"理由{mine}-{n}")) for n in range(2)]
    assert [answer.status_code for answer in answers][-1] == 409
    assert answers[-1].json()["code"] == "TOO_MANY_TEMPLATES"


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.ADMINISTRATOR])
def test_nobody_else_changes_templates(service: Service, role: Role) -> None:
    person = service.as_role(role)
    assert person.post("/templates", a_reason()).status_code == 403
    assert [send(person, "PUT", "1", a_reason()).status_code, send(person, "DELETE", "1").status_code] == [403, 403]


def test_there_is_nothing_behind_another_id(service: Service) -> None:
    administrator = service.as_role(Role.ADMINISTRATOR)
    for template_id, status_code in (("2147483647", 404), ("0", 422), ("9223372036854775808", 422), ("x", 422)):
        assert send(administrator, "PUT", template_id, a_reason()).status_code == status_code
        assert send(administrator, "DELETE", template_id).status_code == status_code
