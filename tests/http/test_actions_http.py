"""The actions over HTTP: who is let in, merging and reopening told as stories, and many reports at once."""

from datetime import timedelta
from typing import Any

import pytest

from app.domain.report_number import make
from app.domain.roles import Role
from app.domain.workflow import Action, roles_for
from app.reports.actions.verbs import VERBS
from tests.builders import NOW, OTHER_UNIT, SQUAD
from tests.builders_city import IN_LICUN, LICANG
from tests.http.strict_client import Person, Service

A, R = Action, Role
UNKNOWN = make(NOW - timedelta(days=3000), 1)
"""A well-formed number of no report."""
POINT = {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": "wgs84"}


def act(person: Person, number: str, action: str, body: Any = None) -> dict[str, Any]:
    answer = person.post(f"/reports/{number}/{action}", body)
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


def to_closed(service: Service, number: str) -> None:
    """Take a dispatched report to its end."""
    lead, dispatcher, inspector, acceptor = (
        service.as_role(role) for role in (R.UNIT_LEAD, R.DISPATCHER, R.INSPECTOR, R.ACCEPTOR)
    )
    act(lead, number, "sign")
    act(lead, number, "resolve", {"result": "已清理干净", "photo_ids": [lead.photo("after")]})
    service.clock.advance(minutes=1)
    act(dispatcher, number, "pass-review")
    act(inspector, number, "pass-check", {"photo_ids": [inspector.photo("check")], "point": POINT})
    act(acceptor, number, "close", {"is_closing_condition_met": True})


# Who is let in ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("action", sorted(VERBS, key=str))
def test_a_role_that_never_takes_an_action_is_refused_before_any_report_is_looked_at(
    service: Service, action: Action
) -> None:
    path = f"/reports/no-such-number/{action.value.replace('_', '-')}"
    for role in set(Role) - roles_for(action):
        answer = service.as_role(role).post(path, {"nonsense": True})
        assert (answer.status_code, answer.json()["code"]) == (403, "PERMISSION_MISSING")
    for role in roles_for(action):
        assert service.as_role(role).post(path, {"nonsense": True}).status_code == 422


# Merging ------------------------------------------------------------------------------------------------------------


def test_two_citizens_report_one_problem_and_both_get_its_result(service: Service) -> None:
    acceptor = service.as_role(R.ACCEPTOR)
    first, second = service.citizen(), service.citizen()
    master = first.report(description="第一位市民的话")["number"]
    service.clock.advance(minutes=2)
    follower = second.report(description="也看到了")["number"]
    service.clock.advance(minutes=3)
    asked = service.clock.now.isoformat()
    merged = act(acceptor, follower, "merge", {"master": master, "note": "同一辆车"})
    assert (merged["status"], merged["holder"], merged["unit"], merged["due_at"]) == ("merged", None, None, None)

    shown = second.get(f"/reports/{follower}").json()
    assert (shown["status_text"], shown["master"]["status_text"]) == ("已并案", "已派遣")
    assert (shown["master"]["result"], shown["master"]["photos"]) == (None, [])
    assert shown["master"]["handle_due_at"] is not None
    assert shown["timeline"][-1]["text"].startswith("与另一件上报反映同一问题")
    assert shown["timeline"][-1]["note"] is None  # the desk's own words
    assert shown["allowed_actions"] == []
    assert second.get(f"/reports/{master}").json()["code"] == "REPORT_NOT_FOUND"

    service.clock.advance(minutes=5)
    act(first, master, "supplement", {"text": "我住在旁边"})
    service.clock.advance(minutes=5)
    to_closed(service, master)
    text = second.get(f"/reports/{follower}").text
    for secret in (master, "第一位市民的话", "我住在旁边"):
        assert secret not in text
    told = second.get(f"/reports/{follower}").json()["master"]
    assert (told["status_text"], told["result"]) == ("已结案", "已清理干净")
    assert [photo["kind"] for photo in told["photos"]] == ["after"]
    assert service.client.get(told["photos"][0]["thumb_url"]).status_code == 200
    news = second.get("/me/updates", since=asked).json()["items"]
    assert [(item["number"], item["action"], item["is_followed"]) for item in news] == [
        (follower, "sign", True),
        (follower, "resolve", True),
        (follower, "pass_review", True),
        (follower, "pass_check", True),
        (follower, "close", True),
    ]
    assert news[1]["text"] == "并入的上报件：处置单位已反馈处置结果"

    detail = acceptor.get(f"/reports/{master}").json()
    assert detail["followers"] == {"count": 1, "numbers": [follower], "joined": 0}
    assert acceptor.get(f"/reports/{follower}").json()["master_number"] == master
    assert "unmerge" in acceptor.get(f"/reports/{follower}").json()["allowed_actions"]
    back = act(acceptor, follower, "unmerge", {"note": "是另一辆"})
    assert (back["status"], back["holder"], back["due_at"]) == ("submitted", "acceptance", "2026-11-20T10:31:00+08:00")
    assert second.get(f"/reports/{follower}").json()["master"] is None
    assert acceptor.get(f"/reports/{master}").json()["followers"] == {"count": 0, "numbers": [], "joined": 0}


@pytest.mark.parametrize(
    ("which", "status", "code"),
    [
        ("itself", 422, "MASTER_IS_SELF"),
        ("mistyped", 422, "INVALID_REPORT_NUMBER"),
        ("unknown", 404, "MASTER_NOT_FOUND"),
        ("another district's", 404, "MASTER_NOT_FOUND"),
        ("merged", 409, "MASTER_IS_MERGED"),
        ("withdrawn", 409, "MASTER_CLOSED"),
    ],
)
def test_what_is_no_master_is_refused_and_nothing_happens(service: Service, which: str, status: int, code: str) -> None:
    acceptor, citizen = service.as_role(R.ACCEPTOR, area_code=LICANG), service.citizen()
    number, other, merged = (citizen.report(category=None)["number"] for _ in range(3))
    if which == "merged":
        act(acceptor, merged, "merge", {"master": other})
    masters = {
        "itself": number,
        "mistyped": "261120360000000000",
        "unknown": UNKNOWN,
        "merged": merged,
    }
    if which == "another district's":
        masters[which] = citizen.report(category=None, at=(120.3853, 36.0658))["number"]
    if which == "withdrawn":
        act(citizen, other, "withdraw")
        masters[which] = other
    before = acceptor.get(f"/reports/{number}").json()["timeline"]
    answer = acceptor.post(f"/reports/{number}/merge", {"master": masters[which]})
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert acceptor.get(f"/reports/{number}").json()["timeline"] == before


# Reopening ----------------------------------------------------------------------------------------------------------


def test_a_citizen_asks_for_another_try_and_gets_it(service: Service) -> None:
    citizen, acceptor, dispatcher = (service.as_role(role) for role in (R.CITIZEN, R.ACCEPTOR, R.DISPATCHER))
    number = citizen.report()["number"]
    to_closed(service, number)
    first_close = citizen.get(f"/reports/{number}").json()["closed_at"]
    unhappy = citizen.post(f"/reports/{number}/rate", {"score": "dissatisfied"})
    assert (unhappy.status_code, unhappy.json()["code"]) == (422, "REASON_REQUIRED")
    act(citizen, number, "rate", {"score": "dissatisfied", "reason": "又停满了"})
    service.clock.advance(days=3)
    asked = act(citizen, number, "request-reopen", {"reason": "又停满了"})
    assert (asked["status"], asked["holder"], asked["allowed_actions"]) == ("closed", None, [])
    again = citizen.post(f"/reports/{number}/request-reopen", {"reason": "再来一次"})
    assert (again.status_code, again.json()["code"]) == (409, "REOPEN_CLOSED")
    detail = acceptor.get(f"/reports/{number}").json()
    assert detail["reopen_requested_at"] == "2026-11-23T10:01:00+08:00"
    assert {"accept_reopen", "refuse_reopen"} <= set(detail["allowed_actions"])
    granted = act(acceptor, number, "accept-reopen", {"note": "再去一次"})
    assert (granted["status"], granted["holder"], granted["unit"]) == ("filed", "dispatch", None)
    assert granted["due_at"] == "2026-11-23T10:16:00+08:00"
    service.clock.advance(minutes=10)
    dispatched = act(dispatcher, number, "dispatch")
    assert (dispatched["unit"], dispatched["handle_due_at"]) == (SQUAD, "2026-11-23T14:11:00+08:00")
    to_closed(service, number)
    act(citizen, number, "rate", {"score": "satisfied"})
    read = citizen.get(f"/reports/{number}").json()
    assert read["closed_at"] == "2026-11-23T10:12:00+08:00" != first_close
    assert (read["feedback_at"], read["rating"]["score"]) == ("2026-11-20T10:00:00+08:00", "satisfied")
    assert read["allowed_actions"] == []
    steps = [step["action"] for step in read["timeline"]]
    assert steps.count("close") == steps.count("rate") == steps.count("resolve") == 2


def test_a_refused_request_is_answered_with_its_reason(service: Service) -> None:
    citizen, acceptor = service.citizen(), service.as_role(R.ACCEPTOR)
    number = citizen.report()["number"]
    to_closed(service, number)
    unasked = acceptor.post(f"/reports/{number}/refuse-reopen", {"reason": "照片清楚"})
    assert (unasked.status_code, unasked.json()["code"]) == (409, "REOPEN_NOT_REQUESTED")
    act(citizen, number, "request-reopen", {"reason": "没修好"})
    assert act(acceptor, number, "refuse-reopen", {"reason": "现场已核实"})["status"] == "closed"
    last = citizen.get(f"/reports/{number}").json()["timeline"][-1]
    assert (last["text"], last["note"]) == ("未同意重办", "现场已核实")


# Words and helpers --------------------------------------------------------------------------------------------------


def test_supplements_and_notes_stand_in_the_timeline_of_whom_they_are_for(service: Service) -> None:
    citizen, lead, acceptor = (service.as_role(role) for role in (R.CITIZEN, R.UNIT_LEAD, R.ACCEPTOR))
    number = citizen.report()["number"]
    lead.post("/queues/unit/pull", {"limit": 20})
    added = act(citizen, number, "supplement", {"text": "车牌尾号 88", "photo_ids": [citizen.photo()]})
    assert added["version"] == 1
    act(acceptor, number, "note", {"text": "已致电队长"})
    assert [step["note"] for step in lead.get(f"/reports/{number}").json()["timeline"][-2:]] == [
        "车牌尾号 88",
        "已致电队长",
    ]
    own = citizen.get(f"/reports/{number}").json()
    assert own["timeline"][-1]["note"] == "车牌尾号 88"
    assert len(own["photos"]) == 2
    empty = citizen.post(f"/reports/{number}/supplement", {})
    assert (empty.status_code, empty.json()["code"]) == (422, "SUPPLEMENT_EMPTY")


def test_an_assisting_unit_reads_along_and_notes(service: Service) -> None:
    acceptor, dispatcher = service.as_role(R.ACCEPTOR), service.as_role(R.DISPATCHER)
    helper = service.as_role(R.UNIT_LEAD, unit_code=OTHER_UNIT)
    number = service.citizen().report(category=None)["number"]
    act(acceptor, number, "accept", {"category": "parking"})
    act(acceptor, number, "file")
    assert helper.get(f"/reports/{number}").status_code == 404
    both = dispatcher.post(f"/reports/{number}/dispatch", {"unit": SQUAD, "assisting": [SQUAD]})
    assert (both.status_code, both.json()["code"]) == (422, "UNIT_TWICE")
    act(dispatcher, number, "dispatch", {"unit": SQUAD, "assisting": [OTHER_UNIT]})
    detail = helper.get(f"/reports/{number}").json()
    assert [unit["code"] for unit in detail["assisting"]] == [OTHER_UNIT]
    assert detail["allowed_actions"] == ["note"]
    act(helper, number, "note", {"text": "我们带清障车"})
    refused = helper.post(f"/reports/{number}/sign")
    assert (refused.status_code, refused.json()["code"]) == (403, "ROLE_MAY_NOT")
