"""Saved filters: checked when saved, each person's own, and good for the list they were saved for."""

from typing import Any

import pytest
from httpx2 import Response

from app.dispatch import saved_filters
from app.domain.roles import Role
from tests.builders_city import LICANG
from tests.http.strict_client import Person, Service

OVERDUE = {"queue": "dispatch", "name": "今日超时", "filters": {"is_overdue": True, "status": ["filed", "returned"]}}


def put(person: Person, filter_id: str, body: Any) -> Response:
    return person.client.put(f"/api/v1/me/filters/{filter_id}", json=body, headers=person.headers)


def delete(person: Person, filter_id: str) -> Response:
    return person.client.delete(f"/api/v1/me/filters/{filter_id}", headers=person.headers)


def names(person: Person) -> list[str]:
    return [each["name"] for each in person.get("/me/filters").json()["items"]]


def test_a_filter_is_saved_listed_replaced_and_deleted(service: Service) -> None:
    person = service.as_role(Role.DISPATCHER)
    saved = person.post("/me/filters", OVERDUE)
    assert saved.status_code == 201
    assert saved.json() == OVERDUE | {"id": saved.json()["id"], "changed_at": "2026-11-20T10:00:00+08:00"}
    assert person.get("/me/filters").json() == {"items": [saved.json()]}
    assert person.get("/queues/dispatch", **saved.json()["filters"]).status_code == 200
    other = {"queue": "reports", "name": "重新办理", "filters": {"reopen_requested": True, "area": LICANG, "q": "垃圾"}}
    assert put(person, saved.json()["id"], other).json()["filters"] == other["filters"]
    assert names(person) == ["重新办理"]
    assert person.get("/reports", **person.get("/me/filters").json()["items"][0]["filters"]).status_code == 200
    assert delete(person, saved.json()["id"]).status_code == 204
    assert (names(person), delete(person, saved.json()["id"]).status_code) == ([], 404)


def test_nobody_sees_changes_or_deletes_anothers(service: Service) -> None:
    owner, other = (service.as_role(Role.DISPATCHER) for _ in range(2))
    saved = owner.post("/me/filters", OVERDUE).json()
    assert names(other) == []
    assert put(other, saved["id"], OVERDUE).json()["code"] == "FILTER_NOT_FOUND"
    assert delete(other, saved["id"]).json()["code"] == "FILTER_NOT_FOUND"
    assert names(owner) == [OVERDUE["name"]]
    assert other.post("/me/filters", OVERDUE).status_code == 201


@pytest.mark.parametrize(
    ("changes", "status_code", "code"),
    [
        ({"filters": {"statuss": ["filed"]}}, 422, "VALIDATION"),
        ({"filters": {"status": ["gone"]}}, 422, "VALIDATION"),
        ({"filters": {"cursor": "x"}}, 422, "VALIDATION"),
        ({"filters": {"limit": 5}}, 422, "VALIDATION"),
        ({"filters": {"reopen_requested": True}}, 422, "VALIDATION"),
        ({"filters": {"q": "井"}}, 422, "SEARCH_TOO_SHORT"),
        ({"filters": {"q": "13812345678"}}, 422, "SEARCH_FOR_PERSON"),
        ({"filters": {"number": "123"}}, 422, "INVALID_REPORT_NUMBER"),
        ({"name": ""}, 422, "VALIDATION"),
        ({"name": "长" * 41}, 422, "VALIDATION"),
        ({"name": "一\n二"}, 422, "VALIDATION"),
        ({"queue": "archive"}, 422, "VALIDATION"),
        ({"more": 1}, 422, "VALIDATION"),
        ({"queue": "acceptance"}, 403, "QUEUE_NOT_YOURS"),
        ({"queue": "unit"}, 403, "QUEUE_NOT_YOURS"),
    ],
)
def test_what_its_list_would_refuse_is_not_saved(
    service: Service, changes: dict[str, Any], status_code: int, code: str
) -> None:
    person = service.as_role(Role.DISPATCHER)
    refused = person.post("/me/filters", OVERDUE | changes)
    assert (refused.status_code, refused.json()["code"]) == (status_code, code), refused.text
    saved = person.post("/me/filters", OVERDUE).json()
    assert put(person, saved["id"], OVERDUE | changes).json()["code"] == code
    assert person.get("/me/filters").json() == {"items": [saved]}


def test_a_name_is_given_once_by_a_person(service: Service) -> None:
    person = service.as_role(Role.DISPATCHER)
    first = person.post("/me/filters", OVERDUE).json()
    again = person.post("/me/filters", OVERDUE)
    assert (again.status_code, again.json()["code"]) == (409, "FILTER_NAME_TAKEN")
    second = person.post("/me/filters", OVERDUE | {"name": "另一个"}).json()
    assert put(person, second["id"], OVERDUE).json()["code"] == "FILTER_NAME_TAKEN"
    assert put(person, first["id"], OVERDUE | {"filters": {}}).json()["filters"] == {}


def test_there_is_an_end_to_saving(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    assert saved_filters.AT_MOST == 50
    monkeypatch.setattr(saved_filters, "AT_MOST", 3)
    person = service.as_role(Role.SUPERVISOR)
    answers = [person.post("/me/filters", OVERDUE | {"name": f"第{n}个"}) for n in range(4)]
    assert [answer.status_code for answer in answers] == [201, 201, 201, 409]
    assert answers[-1].json()["code"] == "TOO_MANY_FILTERS"
    assert put(person, answers[0].json()["id"], OVERDUE).status_code == 200


def test_filters_are_for_staff(service: Service) -> None:
    citizen = service.citizen()
    assert [citizen.get("/me/filters").status_code, citizen.post("/me/filters", OVERDUE).status_code] == [403, 403]
