"""What nobody can have meant: refused with a clear answer, nothing stored, never a 500."""

import json
import secrets
from base64 import urlsafe_b64encode
from typing import Any

import orjson
import pytest

from app.domain.roles import Role
from app.infra.paging import encode_cursor
from tests.builders import NOW
from tests.builders_city import IN_LICUN
from tests.http.strict_client import Service


def a_key() -> str:
    return secrets.token_urlsafe(12)


BIG = 2**63


def broken_submissions() -> list[dict[str, Any]]:
    place = {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": "wgs84", "source": "pin"}
    return [
        {},
        {"location": None},
        {"location": place | {"lon": "east"}},
        {"location": place | {"lon": 181}},
        {"location": place | {"lat": 1e400}},
        {"location": place | {"datum": "moon"}},
        {"location": place | {"source": "guess"}},
        {"location": place | {"altitude": 5}},
        {"location": place, "unknown": 1},
        {"location": place, "description": "x" * 2001},
        {"location": place, "description": 5},
        {"location": place, "description": "空\x00字符"},
        {"location": place, "description": "\ud800"},
        {"location": place | {"address": "x\x00y"}, "description": "问题"},
        {"location": place, "description": "问题", "photo_ids": ["a\x00b"]},
        {"location": place, "description": "问题", "photo_ids": ["\udfff"]},
        {"location": place, "photo_ids": ["x"] * 10},
        {"location": place, "description": "问题", "photo_ids": ["x"], "answers": {"a\x00": "b"}},
        {"location": place, "description": "问题", "photo_ids": ["x"], "answers": {"a": "b\x00"}},
        {"location": place, "description": "问题", "photo_ids": ["x"], "answers": {str(n): "" for n in range(21)}},
        {"location": place, "description": "问题", "photo_ids": ["x"], "anonymous": "maybe"},
        {"location": place, "category": "", "photo_ids": ["x"]},
    ]


@pytest.mark.parametrize("body", broken_submissions(), ids=range(len(broken_submissions())))
def test_a_broken_report_is_refused_with_a_pointer(service: Service, body: dict[str, Any]) -> None:
    answer = service.client.post(
        "/api/v1/reports",
        content=json.dumps(body).encode(),
        headers=service.citizen().headers | {"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION")
    assert all(each["pointer"].startswith("/body") for each in answer.json()["errors"])


@pytest.mark.parametrize("content", [b"", b"{", b"nonsense", b"\xff\xfe", b"[1]", b'"x"', b"null", b"NaN"])
def test_what_is_no_json_object_is_refused(service: Service, content: bytes) -> None:
    headers = service.citizen().headers | {"Content-Type": "application/json"}
    answer = service.client.post("/api/v1/reports", content=content, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["code"] in {"MALFORMED_JSON", "VALIDATION", "MALFORMED_BODY"}


def test_a_body_beyond_reason_is_413(service: Service) -> None:
    headers = service.citizen().headers | {"Content-Type": "application/json"}
    for path in ("/reports", "/reports/261120360000000011/withdraw", "/queues/unit/pull"):
        answer = service.client.post(f"/api/v1{path}", content=b" " * 300_000, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (413, "PAYLOAD_TOO_LARGE")


def deep(levels: int) -> str:
    return '{"location":' * levels + "1" + "}" * levels


def test_json_nested_beyond_reason_is_refused(service: Service) -> None:
    headers = service.citizen().headers | {"Content-Type": "application/json"}
    answer = service.client.post("/api/v1/reports", content=deep(15_000).encode(), headers=headers)
    assert answer.status_code == 422


BAD_NUMBERS = [
    "1",
    "x" * 41,
    str(BIG),
    "261120360000000010",
    "２６１１２０３６００００００００１１",
    "%00",
    "a%00b",
    "-" * 30,
]


@pytest.mark.parametrize("number", BAD_NUMBERS)
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


@pytest.mark.parametrize("handler", ["0", "-1", str(BIG), "1" * 20, "x", "１", 5, None])
def test_an_id_that_is_none_is_refused(service: Service, handler: object) -> None:
    lead = service.as_role(Role.UNIT_LEAD)
    number = service.citizen().report()["number"]
    assert lead.post(f"/reports/{number}/assign", {"handler_id": handler}).json()["code"] == "VALIDATION"


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


def test_a_unit_that_cannot_exist_is_unknown(service: Service) -> None:
    citizen, acceptor, dispatcher = (service.as_role(role) for role in (Role.CITIZEN, Role.ACCEPTOR, Role.DISPATCHER))
    number = citizen.report(category=None)["number"]
    for category in ("no_such", "a\x00b"):
        assert acceptor.post(f"/reports/{number}/accept", {"category": category}).status_code in {404, 422}
    for condition in ("999999999", "1"):
        accepted = acceptor.post(f"/reports/{number}/accept", {"condition_id": condition})
    assert accepted.status_code == 200
    acceptor.post(f"/reports/{number}/file")
    for unit in ("no_such", "a\x00b"):
        assert dispatcher.post(f"/reports/{number}/dispatch", {"unit": unit}).status_code == 422
