"""One action on many reports: each for itself, nothing twice when sent again, refused as a whole or one by one."""

import secrets
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy.exc import OperationalError
from sqlmodel import Session

from app.domain.report_number import make
from app.domain.roles import STAFF_ROLES, Role
from app.domain.workflow import Action, roles_for
from app.reports.actions import verbs
from app.reports.actions.verbs import VERBS
from app.reports.bulk import IN_BULK, MOST
from tests.builders import NOW
from tests.builders_city import IN_LICUN, SHINAN
from tests.http.strict_client import Person, Service
from tests.query_recorder import QueryRecorder

A, R = Action, Role
UNKNOWN = make(NOW - timedelta(days=3000), 1)
"""A well-formed number of no report."""
POINT = {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": "wgs84"}


def act(person: Person, number: str, action: str, body: Any = None) -> dict[str, Any]:
    answer = person.post(f"/reports/{number}/{action}", body)
    assert answer.status_code == 200, answer.text
    state: dict[str, Any] = answer.json()
    return state


def pool(service: Service, many: int) -> list[str]:
    citizen = service.citizen()
    photos = [citizen.photo() for _ in range(many)]
    return [citizen.report(category=None, photo_ids=[photo])["number"] for photo in photos]


def items(numbers: list[str]) -> list[dict[str, Any]]:
    return [{"number": number} for number in numbers]


def bulk(person: Person, action: str, numbers: list[str], body: Any = None, **headers: str) -> list[dict[str, Any]]:
    request = {"action": action, "items": items(numbers), "body": body or {}}
    answer = person.post("/reports/bulk", request, **headers)
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["results"]
    return results


def test_each_item_gets_its_own_result_in_order(service: Service) -> None:
    acceptor, citizen = service.as_role(R.ACCEPTOR), service.citizen()
    numbers = pool(service, 3)
    withdrawn = citizen.report(category=None)["number"]
    act(citizen, withdrawn, "withdraw")
    asked = [numbers[0], withdrawn, numbers[1], UNKNOWN, "abc", numbers[2]]
    results = bulk(acceptor, "accept", asked, {"category": "parking"})
    assert [result["number"] for result in results] == asked
    assert [result["is_done"] for result in results] == [True, False, True, False, False, True]
    assert [result["state"]["status"] for result in results if result["is_done"]] == ["accepted"] * 3
    problems = [result["problem"] for result in results if not result["is_done"]]
    assert [(problem["code"], problem["status"]) for problem in problems] == [
        ("ILLEGAL_TRANSITION", 409),
        ("REPORT_NOT_FOUND", 404),
        ("INVALID_REPORT_NUMBER", 422),
    ]
    assert results[1]["problem"]["message"] == "当前状态不能进行此操作"
    assert results[1]["problem"]["retryable"] is False
    assert results[1]["state"] is None


def test_an_item_may_say_which_version_it_means(service: Service) -> None:
    acceptor = service.as_role(R.ACCEPTOR)
    one, other = pool(service, 2)
    request = {
        "action": "reject",
        "items": [{"number": one, "version": 1}, {"number": other, "version": 7}],
        "body": {"reason": "重复上报"},
    }
    first, second = acceptor.post("/reports/bulk", request).json()["results"]
    assert first["is_done"]
    assert (second["is_done"], second["problem"]["code"]) == (False, "STALE_VERSION")


def test_a_request_sent_again_does_only_what_is_not_done_and_says_the_same(service: Service) -> None:
    """As after a crash in the middle: the first half was done under this key, the rest was not."""
    acceptor, key = service.as_role(R.ACCEPTOR), secrets.token_urlsafe(12)
    numbers = pool(service, 4)
    half = bulk(acceptor, "accept", numbers[:2], {"category": "parking"}, Idempotency_Key=key)
    service.clock.advance(minutes=5)
    whole = bulk(acceptor, "accept", numbers, {"category": "parking"}, Idempotency_Key=key)
    again = bulk(acceptor, "accept", numbers, {"category": "parking"}, Idempotency_Key=key)
    assert whole[:2] == half
    assert all(result["is_done"] for result in whole)
    assert again == whole
    for number in numbers:
        steps = acceptor.get(f"/reports/{number}").json()["timeline"]
        assert [step["action"] for step in steps] == ["submit", "accept"]


def test_an_item_that_failed_is_tried_again_under_the_same_key(service: Service) -> None:
    acceptor, key = service.as_role(R.ACCEPTOR), secrets.token_urlsafe(12)
    (number,) = pool(service, 1)
    (refused,) = bulk(acceptor, "file", [number], Idempotency_Key=key)
    assert refused["problem"]["code"] == "ILLEGAL_TRANSITION"
    act(acceptor, number, "accept", {"category": "parking"})
    (filed,) = bulk(acceptor, "file", [number], Idempotency_Key=key)
    assert filed["is_done"]


def test_a_key_is_for_one_action_with_one_body(service: Service) -> None:
    acceptor, key = service.as_role(R.ACCEPTOR), secrets.token_urlsafe(12)
    one, other = pool(service, 2)
    bulk(acceptor, "reject", [one], {"reason": "重复上报"}, Idempotency_Key=key)
    mixed = bulk(acceptor, "reject", [one, other], {"reason": "另一个原因"}, Idempotency_Key=key)
    assert (mixed[0]["problem"]["code"], mixed[1]["is_done"]) == ("IDEMPOTENCY_KEY_REUSED", True)


def test_a_crash_in_the_middle_loses_nothing_and_doubles_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    acceptor, key = service.as_role(R.ACCEPTOR), secrets.token_urlsafe(12)
    numbers = pool(service, 3)
    accept = VERBS[A.ACCEPT].do

    def accept_two(session: Session, report: Any, body: Any, **context: Any) -> None:
        accept(session, report, body, **context)
        if report.number == numbers[2]:
            raise OSError("the process ends here")

    with monkeypatch.context() as crash:
        crash.setattr(verbs, "VERBS", {**VERBS, A.ACCEPT: verbs.Verb(accept_two, VERBS[A.ACCEPT].body)})
        request = {"action": "accept", "items": items(numbers), "body": {"category": "parking"}}
        headers = acceptor.headers | {"Idempotency-Key": key}
        broken = TestClient.request(service.client, "POST", "/api/v1/reports/bulk", json=request, headers=headers)
        assert broken.status_code == 500
    statuses = [acceptor.get(f"/reports/{number}").json()["status"] for number in numbers]
    assert statuses == ["accepted", "accepted", "submitted"]
    results = bulk(acceptor, "accept", numbers, {"category": "parking"}, Idempotency_Key=key)
    assert [result["is_done"] for result in results] == [True, True, True]
    for number in numbers:
        assert len(acceptor.get(f"/reports/{number}").json()["timeline"]) == 2


@pytest.mark.parametrize(
    ("request_body", "pointers"),
    [
        ({"action": "reject", "body": {}}, ["/body/body/reason"]),
        ({"action": "reject", "body": {"reason": "短"}}, ["/body/body/reason"]),
        ({"action": "accept", "body": {"categorie": "parking"}}, ["/body/body/categorie"]),
        ({"action": "dispatch", "body": {"assisting": ["a"] * 6}}, ["/body/body/assisting"]),
        ({"action": "resolve", "body": {"result": "已清理"}}, ["/body/action"]),
        ({"action": "rate", "body": {"score": "satisfied"}}, ["/body/action"]),
        ({"action": "no_such", "body": {}}, ["/body/action"]),
        ({"action": "void", "body": []}, ["/body/body"]),
    ],
)
def test_a_request_that_does_not_fit_is_refused_as_a_whole(
    service: Service, request_body: dict[str, Any], pointers: list[str]
) -> None:
    acceptor = service.as_role(R.ACCEPTOR, R.DISPATCHER)
    (number,) = pool(service, 1)
    answer = acceptor.post("/reports/bulk", request_body | {"items": items([number])})
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION")
    assert [error["pointer"] for error in answer.json()["errors"]] == pointers
    assert acceptor.get(f"/reports/{number}").json()["version"] == 1


def test_one_version_is_not_that_of_many(service: Service) -> None:
    acceptor = service.as_role(R.ACCEPTOR)
    request = {"action": "accept", "items": items(pool(service, 1)), "body": {"category": "parking"}}
    refused = acceptor.post("/reports/bulk", request, If_Match='"1"')
    assert (refused.status_code, refused.json()["code"]) == (422, "BAD_VERSION")
    assert acceptor.post("/reports/bulk", request, If_Match="*").json()["results"][0]["is_done"]


def test_a_report_that_is_there_twice_is_refused_however_it_is_written(service: Service) -> None:
    acceptor = service.as_role(R.ACCEPTOR)
    one, other = pool(service, 2)
    written = f"{one[:6]}-{one[6:]}"
    request = {"action": "reject", "items": items([one, other, written]), "body": {"reason": "重复上报"}}
    answer = acceptor.post("/reports/bulk", request)
    assert answer.status_code == 422
    assert answer.json()["errors"] == [{"pointer": "/body/items/2/number", "detail": "不能重复"}]
    assert acceptor.get(f"/reports/{other}").json()["version"] == 1


@pytest.mark.parametrize("many", [0, MOST + 1])
def test_one_to_a_hundred_reports_are_taken_at_once(service: Service, many: int) -> None:
    numbers = [f"{n:018d}" for n in range(many)]
    answer = service.as_role(R.ACCEPTOR).post("/reports/bulk", {"action": "sign", "items": items(numbers)})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/body/items")


def test_who_never_takes_an_action_takes_it_on_no_report(service: Service) -> None:
    (number,) = pool(service, 1)
    citizen = service.citizen()
    refused = citizen.post("/reports/bulk", {"action": "accept", "items": items([number])})
    assert (refused.status_code, refused.json()["code"]) == (403, "PERMISSION_MISSING")
    handler = service.as_role(R.HANDLER)
    refused = handler.post("/reports/bulk", {"action": "accept", "items": items([number])})
    assert (refused.status_code, refused.json()["permission"]) == (403, "accept")
    elsewhere = service.as_role(R.ACCEPTOR, area_code=SHINAN)
    (result,) = bulk(elsewhere, "accept", [number], {"category": "parking"})
    assert result["problem"]["code"] == "REPORT_NOT_FOUND"


def test_many_reports_follow_one_master_and_the_master_not_itself(service: Service) -> None:
    acceptor = service.as_role(R.ACCEPTOR)
    master, *followers = pool(service, 4)
    results = bulk(acceptor, "merge", [*followers, master], {"master": master})
    assert [result["is_done"] for result in results] == [True, True, True, False]
    assert results[-1]["problem"]["code"] == "MASTER_IS_SELF"
    assert acceptor.get(f"/reports/{master}").json()["followers"]["count"] == 3
    back = bulk(acceptor, "unmerge", followers)
    assert [result["state"]["status"] for result in back] == ["submitted"] * 3


def test_in_bulk_is_what_needs_neither_photo_nor_visit_nor_citizen() -> None:
    fits = {
        action
        for action, verb in VERBS.items()
        if not {"photo_ids", "point"} & verb.body.model_fields.keys() and roles_for(action) & STAFF_ROLES
    }
    assert set(IN_BULK) == fits
    assert len(set(IN_BULK)) == len(IN_BULK)


def test_an_item_costs_as_many_statements_as_its_own_request(service: Service) -> None:
    acceptor = service.as_role(R.ACCEPTOR)
    numbers = pool(service, 4)
    acceptor.get(f"/reports/{numbers[0]}")  # the token is known from here on
    costs = []
    for asked in (numbers[:1], numbers[1:]):
        with QueryRecorder(service.database) as recorder:
            bulk(acceptor, "accept", asked, {"category": "parking"}, Idempotency_Key=secrets.token_urlsafe(12))
        costs.append(len(recorder.statements))
    assert costs[1] == 3 * costs[0]
    assert costs[0] <= 15


def test_a_database_that_fails_in_the_midst_loses_no_result(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    acceptor, numbers = service.as_role(R.ACCEPTOR), pool(service, 3)
    honest = verbs.perform

    def failing(session: Session, number: str, *rest: Any, **named: Any) -> Any:
        if number == numbers[1]:
            raise OperationalError("UPDATE report", {}, Exception("lock timeout"))
        return honest(session, number, *rest, **named)

    with monkeypatch.context() as patch:
        patch.setattr("app.reports.acting.perform", failing)
        results = bulk(acceptor, "accept", numbers, {"category": "parking"})
    assert [result["is_done"] for result in results] == [True, False, False]
    assert [result["problem"]["code"] for result in results[1:]] == ["DATABASE_UNAVAILABLE"] * 2
    assert all(result["problem"]["retryable"] for result in results[1:])
    again = bulk(acceptor, "accept", numbers[1:], {"category": "parking"})
    assert [result["is_done"] for result in again] == [True, True]
