"""The whole way over HTTP: from a photo in the street to a closed and rated report."""

from datetime import timedelta
from typing import Any

from app.domain.roles import Role
from tests.builders import NOW, OTHER_UNIT, SQUAD
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU, SHINAN
from tests.http.strict_client import Person, Service

POINT = {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": "wgs84"}


def act(person: Person, number: str, action: str, body: Any = None) -> dict[str, Any]:
    answer = person.post(f"/reports/{number}/{action}", body)
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


def test_forty_two_minutes(service: Service) -> None:
    """Dispatched by rule, resolved after 42 minutes, checked, closed and rated; everybody reads the same story."""
    citizen, lead, handler = service.citizen(), service.as_role(Role.UNIT_LEAD), service.as_role(Role.HANDLER)
    dispatcher, inspector, acceptor = (
        service.as_role(role) for role in (Role.DISPATCHER, Role.INSPECTOR, Role.ACCEPTOR)
    )
    sent = citizen.post("/reports", citizen.submission(photo_ids=[citizen.photo("far"), citizen.photo("near")]))
    assert sent.status_code == 201
    born = sent.json()
    number = born["number"]
    assert sent.headers["location"] == f"/api/v1/reports/{number}"
    assert (born["status"], born["status_text"], born["unit"], born["version"]) == ("dispatched", "已派遣", SQUAD, 1)
    assert born["handle_due_at"] == "2026-11-20T12:00:00+08:00"
    assert born["closing_due_at"] == "2026-11-23T11:00:00+08:00"
    assert born["allowed_actions"] == ["withdraw", "supplement"]

    service.clock.advance(minutes=5)
    assert act(lead, number, "assign", {"handler_id": str(handler.caller.user_id)})["status"] == "handling"
    service.clock.advance(minutes=25)
    act(handler, number, "submit-result", {"result": "已劝离", "photo_ids": [handler.photo("after")]})
    assert [photo["kind"] for photo in citizen.get(f"/reports/{number}").json()["photos"]] == ["far", "near"]
    service.clock.advance(minutes=12)
    resolved = act(lead, number, "resolve", {"result": "车辆已驶离，道路畅通"})
    assert (resolved["status"], resolved["holder"]) == ("resolved", "dispatch")
    service.clock.advance(minutes=3)
    assert act(dispatcher, number, "pass-review")["status"] == "checking"
    checked = act(inspector, number, "pass-check", {"photo_ids": [inspector.photo("check")], "point": POINT})
    assert checked["status"] == "checked"
    service.clock.advance(minutes=7)
    closed = act(acceptor, number, "close")
    assert (closed["status"], closed["holder"], closed["due_at"]) == ("closed", None, None)
    act(citizen, number, "rate", {"score": "satisfied", "reason": "很快"})

    read = citizen.get(f"/reports/{number}").json()
    assert read["feedback_at"] == "2026-11-20T10:42:00+08:00"
    assert read["closed_at"] == "2026-11-20T10:52:00+08:00"
    assert read["rating"]["score"] == "satisfied"
    assert [photo["kind"] for photo in read["photos"]] == ["far", "near", "after"]
    assert [step["action"] for step in read["timeline"]] == [
        "submit",
        "accept",
        "file",
        "dispatch",
        "assign",
        "resolve",
        "pass_review",
        "pass_check",
        "close",
        "rate",
    ]
    unit_name = service.world.city.units[SQUAD].name
    assert read["timeline"][3]["text"].startswith(f"派发至{unit_name}，依据：")
    assert read["timeline"][5]["note"] == "车辆已驶离，道路畅通"
    assert "holder" not in read
    for photo in read["photos"]:
        assert service.client.get(photo["thumb_url"]).status_code == 200

    detail = dispatcher.get(f"/reports/{number}").json()
    assert len(detail["photos"]) == 4
    assert [timer["stage"] for timer in detail["timers"]] == [
        "accept",
        "file",
        "dispatch",
        "handle",
        "review",
        "check",
        "close",
    ]
    assert not any(timer["is_late"] for timer in detail["timers"])
    assert detail["timers"][3]["used_s"] == 42 * 60
    assert detail["timers"][3]["limit_text"] == "2 工作时"


def test_the_way_by_hand_with_a_visit_a_return_and_a_rework(service: Service) -> None:
    citizen, acceptor, dispatcher = (service.as_role(role) for role in (Role.CITIZEN, Role.ACCEPTOR, Role.DISPATCHER))
    inspector, lead = service.as_role(Role.INSPECTOR), service.as_role(Role.UNIT_LEAD)
    other_lead = service.as_role(Role.UNIT_LEAD, unit_code=OTHER_UNIT)
    number = citizen.report(category=None, description="河边有污水流入")["number"]
    act(acceptor, number, "accept", {"category": "sanitation"})
    act(acceptor, number, "request-verification", {"note": "请核实"})
    visit = {"photo_ids": [inspector.photo("check")], "point": POINT}
    act(inspector, number, "report-verification", visit | {"is_true": True})
    act(acceptor, number, "file")
    act(dispatcher, number, "dispatch", {"unit": SQUAD})
    act(lead, number, "return", {"reason": "属环卫职责"})
    act(dispatcher, number, "send-back", {"reason": "类别有误"})
    act(acceptor, number, "file")
    assert act(dispatcher, number, "dispatch")["unit"] == OTHER_UNIT
    act(other_lead, number, "sign")
    for _ in range(2):
        act(other_lead, number, "submit-result", {"result": "已清理", "photo_ids": [other_lead.photo()]})
        act(other_lead, number, "internal-rework", {"reason": "照片不清"})
    act(other_lead, number, "resolve", {"result": "已清理", "photo_ids": [other_lead.photo()]})
    act(dispatcher, number, "rework", {"reason": "没有清干净"})
    act(other_lead, number, "resolve", {"result": "已彻底清理", "photo_ids": [other_lead.photo()]})
    act(dispatcher, number, "pass-review")
    failed = {"photo_ids": [inspector.photo()], "point": POINT, "reason": "仍有残留"}
    assert act(inspector, number, "fail-check", failed)["status"] == "handling"
    assert act(dispatcher, number, "void", {"reason": "重复上报"})["status"] == "voided"
    detail = dispatcher.get(f"/reports/{number}").json()
    assert (detail["return_count"], detail["rework_count"], detail["is_verified"]) == (1, 2, True)
    assert detail["allowed_actions"] == ["note"]


def test_refusing_and_withdrawing_end_a_report(service: Service) -> None:
    citizen, acceptor = service.citizen(), service.as_role(Role.ACCEPTOR)
    refused, withdrawn = (citizen.report(category=None)["number"] for _ in range(2))
    assert act(acceptor, refused, "reject", {"reason": "不在受理范围"})["status_text"] == "不予受理"
    assert citizen.get(f"/reports/{refused}").json()["timeline"][-1]["note"] == "不在受理范围"
    assert act(citizen, withdrawn, "withdraw")["status"] == "withdrawn"


def test_a_queue_is_listed_pulled_and_given_back(service: Service) -> None:
    # Nobody else's reports go to this unit, and all tests share the queues.
    citizen = service.citizen()
    lead = service.as_role(Role.UNIT_LEAD, unit_code=f"{SHINAN}.traffic_police")
    colleague = service.as_role(Role.HANDLER, unit_code=f"{SHINAN}.traffic_police")
    answers = {"place_type": "carriageway"}
    numbers = []
    for _ in range(3):
        numbers.append(citizen.report(answers=answers, at=IN_ZHONGSHANLU)["number"])
        service.clock.advance(minutes=1)
    assert lead.get("/queues").json() == [{"queue": "unit", "name": "本单位"}]
    page = lead.get("/queues/unit", limit=2).json()
    assert [item["number"] for item in page["items"]] == numbers[:2]
    rest = lead.get("/queues/unit", limit=2, cursor=page["next_cursor"]).json()
    assert ([item["number"] for item in rest["items"]], rest["next_cursor"]) == (numbers[2:], None)
    pulled = lead.post("/queues/unit/pull", {"limit": 2}).json()
    assert [item["number"] for item in pulled["items"]] == numbers[:2]
    assert lead.post("/queues/unit/pull", {"limit": 2}).json() == pulled
    assert colleague.post(f"/reports/{numbers[0]}/sign").json()["code"] == "LEASED_BY_ANOTHER"
    assert [item["number"] for item in colleague.post("/queues/unit/pull").json()["items"]] == numbers[2:]
    assert lead.post(f"/reports/{numbers[0]}/release").status_code == 200
    assert lead.post(f"/reports/{numbers[0]}/release").json()["code"] == "NOT_LEASED"
    assert act(colleague, numbers[0], "sign")["status"] == "handling"


def test_what_is_new_is_told_since_an_instant(service: Service) -> None:
    citizen, lead = service.citizen(), service.as_role(Role.UNIT_LEAD)
    number = citizen.report()["number"]
    service.clock.advance(minutes=1)
    asked = citizen.get("/me/updates", since=NOW.isoformat()).json()["next_since"]
    service.clock.advance(minutes=5)
    act(lead, number, "sign")
    act(lead, number, "submit-result", {"result": "已劝离", "photo_ids": [lead.photo()]})
    news = citizen.get("/me/updates", since=asked).json()
    assert [(item["number"], item["action"]) for item in news["items"]] == [(number, "sign")]
    assert news["items"][0]["text"] == "处置单位已签收"
    assert service.citizen().get("/me/updates", since=asked).json()["items"] == []


def test_a_step_that_commits_late_is_in_the_next_answer(service: Service) -> None:
    citizen, lead = service.citizen(), service.as_role(Role.UNIT_LEAD)
    number = citizen.report()["number"]
    service.clock.advance(minutes=10)
    act(lead, number, "sign")
    service.clock.advance(seconds=20)
    asked = citizen.get("/me/updates", since=service.clock.now.isoformat()).json()["next_since"]
    assert citizen.get("/me/updates", since=asked).json()["items"] == []  # never before what was asked for
    earlier = (service.clock.now - timedelta(seconds=25)).isoformat()
    asked = citizen.get("/me/updates", since=earlier).json()["next_since"]
    assert [item["action"] for item in citizen.get("/me/updates", since=asked).json()["items"]] == ["sign"]
