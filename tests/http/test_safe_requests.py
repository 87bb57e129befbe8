"""Requests that are repeated, late, malformed, too large or nosy: each gets its one answer and leaves no trace."""

import re
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from structlog.testing import capture_logs

from app.domain.roles import Role
from tests.builders import SQUAD
from tests.builders_city import AT_SEA, IN_ZHONGSHANLU, SHINAN
from tests.http.strict_client import Person, Service
from tests.query_recorder import QueryRecorder


def a_key() -> str:
    return secrets.token_urlsafe(12)


# Sent twice --------------------------------------------------------------------------------------------------------


def test_the_same_key_and_body_get_the_same_bytes_and_one_report(service: Service) -> None:
    citizen, key = service.citizen(), a_key()
    body = citizen.submission()
    first = citizen.post("/reports", body, Idempotency_Key=key)
    service.clock.advance(minutes=10)
    again = citizen.post("/reports", body, Idempotency_Key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"]
    assert len(citizen.get("/me/reports").json()["items"]) == 1
    found = citizen.get(f"/reports/by-key/{key}").json()
    assert found["number"] == first.json()["number"]


def test_the_same_key_with_another_body_or_route_is_a_mistake(service: Service) -> None:
    citizen, key = service.citizen(), a_key()
    body = citizen.submission()
    number = citizen.post("/reports", body, Idempotency_Key=key).json()["number"]
    other = citizen.post("/reports", body | {"description": "别的"}, Idempotency_Key=key)
    assert (other.status_code, other.json()["code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    elsewhere = citizen.post(f"/reports/{number}/withdraw", body={}, Idempotency_Key=key)
    assert elsewhere.json()["code"] == "IDEMPOTENCY_KEY_REUSED"


def test_a_failed_request_leaves_its_key_free(service: Service) -> None:
    citizen, key = service.citizen(), a_key()
    assert citizen.post("/reports", citizen.submission(at=AT_SEA), Idempotency_Key=key).status_code == 422
    assert citizen.get(f"/reports/by-key/{key}").status_code == 404
    assert citizen.post("/reports", citizen.submission(), Idempotency_Key=key).status_code == 201


def test_keys_are_ones_own(service: Service) -> None:
    one, other, key = service.citizen(), service.citizen(), a_key()
    assert one.post("/reports", one.submission(), Idempotency_Key=key).status_code == 201
    assert other.get(f"/reports/by-key/{key}").json()["code"] == "REPORT_NOT_FOUND"
    assert other.post("/reports", other.submission(), Idempotency_Key=key).status_code == 201


def test_an_action_sent_twice_is_done_once(service: Service) -> None:
    lead, key = service.as_role(Role.UNIT_LEAD), a_key()
    number = service.citizen().report()["number"]
    first = lead.post(f"/reports/{number}/sign", Idempotency_Key=key)
    again = lead.post(f"/reports/{number}/sign", Idempotency_Key=key)
    assert first.content == again.content
    assert lead.post(f"/reports/{number}/sign").json()["code"] == "ILLEGAL_TRANSITION"
    assert len(lead.get(f"/reports/{number}").json()["timeline"]) == 5


@pytest.mark.parametrize("key", ["", "x" * 129, "a b", "tab\t"])
def test_a_key_that_is_none_is_refused(service: Service, key: str) -> None:
    citizen = service.citizen()
    answer = citizen.post("/reports", citizen.submission(photo_ids=["x"]), Idempotency_Key=key)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION")


# Changed in between ------------------------------------------------------------------------------------------------


def test_a_stale_version_is_refused_and_changes_nothing(service: Service) -> None:
    lead = service.as_role(Role.UNIT_LEAD)
    number = service.citizen().report()["number"]
    stale = lead.post(f"/reports/{number}/sign", If_Match='"7"')
    assert (stale.status_code, stale.json()["code"], stale.json()["version"]) == (412, "STALE_VERSION", 1)
    assert lead.post(f"/reports/{number}/sign", If_Match='"1"').json()["version"] == 2
    assert lead.post(f"/reports/{number}/return", {"reason": "不属本单位"}, If_Match="*").json()["version"] == 3


@pytest.mark.parametrize("written", ["W/2", 'W/"2"', '"2"', "2"])
def test_a_version_may_be_written_as_proxies_do(service: Service, written: str) -> None:
    lead = service.as_role(Role.UNIT_LEAD)
    number = service.citizen().report()["number"]
    lead.post(f"/reports/{number}/sign")
    answer = lead.post(f"/reports/{number}/return", {"reason": "不属本单位"}, If_Match=written)
    assert answer.status_code == 200


@pytest.mark.parametrize("written", ['"x"', "", '""', "-1", str(2**63), "1.0", "9" * 65])
def test_a_version_that_is_none_is_refused(service: Service, written: str) -> None:
    lead = service.as_role(Role.UNIT_LEAD)
    number = service.citizen().report()["number"]
    answer = lead.post(f"/reports/{number}/sign", If_Match=written)
    assert (answer.status_code, answer.json()["code"] in {"BAD_VERSION", "VALIDATION"}) == (422, True)


# Who sees what -----------------------------------------------------------------------------------------------------


def test_a_citizen_cannot_read_or_touch_somebody_elses_report(service: Service) -> None:
    number = service.citizen().report()["number"]
    stranger = service.citizen()
    assert stranger.get(f"/reports/{number}").json()["code"] == "REPORT_NOT_FOUND"
    assert stranger.post(f"/reports/{number}/withdraw").status_code == 404
    assert stranger.post(f"/reports/{number}/rate", {"score": "satisfied"}).status_code == 404
    assert stranger.post(f"/reports/{number}/close").status_code == 403
    assert stranger.get("/me/reports").json() == {"items": [], "next_cursor": None}


def test_another_district_and_another_unit_do_not_know_the_report(service: Service) -> None:
    number = service.citizen().report()["number"]
    elsewhere = service.as_role(Role.DISPATCHER, area_code=SHINAN)
    other_unit = service.as_role(Role.UNIT_LEAD, unit_code="370202.urban_management")
    for person, action in ((elsewhere, "void"), (other_unit, "return")):
        assert person.get(f"/reports/{number}").status_code == 404
        assert person.post(f"/reports/{number}/{action}", {"reason": "没有权限"}).status_code == 404
        assert person.post(f"/reports/{number}/release").status_code in {403, 404}


def test_a_unit_sees_a_pseudonym_and_never_who_reported(service: Service) -> None:
    citizen, lead = service.citizen(), service.as_role(Role.UNIT_LEAD)
    number = citizen.report(anonymous=True)["number"]
    text = lead.get(f"/reports/{number}").text
    assert re.search(r'"reporter":"市民-[2-9A-Z]{4}"', text)
    assert "reporter_id" not in text
    assert "人员" not in text  # the display name of the account
    # Two reports of one person show one pseudonym, so that a unit can answer.
    again = lead.get(f"/reports/{citizen.report()['number']}").json()["reporter"]
    assert f'"reporter":"{again}"' in text


def test_without_a_login_there_is_nothing(service: Service) -> None:
    for method, path in (
        ("GET", "/reports/261120360000000011"),
        ("POST", "/reports"),
        ("GET", "/me/reports"),
        ("GET", "/me/updates"),
        ("GET", "/queues"),
        ("POST", "/queues/unit/pull"),
        ("GET", "/reports/by-key/k"),
    ):
        answer = service.client.request(method, f"/api/v1{path}")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        wrong = service.client.request(method, f"/api/v1{path}", headers={"Authorization": "Bearer nonsense"})
        assert wrong.status_code == 401


@pytest.mark.parametrize(
    ("role", "method", "path"),
    [
        (Role.ACCEPTOR, "POST", "/reports"),
        (Role.ACCEPTOR, "GET", "/me/reports"),
        (Role.CITIZEN, "GET", "/queues"),
        (Role.CITIZEN, "POST", "/queues/acceptance/pull"),
        (Role.SERVICE, "GET", "/queues/acceptance"),
        (Role.ACCEPTOR, "GET", "/queues/dispatch"),
    ],
)
def test_what_a_role_may_not_is_403(service: Service, role: Role, method: str, path: str) -> None:
    person = service.as_role(role)
    answer = person.get(path) if method == "GET" else person.post(path, {})
    assert answer.status_code in {403, 422}
    if method == "GET":
        assert answer.status_code == 403


def test_there_is_no_such_queue(service: Service) -> None:
    assert service.as_role(Role.SUPERVISOR).get("/queues/archive").json()["code"] == "QUEUE_NOT_FOUND"


# Quiet logs --------------------------------------------------------------------------------------------------------


def test_no_line_of_the_log_holds_a_place_a_word_or_a_token(service: Service) -> None:
    citizen, lead = service.citizen(), service.as_role(Role.UNIT_LEAD)
    body = citizen.submission(description="请回电 13800138000")
    with capture_logs() as lines:
        number = citizen.post("/reports", body, Idempotency_Key="my-secret-key").json()["number"]
        citizen.get(f"/reports/{number}")
        citizen.get("/reports/by-key/my-secret-key")
        lead.post(f"/reports/{number}/return", {"reason": "电话 13800138000 打不通"})
        citizen.post("/reports", body | {"description": 13800138000})
        citizen.post("/reports", body | {"location": body["location"] | {"lon": 0.123456}})
        citizen.get("/me/reports", cursor="13800138000")
    assert len(lines) >= 7
    written = str(lines)
    token = citizen.headers["Authorization"].removeprefix("Bearer ")
    for secret in ("13800138000", "120.41", "36.16", "0.1234", token, number, "my-secret-key", SQUAD):
        assert secret not in written
    assert {line["route"] for line in lines if line["event"] == "request"} >= {"/api/v1/reports/{number}"}


# Cost --------------------------------------------------------------------------------------------------------------


def counted(service: Service, ask: Callable[[], Any]) -> int:
    with QueryRecorder(service.database) as recorder:
        answer = ask()
    assert answer.status_code in {200, 201}, answer.text
    return len(recorder.statements)


def test_a_report_with_two_photos_and_a_key_costs_few_statements(service: Service) -> None:
    citizen = service.citizen()
    body = citizen.submission(photo_ids=[citizen.photo(), citizen.photo()])
    assert counted(service, lambda: citizen.post("/reports", body, Idempotency_Key=a_key())) <= 9


def test_a_list_costs_the_same_however_long_it_is(service: Service) -> None:
    citizen, acceptor = service.citizen(), service.as_role(Role.ACCEPTOR)
    for _ in range(6):
        citizen.report(category=None, at=IN_ZHONGSHANLU)
    for person, path in ((citizen, "/me/reports"), (acceptor, "/queues/acceptance")):
        person.get(path)  # the token is known from here on
        costs = [counted(service, partial(person.get, path, limit=limit)) for limit in (1, 5, 100)]
        assert costs == [2, 2, 2]


def test_one_report_costs_the_same_however_long_its_story(service: Service) -> None:
    citizen, lead = service.citizen(), service.as_role(Role.UNIT_LEAD)
    number = citizen.report()["number"]

    def reading(person: Person) -> int:
        person.get(f"/reports/{number}")
        return counted(service, lambda: person.get(f"/reports/{number}"))

    before = reading(citizen), reading(lead)
    lead.post(f"/reports/{number}/sign")
    for _ in range(3):
        lead.post(f"/reports/{number}/submit-result", {"result": "已劝离", "photo_ids": [lead.photo()]})
    assert (reading(citizen), reading(lead)) == before
    # Report, photos, relatives, entries and their words; to staff also the timers and what triage proposed.
    assert before == (5, 7)


# Clashes -----------------------------------------------------------------------------------------------------------


def test_a_number_that_clashes_is_drawn_again(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    citizen = service.citizen()
    bodies = [citizen.submission() for _ in range(3)]
    dice = iter([77, 77, 78, 77, 77, 77])
    monkeypatch.setattr(secrets, "randbelow", lambda _: next(dice))
    service.clock.advance(days=1)
    first, second = (citizen.post("/reports", body, Idempotency_Key=f"clash-{n}") for n, body in enumerate(bodies[:2]))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["number"] != second.json()["number"]
    hopeless = citizen.post("/reports", bodies[2], Idempotency_Key="clash-2")
    assert (hopeless.status_code, hopeless.json()["code"], hopeless.json()["retryable"]) == (409, "NUMBER_TAKEN", True)
    assert len(citizen.get("/me/reports").json()["items"]) == 2
    # Nothing of the failed one is left, not even its key: its photo and its key are good for another try.
    monkeypatch.undo()
    assert citizen.post("/reports", bodies[2], Idempotency_Key="clash-2").status_code == 201
