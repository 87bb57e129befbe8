"""What a client learns about a pin on the map: its area, who would be responsible, and the mistakes that show."""

from typing import Any

import pytest

from app.domain.gcj02 import wgs84_to_bd09, wgs84_to_gcj02
from app.domain.roles import Role
from tests.builders import DECISIVE_CATEGORY, SQUAD
from tests.builders_city import AT_SEA, IN_LICUN, IN_ZHONGSHANLU, LICANG, LICUN
from tests.http.strict_client import Person, Service
from tests.query_recorder import QueryRecorder

BESIDE_LICUN = (120.4350, 36.1602)
"""300 m east of 李村街道, in no cell; 460 m further west, where GCJ-02 would put it, there is one."""


def ask(person: Person, at: tuple[float, float], datum: str = "wgs84", **more: str) -> Any:
    answer = person.get("/geo/resolve", lon=at[0], lat=at[1], datum=datum, **more)
    return answer.json() | {"status_code": answer.status_code}


def test_a_point_has_its_areas_in_words_and_its_coordinates_in_both_datums(service: Service) -> None:
    found = ask(service.citizen(), IN_LICUN)
    assert (found["status_code"], found["is_certain"], found["offset_m"]) == (200, True, 0)
    assert found["district"] == {"code": LICANG, "name": "李沧区"}
    assert found["street"] == {"code": LICUN, "name": "李村街道"}
    assert found["community"] == {"code": f"{LICUN}001", "name": "李村街道第 1 片区"}
    assert found["cell"] == f"{LICUN}001005"
    assert found["wgs84"] == {"lon": IN_LICUN[0], "lat": IN_LICUN[1]}
    assert (found["gcj02"]["lon"], found["gcj02"]["lat"]) == pytest.approx(wgs84_to_gcj02(*IN_LICUN), abs=1e-6)
    assert (found["plausible"], found["hint"], found["nearby"]) == ([], None, [])


@pytest.mark.parametrize(
    ("datum", "sent"),
    [
        ("wgs84", IN_LICUN),
        ("cgcs2000", IN_LICUN),
        ("gcj02", wgs84_to_gcj02(*IN_LICUN)),
        ("bd09", wgs84_to_bd09(*IN_LICUN)),
    ],
)
def test_every_datum_leads_to_the_same_place(service: Service, datum: str, sent: tuple[float, float]) -> None:
    found = ask(service.citizen(), sent, datum)
    assert found["cell"] == f"{LICUN}001005"
    assert (found["wgs84"]["lon"], found["wgs84"]["lat"]) == pytest.approx(IN_LICUN, abs=1e-7)


def test_the_unit_and_its_reason_are_those_a_report_would_get(service: Service) -> None:
    citizen, lead = service.citizen(), service.as_role(Role.UNIT_LEAD)
    unit = ask(citizen, IN_LICUN, category=DECISIVE_CATEGORY)["unit"]
    assert (unit["code"], unit["is_fallback"]) == (SQUAD, False)
    number = citizen.report(category=DECISIVE_CATEGORY)["number"]
    report = lead.get(f"/reports/{number}").json()
    assert (unit["code"], unit["name"]) == (report["unit"], report["unit_name"])
    assert unit["basis"] == report["routing"]["basis"]


def test_without_a_category_it_is_whoever_answers_for_the_street(service: Service) -> None:
    unit = ask(service.citizen(), IN_LICUN)["unit"]
    office = {"code": f"{LICUN}.street_office", "name": "李村街道办事处"}
    assert unit == office | {"basis": "属地管理", "is_fallback": True}


def test_beside_the_grid_the_nearest_cell_is_taken_and_the_datum_doubted(service: Service) -> None:
    found = ask(service.citizen(), BESIDE_LICUN)
    assert (found["status_code"], found["is_certain"]) == (200, False)
    assert (found["street"]["code"], round(found["offset_m"], -2)) == (LICUN, 300)
    assert found["plausible"] == ["gcj02", "bd09"]
    assert found["hint"] == "如果这其实是火星坐标（GCJ-02），位置就在网格之内，请核对坐标系。"


@pytest.mark.parametrize(
    ("at", "datum", "plausible", "said"),
    [
        (IN_LICUN[::-1], "wgs84", ["swapped"], "经度和纬度可能填反了"),
        (wgs84_to_gcj02(*IN_LICUN)[::-1], "gcj02", ["swapped"], "经度和纬度可能填反了"),
        (BESIDE_LICUN[::-1], "wgs84", ["swapped"], "经度和纬度可能填反了"),
        (AT_SEA, "wgs84", [], "请在地图上重新选点。"),
        ((0.0, 0.0), "wgs84", [], "请在地图上重新选点。"),
        ((116.4, 39.9), "gcj02", [], "请在地图上重新选点。"),
    ],
)
def test_outside_the_city_the_answer_says_what_was_perhaps_meant(
    service: Service, at: tuple[float, float], datum: str, plausible: list[str], said: str
) -> None:
    refused = ask(service.citizen(), at, datum)
    assert (refused["status_code"], refused["code"]) == (422, "REPORT_OUT_OF_AREA")
    assert refused["plausible"] == plausible
    assert said in refused["message"]


@pytest.mark.parametrize(
    ("question", "code"),
    [
        ({"lon": 36, "lat": 116, "datum": "wgs84"}, "BAD_COORDINATE"),
        ({"lon": 36, "lat": -120.4, "datum": "wgs84"}, "BAD_COORDINATE"),
        ({"lon": 181, "lat": 36, "datum": "wgs84"}, "VALIDATION"),
        ({"lon": 120, "lat": 180.1, "datum": "wgs84"}, "VALIDATION"),
        ({"lon": "nan", "lat": 36, "datum": "wgs84"}, "VALIDATION"),
        ({"lon": "1e999", "lat": 36, "datum": "wgs84"}, "VALIDATION"),
        ({"lon": "", "lat": 36, "datum": "wgs84"}, "VALIDATION"),
        ({"lat": 36, "datum": "wgs84"}, "VALIDATION"),
        ({"lon": 120, "lat": 36}, "VALIDATION"),
        ({"lon": 120, "lat": 36, "datum": "moon"}, "VALIDATION"),
        ({"lon": 120, "lat": 36, "datum": "WGS84"}, "VALIDATION"),
        ({"lon": 120, "lat": 36, "datum": "wgs84", "radius": 5}, "VALIDATION"),
        ({"lon": 120, "lat": 36, "datum": "wgs84", "category": "a\x00b"}, "VALIDATION"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(service: Service, question: dict[str, Any], code: str) -> None:
    answer = service.citizen().get("/geo/resolve", **question)
    assert (answer.status_code, answer.json()["code"]) == (422, code)


def test_a_category_nobody_knows_is_not_found(service: Service) -> None:
    refused = ask(service.citizen(), IN_LICUN, category="no_such")
    assert (refused["status_code"], refused["code"]) == (404, "CATEGORY_NOT_FOUND")


def test_everybody_signed_in_may_ask_and_nobody_else(service: Service) -> None:
    for role in Role:
        assert ask(service.as_role(role), IN_ZHONGSHANLU)["status_code"] == 200
    question = {"lon": "120", "lat": "36", "datum": "wgs84"}
    assert service.client.get("/api/v1/geo/resolve", params=question).status_code == 401


def test_an_answer_costs_one_statement_and_without_a_category_none(service: Service) -> None:
    citizen = service.citizen()
    ask(citizen, IN_LICUN)  # the token is known from here on
    for question, statements in (({"category": DECISIVE_CATEGORY}, 1), ({}, 0)):
        with QueryRecorder(service.database) as recorder:
            assert ask(citizen, BESIDE_LICUN, **question)["status_code"] == 200
        assert len(recorder.statements) == statements
