"""Components over HTTP: who sees what, how a report names one, and what is refused."""

from itertools import count
from typing import Any

import pytest

from app.components.models import ComponentState
from app.domain.gcj02 import wgs84_to_gcj02
from app.domain.roles import Role
from tests.builders import SQUAD
from tests.builders_city import AT_SEA, IN_LICUN, LICANG
from tests.components.builders import GAS_COVER, LAMP, TREE, a_component
from tests.http.strict_client import Person, Service
from tests.query_recorder import QueryRecorder

_serials = count(500_000)
_places = count()


def a_place() -> tuple[float, float]:
    """Return a place in 李村街道 with no other component within 100 m: tests share the database."""
    number = next(_places)
    return IN_LICUN[0] - 0.010 + number % 8 * 0.0025, IN_LICUN[1] - 0.010 + number // 8 * 0.002


def put(service: Service, at: tuple[float, float], class_code: str = GAS_COVER, **changes: Any) -> str:
    code = f"{LICANG}{class_code}{next(_serials)}"
    with service.database.transaction() as session:
        session.add(a_component(code, at=at, **changes))
    return code


def ask(person: Person, at: tuple[float, float], **query: Any) -> Any:
    return person.get("/geo/components", **{"lon": at[0], "lat": at[1], "datum": "wgs84"} | query)


def test_a_citizen_sees_what_stands_there_and_not_whose_it_is(service: Service) -> None:
    at = a_place()
    code = put(service, at, state=ComponentState.DAMAGED, owner_name="青岛燃气", owner_unit=SQUAD)
    (item,) = ask(service.citizen(), at, category="facilities").json()["items"]
    gcj02 = item.pop("gcj02")
    assert item == {
        "code": code,
        "name": "燃气井盖",
        "class_code": GAS_COVER,
        "class_name": "燃气井盖异常",
        "state": "damaged",
        "state_text": "破损",
        "wgs84": {"lon": pytest.approx(at[0]), "lat": pytest.approx(at[1])},
        "owners": None,
        "distance_m": 0,
    }
    assert (gcj02["lon"], gcj02["lat"]) == pytest.approx(wgs84_to_gcj02(*at), abs=1e-6)


@pytest.mark.parametrize("role", [Role.ACCEPTOR, Role.HANDLER, Role.INSPECTOR])
def test_staff_sees_the_chain_of_owners(service: Service, role: Role) -> None:
    at = a_place()
    put(service, at, maintainer_name="李村街道综合行政执法队", maintainer_unit=SQUAD, owner_name="青岛燃气")
    (item,) = ask(service.as_role(role), at, category="facilities").json()["items"]
    assert item["owners"] == {
        "maintainer": {"name": "李村街道综合行政执法队", "unit": SQUAD},
        "owner": {"name": "青岛燃气", "unit": None},
        "supervisor": {"name": "", "unit": None},
    }


def test_a_system_that_sends_reports_sees_no_owners(service: Service) -> None:
    at = a_place()
    put(service, at, owner_name="青岛燃气")
    assert ask(service.as_role(Role.SERVICE), at, category="facilities").json()["items"][0]["owners"] is None


def test_class_and_category_say_what_is_wanted(service: Service) -> None:
    at, citizen = a_place(), service.citizen()
    cover, lamp, tree = put(service, at), put(service, at, LAMP), put(service, at, TREE)

    def codes(**query: Any) -> set[str]:
        return {item["code"] for item in ask(citizen, at, **query).json()["items"]}

    assert codes(category="facilities") == {cover, lamp}
    assert codes(category="greenery") == {tree}
    assert codes(category="parking") == set()
    assert codes(category="facilities", **{"class": TREE}) == {tree}
    assert codes(**{"class": LAMP}) == {lamp}


@pytest.mark.parametrize("datum", ["gcj02", "wgs84"])
def test_the_datum_is_respected(service: Service, datum: str) -> None:
    at = a_place()
    code = put(service, at)
    sent = wgs84_to_gcj02(*at) if datum == "gcj02" else at
    items = ask(service.citizen(), sent, datum=datum, category="facilities").json()["items"]
    assert [(item["code"], item["distance_m"]) for item in items] == [(code, 0)]


def test_the_limit_is_kept_and_bounded(service: Service) -> None:
    at, citizen = a_place(), service.citizen()
    for _ in range(3):
        put(service, at)
    assert len(ask(citizen, at, category="facilities", limit=2).json()["items"]) == 2
    for limit in (0, 21, "x"):
        assert ask(citizen, at, category="facilities", limit=limit).status_code == 422


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({}, 422, "COMPONENT_CLASS_MISSING"),
        ({"category": "nothing"}, 404, "CATEGORY_NOT_FOUND"),
        ({"class": "1011"}, 422, "VALIDATION"),
        ({"class": "０１０１１"}, 422, "VALIDATION"),
        ({"class": GAS_COVER, "lon": AT_SEA[0], "lat": AT_SEA[1]}, 422, "REPORT_OUT_OF_AREA"),
        ({"class": GAS_COVER, "lat": 91}, 422, "VALIDATION"),
        ({"class": GAS_COVER, "lon": "nan"}, 422, "VALIDATION"),
        ({"class": GAS_COVER, "datum": "utm"}, 422, "VALIDATION"),
        ({"class": GAS_COVER, "owner": "x"}, 422, "VALIDATION"),
    ],
)
def test_a_question_that_makes_no_sense_is_refused(
    service: Service, query: dict[str, Any], status: int, code: str
) -> None:
    answer = ask(service.citizen(), IN_LICUN, **query)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_it_costs_one_statement(service: Service) -> None:
    at, citizen = a_place(), service.citizen()
    ask(citizen, at, category="facilities")  # the caller is known from here on
    for number in (1, 8):
        for _ in range(number):
            put(service, at)
        with QueryRecorder(service.database) as recorder:
            assert ask(citizen, at, category="facilities").status_code == 200
        assert len(recorder.statements) == 1, recorder.statements


def test_one_component_is_shown_also_when_it_was_removed(service: Service) -> None:
    code = put(service, a_place(), is_removed=True, supervisor_name="市城管局")
    shown = service.as_role(Role.DISPATCHER).get(f"/components/{code}").json()
    assert (shown["code"], shown["is_removed"], shown["source"]) == (code, True, "test")
    assert shown["owners"]["supervisor"]["name"] == "市城管局"
    assert service.citizen().get(f"/components/{code}").json()["owners"] is None


def test_an_unknown_component_is_not_found(service: Service) -> None:
    answer = service.citizen().get("/components/37021301011999999")
    assert (answer.status_code, answer.json()["code"]) == (404, "COMPONENT_NOT_FOUND")
    assert service.citizen().get("/components/3702130101199999").status_code == 422


def send(service: Service, at: tuple[float, float], component: str, category: str | None = "facilities") -> Any:
    citizen = service.citizen()
    return citizen.post("/reports", citizen.submission(at=at, component=component, category=category))


def test_a_report_names_a_component_near_by(service: Service) -> None:
    at = a_place()
    assert send(service, at, put(service, at)).status_code == 201
    code = put(service, (at[0], at[1] + 0.003))  # 334 m, and as far as can be from the next places
    assert send(service, at, code).status_code == 201


def test_a_component_elsewhere_is_refused_with_the_distance(service: Service) -> None:
    at = a_place()
    answer = send(service, at, put(service, (at[0], at[1] + 0.005)))
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "COMPONENT_TOO_FAR")
    assert (problem["distance_m"], problem["limit_m"]) == (556, 500)


@pytest.mark.parametrize(("category", "class_code"), [("greenery", GAS_COVER), ("facilities", TREE), ("parking", LAMP)])
def test_a_component_of_another_category_is_refused(service: Service, category: str, class_code: str) -> None:
    at = a_place()
    problem = send(service, at, put(service, at, class_code), category).json()
    assert problem["code"] == "COMPONENT_UNFIT"


def test_a_component_says_its_class_also_without_a_category(service: Service) -> None:
    at = a_place()
    sent = send(service, at, put(service, at, TREE), None).json()
    detail = service.as_role(Role.DISPATCHER).get(f"/reports/{sent['number']}").json()
    assert (detail["category"]["code"], detail["class_code"], detail["status"]) == ("greenery", TREE, "dispatched")


@pytest.mark.parametrize("is_removed", [True, None])
def test_a_component_that_is_not_there_is_refused(service: Service, is_removed: bool | None) -> None:
    at = a_place()
    code = put(service, at, is_removed=True) if is_removed else "37021301011999998"
    answer = send(service, at, code)
    assert (answer.status_code, answer.json()["code"]) == (422, "COMPONENT_UNKNOWN")


def test_a_stored_report_keeps_a_component_that_was_removed_since(service: Service) -> None:
    """The rules are asked again after a change of class; its owners are those of the component all the same."""
    at = a_place()
    code = put(service, at, "01099")  # a class that nothing is filed under, so a person looks at it
    number = send(service, at, code, None).json()["number"]
    with service.database.transaction() as session:
        session.get_one(type(a_component()), code).is_removed = True
    acceptor = service.as_role(Role.ACCEPTOR)
    answer = acceptor.post(f"/reports/{number}/accept", {"category": "facilities"})
    assert answer.status_code == 200, answer.text
