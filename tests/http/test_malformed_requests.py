"""What nobody can have meant: refused with a clear answer, nothing stored, never a 500."""

import json
from base64 import urlsafe_b64encode
from typing import Any

import orjson
import pytest

from app.domain.roles import Role
from app.infra.paging import encode_cursor
from tests.builders import NOW
from tests.http.strict_client import Service

BIG = 2**63


def test_a_body_beyond_reason_is_413(service: Service) -> None:
    headers = service.citizen().headers | {"Content-Type": "application/json"}
    for path in ("/reports", "/reports/261120360000000011/withdraw", "/queues/unit/pull"):
        answer = service.client.post(f"/api/v1{path}", content=b" " * 300_000, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


BAD_NUMBERS = [
    "1",
    "x" * 41,
    str(BIG),
    str(BIG - 1),
    "9" * 10_000,
    "x" * 10_000,
    "-1",
    "261120360000000010",
    "２６１１２０３６００００００００１１",
    "%00",
    "a%00b",
    "-" * 30,
    "%F0%9F%9A%AE",
    "%FF",
]


@pytest.mark.parametrize("number", BAD_NUMBERS, ids=range(len(BAD_NUMBERS)))
def test_a_number_that_is_none_is_refused(service: Service, number: str) -> None:
    supervisor = service.as_role(Role.SUPERVISOR)
    assert supervisor.get(f"/reports/{number}").status_code == 422
    assert supervisor.post(f"/reports/{number}/void", {"reason": "没有原因"}).status_code == 422


@pytest.mark.parametrize("key", ["%00", "a%00b", "%E4%B8%AD", "x" * 129, "a%20b"])
def test_a_key_nobody_can_have_had_finds_nothing(service: Service, key: str) -> None:
    assert service.citizen().get(f"/reports/by-key/{key}").status_code in {404, 422}


def cursor(*pairs: tuple[str, Any]) -> str:
    return urlsafe_b64encode(orjson.dumps(pairs)).decode().rstrip("=")


BAD_CURSORS = [
    "x",
    "!!!",
    "",
    "中",
    "AAAA",
    "x" * 501,
    encode_cursor(("2026", 1)),
    encode_cursor((1, NOW)),
    encode_cursor((NOW,)),
    encode_cursor((NOW, 1, 1)),
    cursor(("t", "2026-11-20T02:00:00"), ("n", 1)),
    cursor(("t", NOW.isoformat()), ("n", 2**64 - 1)),
    cursor(("t", NOW.isoformat()), ("n", 1.5)),
    cursor(("t", NOW.isoformat()), ("n", None)),
    cursor(("t", NOW.isoformat()), ("x", 1)),
    cursor(("s", "\x00"), ("n", 1)),
]


@pytest.mark.parametrize("written", BAD_CURSORS, ids=range(len(BAD_CURSORS)))
def test_a_cursor_of_no_page_is_refused(service: Service, written: str) -> None:
    answer = service.citizen().get("/me/reports", cursor=written)
    assert (answer.status_code, answer.json()["code"] in {"BAD_CURSOR", "VALIDATION"}) == (422, True), answer.text


@pytest.mark.parametrize("number", [BIG - 1, 2**31, 2**40, -1])
@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+00:00", "9999-12-31T23:59:59+00:00"])
def test_a_cursor_beyond_everything_gives_an_answer(service: Service, number: int, instant: str) -> None:
    citizen, dispatcher = service.citizen(), service.as_role(Role.DISPATCHER)
    written = cursor(("t", instant), ("n", number))
    for answer in (citizen.get("/me/reports", cursor=written), dispatcher.get("/queues/dispatch", cursor=written)):
        assert answer.status_code in {200, 422}


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"limit": BIG}, {"offset": 1}])
def test_a_page_nobody_can_ask_for_is_refused(service: Service, query: dict[str, Any]) -> None:
    assert service.citizen().get("/me/reports", **query).json()["code"] == "VALIDATION"
    assert service.as_role(Role.ACCEPTOR).get("/queues/acceptance", **query).status_code == 422


@pytest.mark.parametrize("since", ["", "yesterday", "2026-11-20T02:00:00", "0001-01-01T00:00:00+14:00", "99999"])
def test_news_are_asked_since_an_instant(service: Service, since: str) -> None:
    answer = service.citizen().get("/me/updates", since=since)
    assert answer.status_code in {200, 422}
    assert service.citizen().get("/me/updates").status_code == 422


@pytest.mark.parametrize("reason", ["", " ", "短", "长" * 1001, "空\x00字符", "\ud800x"])
def test_a_reason_that_says_nothing_is_refused(service: Service, reason: str) -> None:
    lead = service.as_role(Role.UNIT_LEAD)
    number = service.citizen().report()["number"]
    answer = service.client.post(
        f"/api/v1/reports/{number}/return",
        content=json.dumps({"reason": reason}).encode(),
        headers=lead.headers | {"Content-Type": "application/json"},
    )
    assert answer.json()["code"] == "VALIDATION"


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/v1/me"), ("POST", "/api/v1/auth/logout")])
def test_a_body_where_none_belongs_is_measured_too(service: Service, method: str, path: str) -> None:
    answer = service.client.request(method, path, content=b"x" * 300_000, headers=service.citizen().headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")
