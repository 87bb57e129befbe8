"""`GET /reports`: what staff get for which parameters, and what is refused."""

import secrets
from typing import Any

import pytest

from app.domain.roles import Role
from app.domain.workflow import Status
from app.identity.caller import CallerCache
from app.search.index import index_waiting
from tests.builders import SQUAD
from tests.builders_city import IN_ZHONGSHANLU, LICANG, SHINAN
from tests.http.strict_client import Person, Service
from tests.query_recorder import QueryRecorder


def a_word() -> str:
    """Return a word that is in no other test's report."""
    return "".join(chr(0x4E00 + secrets.randbelow(0x5000)) for _ in range(6))


def read(service: Service) -> None:
    with service.database.transaction() as session:
        while index_waiting(session):
            pass


def numbers(person: Person, **query: Any) -> list[str]:
    answer = person.get("/reports", **query)
    assert answer.status_code == 200, answer.text
    return [item["number"] for item in answer.json()["items"]]


def test_staff_find_a_report_by_word_number_and_filters(service: Service) -> None:
    word, desk = a_word(), service.as_role(Role.DISPATCHER)
    citizen = service.citizen()
    state = citizen.report(description=f"路口{word}乱停")
    other = citizen.report(description=f"路口{word}乱停", at=IN_ZHONGSHANLU)
    read(service)
    assert numbers(desk, q=word) == [other["number"], state["number"]]
    assert numbers(desk, q=word, area=LICANG) == [state["number"]]
    assert numbers(desk, q=word, unit=SQUAD, status=["dispatched", "handling"]) == [state["number"]]
    assert numbers(desk, q=word, status="handling") == []
    assert numbers(desk, q=word, is_overdue=True) == []
    assert numbers(desk, q=state["number"]) == numbers(desk, number=state["number"]) == [state["number"]]
    assert numbers(service.as_role(Role.DISPATCHER, area_code=SHINAN), q=word) == [other["number"]]
    assert numbers(service.as_role(Role.HANDLER), q=word) == [state["number"]]
    assert numbers(service.as_role(Role.INSPECTOR, area_code=SHINAN), q=state["number"]) == []


def test_an_item_shows_what_a_desk_needs(service: Service) -> None:
    state = service.citizen().report(category=None, description="路边有问题")
    desk = service.as_role(Role.ACCEPTOR)
    (item,) = desk.get("/reports", q=state["number"]).json()["items"]
    assert (item["number"], item["status"], item["is_leased"]) == (state["number"], "submitted", False)
    assert item["thumb_url"]
    assert item["due_at"] == state["due_at"]


def test_pages_follow_the_cursor(service: Service) -> None:
    word, desk, citizen = a_word(), service.as_role(Role.SUPERVISOR), service.citizen()
    sent = [citizen.report(description=word)["number"] for _ in range(3)]
    read(service)
    seen: list[str] = []
    cursor: dict[str, str] = {}
    while len(seen) < 10:
        page = desk.get("/reports", q=word, limit=1, **cursor).json()
        seen += [item["number"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert seen == sent[::-1]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"statuss": "closed"}, "VALIDATION"),
        ({"status": "gone"}, "VALIDATION"),
        ({"area": "37021"}, "VALIDATION"),
        ({"area": "370213%"}, "VALIDATION"),
        ({"class_code": "060"}, "VALIDATION"),
        ({"submitted_from": "2026-11-20T00:00:00"}, "VALIDATION"),
        ({"limit": 101}, "VALIDATION"),
        ({"q": ""}, "VALIDATION"),
        ({"q": "长" * 41}, "VALIDATION"),
        ({"q": "垃\x00圾"}, "VALIDATION"),
        ({"unit": "a\x00"}, "VALIDATION"),
        ({"q": "井"}, "SEARCH_TOO_SHORT"),
        ({"q": "13812345678"}, "SEARCH_FOR_PERSON"),
        ({"number": "12345"}, "INVALID_REPORT_NUMBER"),
        ({"number": "261120360004159269"}, "INVALID_REPORT_NUMBER"),
        ({"cursor": "nonsense"}, "BAD_CURSOR"),
        ({"q": "垃圾", "cursor": "W1sidCIsIjIwMjYtMTEtMjBUMDI6MDA6MDArMDA6MDAiXSxbIm4iLDVdXQ"}, "BAD_CURSOR"),
        ({"cursor": "W1sibiIsNV1d"}, "BAD_CURSOR"),
    ],
)
def test_what_cannot_be_meant_is_refused(service: Service, query: dict[str, Any], code: str) -> None:
    answer = service.as_role(Role.SUPERVISOR).get("/reports", **query)
    assert (answer.status_code, answer.json()["code"]) == (422, code), answer.text


@pytest.mark.parametrize("below", ["W1sibiIsMF1d", "W1sibiIsLTldXQ", "W1sibiIsOTIyMzM3MjAzNjg1NDc3NTgwN11d"])
def test_a_cursor_of_any_size_is_a_place_in_the_search(service: Service, below: str) -> None:
    assert service.as_role(Role.SUPERVISOR).get("/reports", q="垃圾", cursor=below).status_code == 200


def test_citizens_and_services_do_not_search(service: Service) -> None:
    for role in (Role.CITIZEN, Role.SERVICE):
        assert service.as_role(role).get("/reports").status_code == 403
    assert service.client.get("/api/v1/reports").status_code == 401


def test_lists_and_searches_send_few_statements(service: Service) -> None:
    word, citizen, desk = a_word(), service.citizen(), service.as_role(Role.DISPATCHER, area_code=LICANG)
    for _ in range(3):
        citizen.report(description=word)
    read(service)
    for path, query, most in (
        ("/reports", {"status": [Status.DISPATCHED.value, Status.HANDLING.value], "limit": 100}, 5),
        ("/queues/dispatch", {"is_overdue": False}, 5),
        ("/reports", {"q": word, "category": "parking"}, 8),
    ):
        service.app.state.callers = CallerCache()
        with QueryRecorder(service.database) as recorder:
            assert desk.get(path, **query).status_code == 200
        assert 2 <= len(recorder.statements) <= most, recorder.statements


def test_what_staff_noted_is_not_to_be_found_out_by_whoever_reported_it(service: Service) -> None:
    """An inspector reports something in another district: there they are a reporter, and notes are not theirs."""
    word = a_word()
    inspector = service.as_role(Role.INSPECTOR, area_code=SHINAN)
    number = inspector.report(category=None)["number"]
    noted = service.as_role(Role.DISPATCHER).post(f"/reports/{number}/note", {"text": f"疑似{word}举报"})
    assert noted.status_code == 200, noted.text
    read(service)
    assert numbers(service.as_role(Role.DISPATCHER), q=word) == [number]
    assert numbers(inspector, q=word) == numbers(inspector, q=number) == []
    assert inspector.get(f"/reports/{number}").status_code == 200
