"""One table of what must not get in: each is refused with its code and a Chinese sentence, and leaves no row behind.

What the texts of a request may not hold is in `test_bad_texts`, whose tokens are good in `test_bad_tokens`, broken
pages, numbers and cursors in `test_malformed_requests`, slow and cut bodies in `test_slow_uploads`.
"""

import json
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from httpx2 import Response

from app.domain.roles import Role
from tests.builders import OTHER_UNIT
from tests.builders_city import AT_SEA, IN_LICUN
from tests.http.row_counts import rows_of
from tests.http.strict_client import Person, Service

BIG = 2**63
HERE = {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": "wgs84", "source": "pin"}
NOWHERE = {"datum": "wgs84", "source": "pin"}


def raw(person: Person, content: bytes, path: str = "/reports", **headers: str) -> Response:
    """Send bytes as they are; JSON unless a header says otherwise."""
    more = {"Content-Type": "application/json"} | {name.replace("_", "-"): each for name, each in headers.items()}
    response: Response = person.client.post(f"/api/v1{path}", content=content, headers=person.headers | more)
    return response


def check_refused(service: Service, send: Callable[[], Response], status: int, code: str) -> Response:
    before = rows_of(service.database)
    answer = send()
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert rows_of(service.database) == before
    return answer


# A report ------------------------------------------------------------------------------------------------------------

Changes = dict[str, Any]

REPORTS: dict[str, tuple[Changes, str]] = {
    "in the Gulf of Guinea": ({"location": NOWHERE | {"lon": 0, "lat": 0}}, "REPORT_OUT_OF_AREA"),
    "in the Yellow Sea": ({"location": NOWHERE | {"lon": AT_SEA[0], "lat": AT_SEA[1]}}, "REPORT_OUT_OF_AREA"),
    "in Beijing": ({"location": NOWHERE | {"lon": 116.4, "lat": 39.9}}, "REPORT_OUT_OF_AREA"),
    "in Beijing, by a map": ({"location": HERE | {"lon": 116.4, "lat": 39.9, "datum": "gcj02"}}, "REPORT_OUT_OF_AREA"),
    "axes exchanged": ({"location": NOWHERE | {"lon": IN_LICUN[1], "lat": IN_LICUN[0]}}, "REPORT_OUT_OF_AREA"),
    "axes exchanged, elsewhere": ({"location": NOWHERE | {"lon": 39.9, "lat": 116.4}}, "BAD_COORDINATE"),
    "beyond the pole": ({"location": NOWHERE | {"lon": 120, "lat": 90.1}}, "BAD_COORDINATE"),
    "beyond the date line": ({"location": NOWHERE | {"lon": 180.1, "lat": 36}}, "VALIDATION"),
    "latitude beyond everything": ({"location": NOWHERE | {"lon": 120, "lat": 1e308}}, "VALIDATION"),
    "not a number": ({"location": HERE | {"lon": float("nan")}}, "VALIDATION"),
    "infinite": ({"location": HERE | {"lat": float("inf")}}, "VALIDATION"),
    "minus infinite": ({"location": HERE | {"lat": float("-inf")}}, "VALIDATION"),
    "not a number of metres": ({"location": HERE | {"accuracy_m": float("nan")}}, "VALIDATION"),
    "a word for a number": ({"location": HERE | {"lon": "east"}}, "VALIDATION"),
    "a height": ({"location": HERE | {"altitude": 5}}, "VALIDATION"),
    "found by guessing": ({"location": HERE | {"source": "guess"}}, "VALIDATION"),
    "less than no metres": ({"location": HERE | {"accuracy_m": -1}}, "VALIDATION"),
    "no place": ({"location": None}, "VALIDATION"),
    "no datum": ({"location": {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "source": "pin"}}, "VALIDATION"),
    "datum null": ({"location": HERE | {"datum": None}}, "VALIDATION"),
    "datum unknown": ({"location": HERE | {"datum": "wgs72"}}, "VALIDATION"),
    "datum in capitals": ({"location": HERE | {"datum": "WGS84"}}, "VALIDATION"),
    "category unknown": ({"category": "no_such"}, "CATEGORY_NOT_FOUND"),
    "category is a class": ({"category": "09009"}, "CATEGORY_NOT_FOUND"),
    "category empty": ({"category": ""}, "VALIDATION"),
    "category of 10 kB": ({"category": "c" * 10_000}, "VALIDATION"),
    "category a number": ({"category": BIG}, "VALIDATION"),
    "class of one's own": ({"class_code": "09009"}, "VALIDATION"),
    "a number for words": ({"description": 5}, "VALIDATION"),
    "5,000 characters": ({"description": "字" * 5000}, "VALIDATION"),
    "one character too many": ({"description": "字" * 2001}, "VALIDATION"),
    "address of a page": ({"location": HERE | {"address": "路" * 201}}, "VALIDATION"),
    "answers without end": ({"answers": {str(each): "是" for each in range(21)}}, "VALIDATION"),
    "neither category nor word": ({"category": None, "description": " \u3000\n"}, "REPORT_SAYS_NOTHING"),
    "nothing that is seen": ({"category": None, "description": "\u200b\ufeff\u2060"}, "REPORT_SAYS_NOTHING"),
    "no photo": ({"photo_ids": []}, "PHOTO_REQUIRED"),
    "ten photos": ({"photo_ids": [f"{each:022}" for each in range(10)]}, "VALIDATION"),
    "a photo that is none": ({"photo_ids": ["0" * 22]}, "PHOTO_NOT_FOUND"),
    "a photo of 10 kB": ({"photo_ids": ["x" * 10_000]}, "VALIDATION"),
    "a photo's number": ({"photo_ids": [BIG]}, "VALIDATION"),
    "a path for a photo": ({"photo_ids": ["../../etc/passwd"]}, "VALIDATION"),
    "a photo with a NUL": ({"photo_ids": ["a\x00b"]}, "VALIDATION"),
    "half a character for a photo": ({"photo_ids": ["\udfff"]}, "VALIDATION"),
    "a photo null": ({"photo_ids": [None]}, "VALIDATION"),
    "perhaps anonymous": ({"anonymous": "maybe"}, "VALIDATION"),
    "somebody else's name": ({"reporter_id": "1"}, "VALIDATION"),
    "a status of one's own": ({"status": "closed"}, "VALIDATION"),
}
_STATUS = {"CATEGORY_NOT_FOUND": 404, "PHOTO_NOT_FOUND": 404}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_that_must_not_get_in(service: Service, name: str) -> None:
    changes, code = REPORTS[name]
    citizen = service.citizen()
    body = json.dumps(citizen.submission() | changes).encode()
    answer = check_refused(service, lambda: raw(citizen, body, Idempotency_Key=a_key()), _STATUS.get(code, 422), code)
    if code == "VALIDATION":
        assert all(each["pointer"].startswith("/body/") for each in answer.json()["errors"])


def a_key() -> str:
    return secrets.token_urlsafe(12)


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.INSPECTOR])
def test_who_is_there_has_a_photo(service: Service, role: Role) -> None:
    person = service.as_role(role)
    body = person.submission() | {"photo_ids": []}
    check_refused(service, lambda: person.post("/reports", body), 422, "PHOTO_REQUIRED")


def test_a_photo_is_used_once_and_by_its_owner(service: Service) -> None:
    owner, thief = service.citizen(), service.citizen()
    photo, fresh = owner.photo(), thief.photo()
    stolen = thief.submission(photo_ids=[fresh, photo])
    check_refused(service, lambda: thief.post("/reports", stolen), 404, "PHOTO_NOT_FOUND")
    owner.report(photo_ids=[photo])
    again = owner.submission(photo_ids=[photo])
    check_refused(service, lambda: owner.post("/reports", again), 409, "PHOTO_TAKEN")
    check_refused(service, lambda: thief.post("/reports", stolen), 404, "PHOTO_NOT_FOUND")
    thief.report(photo_ids=[fresh])  # the refusals have not used it up


def test_a_key_stands_for_one_body(service: Service) -> None:
    citizen, key = service.citizen(), a_key()
    first, other = citizen.submission(), citizen.submission(description="别的")
    assert citizen.post("/reports", first, Idempotency_Key=key).status_code == 201
    send = partial(citizen.post, "/reports", other, Idempotency_Key=key)
    check_refused(service, send, 422, "IDEMPOTENCY_KEY_REUSED")
    assert citizen.post("/reports", first, Idempotency_Key=key).status_code == 201


# What is no JSON object ----------------------------------------------------------------------------------------------

NESTED = 100_000
CONTENTS: dict[str, tuple[bytes, dict[str, str], str]] = {
    "nothing": (b"", {}, "VALIDATION"),
    "blanks": (b" \n ", {}, "MALFORMED_JSON"),
    "half an object": (b'{"category": ', {}, "MALFORMED_JSON"),
    "single quotes": (b"{'category': 'parking'}", {}, "MALFORMED_JSON"),
    "a comma too many": (b'{"category": "parking",}', {}, "MALFORMED_JSON"),
    "two objects": (b"{}{}", {}, "MALFORMED_JSON"),
    "an empty object": (b"{}", {}, "VALIDATION"),
    "an array": (b"[]", {}, "VALIDATION"),
    "an array of reports": (b"[{}]", {}, "VALIDATION"),
    "a text": (b'"parking"', {}, "VALIDATION"),
    "a number": (b"5", {}, "VALIDATION"),
    "null": (b"null", {}, "VALIDATION"),
    "true": (b"true", {}, "VALIDATION"),
    "not a number": (b"NaN", {}, "VALIDATION"),
    "100,000 brackets": (b"[" * NESTED + b"]" * NESTED, {}, "MALFORMED_BODY"),
    "100,000 brackets never closed": (b"[" * NESTED, {}, "MALFORMED_BODY"),
    "an object in an object in ...": (b'{"a":' * 40_000 + b"1" + b"}" * 40_000, {}, "MALFORMED_BODY"),
    "a number beyond all numbers": (b'{"location": {"lon": 1e400}}', {}, "VALIDATION"),
    "a number of 5,000 digits": (b'{"location": {"lon": ' + b"9" * 5000 + b"}}", {}, "MALFORMED_BODY"),
    "a number of 4,000 digits": (b'{"location": {"lon": ' + b"9" * 4000 + b"}}", {}, "VALIDATION"),
    "a fraction of 5,000 digits": (b'{"location": {"lon": 1.' + b"9" * 5000 + b"}}", {}, "VALIDATION"),
    "invalid UTF-8": (b'{"description": "\xff\xfe"}', {}, "MALFORMED_BODY"),
    "half a character": ('{"description": "路'.encode()[:-1] + b'"}', {}, "MALFORMED_BODY"),
    "GBK": ('{"description": "路口"}'.encode("gbk"), {}, "MALFORMED_BODY"),
    "compressed": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03", {"Content_Encoding": "gzip"}, "MALFORMED_BODY"),
    "plain text": (b'{"category": "parking"}', {"Content_Type": "text/plain"}, "VALIDATION"),
    "a form": (b"category=parking", {"Content_Type": "application/x-www-form-urlencoded"}, "VALIDATION"),
    "a form with files": (b"--x--", {"Content_Type": "multipart/form-data; boundary=x"}, "VALIDATION"),
    "no type that exists": (b"{}", {"Content_Type": "json"}, "VALIDATION"),
    "a type of 10 kB": (b"{}", {"Content_Type": "a/" + "b" * 10_000}, "VALIDATION"),
}


@pytest.mark.parametrize("name", CONTENTS)
def test_a_body_that_is_no_object(service: Service, name: str) -> None:
    content, headers, code = CONTENTS[name]
    check_refused(service, lambda: raw(service.citizen(), content, **headers), 422, code)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_unicode_in_another_dress_is_read(service: Service, encoding: str) -> None:
    """A byte order mark is allowed to be ignored (RFC 8259, 8.1), and old tools write it."""
    citizen = service.citizen()
    content = json.dumps(citizen.submission(), ensure_ascii=False).encode(encoding)
    assert raw(citizen, content).status_code == 201


def test_of_a_name_given_twice_the_last_one_counts(service: Service) -> None:
    citizen = service.citizen()
    once = json.dumps(citizen.submission(description="第二次"), ensure_ascii=False)
    number = raw(citizen, ('{"description": "第一次", ' + once[1:]).encode()).json()["number"]
    assert citizen.get(f"/reports/{number}").json()["description"] == "第二次"


# Somebody else's work ------------------------------------------------------------------------------------------------


def test_the_wrong_state_role_unit_or_version_changes_nothing(service: Service) -> None:
    citizen, lead, acceptor = service.citizen(), service.as_role(Role.UNIT_LEAD), service.as_role(Role.ACCEPTOR)
    other_unit = service.as_role(Role.UNIT_LEAD, unit_code=OTHER_UNIT)
    number = citizen.report()["number"]  # dispatched to the lead's unit
    photo = lead.photo()
    done = {"result": "已劝离", "photo_ids": [photo]}
    refusals: list[tuple[Person, str, Any, dict[str, str], int, str]] = [
        (lead, "resolve", done, {}, 409, "ILLEGAL_TRANSITION"),
        (acceptor, "accept", {}, {}, 409, "ILLEGAL_TRANSITION"),
        (citizen, "sign", {}, {}, 403, "PERMISSION_MISSING"),
        (acceptor, "sign", {}, {}, 403, "PERMISSION_MISSING"),
        (other_unit, "sign", {}, {}, 404, "REPORT_NOT_FOUND"),
        (lead, "sign", {}, {"If_Match": '"2"'}, 412, "STALE_VERSION"),
        (lead, "sign", {}, {"If_Match": '"0"'}, 412, "STALE_VERSION"),
        (lead, "sign", {}, {"If_Match": '"999999999"'}, 412, "STALE_VERSION"),
        (lead, "sign", {}, {"If_Match": f'"{BIG}"'}, 422, "BAD_VERSION"),
        (lead, "sign", {}, {"If_Match": "zwei"}, 422, "BAD_VERSION"),
        (lead, "sign", {}, {"If_Match": '"1", "2"'}, 422, "BAD_VERSION"),
        (lead, "sign", {}, {"If_Match": '"' + "1" * 10_000 + '"'}, 422, "VALIDATION"),
    ]
    for person, action, body, headers, status, code in refusals:
        path = f"/reports/{number}/{action}"
        send = partial(person.post, path, body, Idempotency_Key=a_key(), **headers)
        check_refused(service, send, status, code)
    assert lead.post(f"/reports/{number}/sign", If_Match='"1"').status_code == 200
    assert lead.post(f"/reports/{number}/resolve", done).status_code == 200  # its photo is still free


# Numbers and ids -----------------------------------------------------------------------------------------------------


IDS = [str(BIG), BIG, "9" * 10_000, "1" * 10, "0", "-1", "1e3", " 1", "1\n", "１", "", True, 1, [], {}]


@pytest.mark.parametrize("made_up", IDS, ids=range(len(IDS)))
def test_an_id_that_is_none(service: Service, made_up: object) -> None:
    acceptor, lead = service.as_role(Role.ACCEPTOR), service.as_role(Role.UNIT_LEAD)
    waiting, given = (service.citizen().report(category=category)["number"] for category in (None, "parking"))
    for person, path, body in (
        (acceptor, f"/reports/{waiting}/accept", {"condition_id": made_up}),
        (acceptor, f"/reports/{waiting}/file", {"condition_id": made_up}),
        (lead, f"/reports/{given}/assign", {"handler_id": made_up}),
    ):
        answer = check_refused(service, partial(person.post, path, body), 422, "VALIDATION")
        assert [each["pointer"] for each in answer.json()["errors"]] == [f"/body/{next(iter(body))}"]


def test_an_id_of_nothing(service: Service) -> None:
    acceptor, dispatcher, lead = (service.as_role(role) for role in (Role.ACCEPTOR, Role.DISPATCHER, Role.UNIT_LEAD))
    number = service.citizen().report(category=None)["number"]
    accept = partial(acceptor.post, f"/reports/{number}/accept")
    check_refused(service, partial(accept, {"condition_id": "999999999"}), 404, "CONDITION_NOT_FOUND")
    check_refused(service, partial(accept, {"category": str(BIG)}), 404, "CATEGORY_NOT_FOUND")
    assert accept({"category": "parking"}).status_code == 200
    assert acceptor.post(f"/reports/{number}/file").status_code == 200
    for unit, code in (
        (str(BIG), "UNIT_UNKNOWN"),
        ("a\x00b", "VALIDATION"),
        ("x" * 10_000, "VALIDATION"),
        (BIG, "VALIDATION"),
    ):
        send = partial(dispatcher.post, f"/reports/{number}/dispatch", {"unit": unit})
        check_refused(service, send, 422, code)
    given = service.citizen().report()["number"]
    send = partial(lead.post, f"/reports/{given}/assign", {"handler_id": "999999999"})
    check_refused(service, send, 422, "HANDLER_UNKNOWN")


@pytest.mark.parametrize(
    ("role", "path"),
    [
        (Role.CITIZEN, "/me/reports"),
        (Role.ACCEPTOR, "/queues/acceptance"),
        (Role.SUPERVISOR, "/analytics/handling-time"),
        (Role.CITIZEN, "/geo/resolve"),
    ],
)
def test_a_query_parameter_that_does_not_exist_is_not_ignored(service: Service, role: Role, path: str) -> None:
    """A misspelt filter would show too much, and nobody would notice."""
    answer = service.as_role(role).get(path, stauts="closed")
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION")
    assert {"pointer": "/query/stauts", "detail": "没有这一项"} in answer.json()["errors"]
