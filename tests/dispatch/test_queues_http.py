"""Queues through HTTP: filters, counts, pulling and releasing, each for those whose queue it is."""

from app.domain.roles import Role
from app.domain.workflow import Status
from tests.builders_city import LICANG, SHINAN
from tests.http.strict_client import Service


def test_a_desk_narrows_its_queue_counts_it_pulls_from_it_and_gives_back(service: Service) -> None:
    desk, citizen = service.as_role(Role.ACCEPTOR, area_code=LICANG), service.citizen()
    before = desk.get("/queues/counts").json()
    assert [each["queue"] for each in before["queues"]] == ["acceptance"]
    state = citizen.report(category=None, description="电线杆倾斜快要倒了")
    after = desk.get("/queues/counts").json()
    assert after["queues"][0]["total"] == before["queues"][0]["total"] + 1
    assert after["queues"][0]["by_status"][Status.SUBMITTED.value] >= 1
    assert after["now"] == "2026-11-20T10:00:00+08:00"

    def waiting(**query: object) -> list[tuple[str, bool]]:
        found = desk.get("/queues/acceptance", limit=100, **query).json()["items"]
        return [(item["number"], item["is_leased"]) for item in found if item["number"] == state["number"]]

    here = [(state["number"], False)]
    assert waiting() == waiting(q="电线杆倾斜") == waiting(status="submitted", is_overdue=False) == here
    assert waiting(number=state["number"]) == here
    assert waiting(mine=True) == waiting(q="路灯") == waiting(area=SHINAN) == []
    pulled = desk.post("/queues/acceptance/pull", {"limit": 20}).json()["items"]
    while state["number"] not in {item["number"] for item in pulled}:  # the service is shared with other tests
        desk = service.as_role(Role.ACCEPTOR, area_code=LICANG)
        pulled = desk.post("/queues/acceptance/pull", {"limit": 20}).json()["items"]
    assert waiting(mine=True) == [(state["number"], True)]
    for item in pulled:
        assert desk.post(f"/reports/{item['number']}/release").status_code == 200
    assert waiting(mine=True) == []


def test_the_count_of_what_is_overdue_rises_with_the_clock(service: Service) -> None:
    desk = service.as_role(Role.ACCEPTOR)
    service.citizen().report(category=None)
    now = desk.get("/queues/counts").json()["queues"][0]["overdue"]
    service.clock.advance(hours=2)
    later = desk.get("/queues/counts").json()["queues"][0]
    assert (later["overdue"] > now, later["has_more_overdue"]) == (True, False)
    overdue = desk.get("/queues/acceptance", is_overdue=True, limit=100).json()["items"]
    assert {item["is_overdue"] for item in overdue} == {True}


def test_who_only_looks_pulls_nothing(service: Service) -> None:
    for role in (Role.SUPERVISOR, Role.ADMINISTRATOR):
        person = service.as_role(role)
        assert person.get("/queues/acceptance").status_code == 200
        assert person.post("/queues/acceptance/pull").json()["code"] == "PERMISSION_MISSING"


def test_a_misspelt_filter_is_refused(service: Service) -> None:
    person = service.as_role(Role.ACCEPTOR)
    for query in ({"statuss": "filed"}, {"reopen_requested": True}, {"due_before": "tomorrow"}):
        assert person.get("/queues/acceptance", **query).json()["code"] == "VALIDATION"
    assert person.get("/queues/acceptance", q="井").json()["code"] == "SEARCH_TOO_SHORT"
