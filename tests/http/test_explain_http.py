"""Questions, answers and reasons over HTTP: refused with what can be answered, told to each reader in their words."""

from typing import Any

import pytest

from app.domain.roles import Role
from tests.builders import SQUAD
from tests.builders_city import IN_LICUN, LICANG
from tests.http.strict_client import Service

HERE = {"location": {"lon": IN_LICUN[0], "lat": IN_LICUN[1], "datum": "wgs84"}}
POLICE = f"{LICANG}.traffic_police"
CARRIAGEWAY = {"place_type": "carriageway"}


def test_a_wrong_answer_is_refused_with_the_choices(service: Service) -> None:
    citizen = service.citizen()
    refused = citizen.post("/reports", citizen.submission(answers={"place_type": "market"}))
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (422, "ANSWER_UNKNOWN")
    assert problem["choices"] == ["carriageway", "pavement"]
    assert problem["message"] == "问题“place_type”没有“market”这个选项。可选：carriageway、pavement。"


def test_a_question_of_another_category_is_refused_with_those_that_are_asked(service: Service) -> None:
    citizen = service.citizen()
    refused = citizen.post("/reports", citizen.submission(answers={"consequence": "water_polluted"}))
    assert (refused.status_code, refused.json()["code"]) == (422, "QUESTION_UNKNOWN")
    assert refused.json()["asked"] == ["place_type"]


def test_the_citizen_reads_a_sentence_and_staff_the_whole(service: Service) -> None:
    citizen, desk = service.citizen(), service.as_role(Role.DISPATCHER)
    number = citizen.report(answers=CARRIAGEWAY)["number"]
    mine, theirs = citizen.get(f"/reports/{number}").json(), desk.get(f"/reports/{number}").json()
    sentence = "派发至李沧区公安分局交警大队，依据：车行道上的机动车乱停放由公安交警查处；通行做法"
    assert mine["why"] == theirs["why"] == sentence
    assert "routing" not in mine
    assert theirs["routing"]["when_text"] == "类别为“机动车乱停放”；场所为“车行道上”"
    assert [each["rule"] for each in theirs["routing"]["passed_over"]] == ["class-09009"]


def test_the_desk_corrects_an_answer_and_the_proposal_follows(service: Service) -> None:
    citizen, acceptor = service.citizen(), service.as_role(Role.ACCEPTOR)
    number = citizen.report(category=None)["number"]
    body = {"category": "parking", "answers": {"place_type": "market"}}
    assert acceptor.post(f"/reports/{number}/accept", body).json()["code"] == "ANSWER_UNKNOWN"
    accepted = acceptor.post(f"/reports/{number}/accept", body | {"answers": CARRIAGEWAY})
    assert accepted.status_code == 200
    seen = acceptor.get(f"/reports/{number}").json()
    assert (seen["proposed_unit"], seen["routing"]["rule"]) == (POLICE, "parking-on-carriageway")


def test_staff_ask_why_of_a_report_and_of_a_case_thought_up(service: Service) -> None:
    desk = service.as_role(Role.DISPATCHER)
    number = service.citizen().report()["number"]
    about = desk.post("/routing/explain", {"number": number}).json()
    assert (about["stored"]["unit"], about["rules_say"]["unit"], about["is_same"]) == (SQUAD, SQUAD, True)
    assert about["stored"] == desk.get(f"/reports/{number}").json()["routing"]
    thought_up = desk.post("/routing/explain", HERE | {"category": "parking", "answers": CARRIAGEWAY}).json()
    assert (thought_up["rules_say"]["unit"], thought_up["stored"], thought_up["is_same"]) == (POLICE, None, None)
    assert thought_up["asked"]["at"] == "2026-11-20T10:00:00+08:00"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "EXPLAIN_WHAT"),
        (HERE | {"number": "261120360004159261"}, 422, "EXPLAIN_WHAT"),
        ({"number": "12345"}, 422, "INVALID_REPORT_NUMBER"),
        (HERE | {"rule_set": "no_such"}, 404, "RULE_SET_NOT_FOUND"),
        (HERE | {"category": "no_such"}, 404, "CATEGORY_NOT_FOUND"),
        (HERE | {"condition_id": "999999"}, 404, "CONDITION_NOT_FOUND"),
        (HERE | {"class_code": "77777"}, 422, "CLASS_UNKNOWN"),
        (HERE | {"class_code": "7"}, 422, "VALIDATION"),
        (HERE | {"at": "2026-11-20T10:00:00"}, 422, "VALIDATION"),
        (HERE | {"at": "0001-01-01T00:00:00+08:00"}, 422, "VALIDATION"),
        (HERE | {"at": "9999-12-31T23:59:59+00:00"}, 422, "VALIDATION"),
        (HERE | {"at": 1}, 422, "VALIDATION"),
        (HERE | {"rule_set": "a\u0000"}, 422, "VALIDATION"),
        (HERE | {"colour": "red"}, 422, "VALIDATION"),
        (HERE | {"component": "37021301109999999"}, 422, "COMPONENT_UNKNOWN"),
        ({"location": {"lon": 120.6, "lat": 35.6, "datum": "wgs84"}}, 422, "REPORT_OUT_OF_AREA"),
        (HERE | {"answers": {"colour": "red"}}, 422, "QUESTION_UNKNOWN"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(
    service: Service, body: dict[str, Any], status: int, code: str
) -> None:
    refused = service.as_role(Role.SUPERVISOR).post("/routing/explain", body)
    assert (refused.status_code, refused.json()["code"]) == (status, code)
