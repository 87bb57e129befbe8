"""Triage over HTTP: proposals for staff, the models and how often people agreed."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from app.domain.roles import Role
from app.triage.activate import activate
from app.triage.proposing import Triage
from tests.http.strict_client import Person, Service
from tests.triage.test_loading import store
from tests.triage.test_proposing import CARS, KEYWORDS, LAMP, POTHOLE, a_model, packed_model


@pytest.fixture
def triaged(service: Service) -> Iterator[Service]:
    """Give the service with keywords and a model of its own in memory."""
    holder, before = service.app.state.world, service.world
    triage = Triage.of(
        before.city, KEYWORDS, rule_set_version="r1", model=a_model({LAMP: 0.7, CARS: 0.3}), model_id=None
    )
    holder._world = replace(before, triage=triage)
    yield service
    holder._world = before


@pytest.fixture
def acceptor(triaged: Service) -> Person:
    return triaged.as_role(Role.ACCEPTOR)


def test_staff_see_what_was_proposed_and_citizens_do_not(triaged: Service, acceptor: Person) -> None:
    citizen = triaged.citizen()
    number = citizen.report(category=None, description="这条路")["number"]
    proposed = acceptor.get(f"/reports/{number}").json()["triage"]
    assert (proposed["source"], proposed["source_text"]) == ("model", "文本模型")
    assert (proposed["model_version"], proposed["rule_set_version"], proposed["threshold"]) == ("m1", "r1", 0.8)
    assert [(each["class_code"], each["class_name"], each["confidence"]) for each in proposed["top"]] == [
        (LAMP, "路灯异常", 0.7),
        (CARS, "机动车乱停放", 0.3),
    ]
    assert (proposed["is_adopted"], proposed["decided_class"], proposed["is_confirmed"]) == (False, None, None)
    assert "triage" not in citizen.get(f"/reports/{number}").json()


def test_a_proposal_can_be_taken_as_it_is(triaged: Service, acceptor: Person) -> None:
    number = triaged.citizen().report(category=None, description="这条路")["number"]
    first = acceptor.get(f"/reports/{number}").json()["triage"]["top"][0]
    assert acceptor.post(f"/reports/{number}/accept", {"condition_id": first["condition_id"]}).status_code == 200
    seen = acceptor.get(f"/reports/{number}").json()
    assert (seen["class_code"], seen["triage"]["decided_class"], seen["triage"]["is_confirmed"]) == (LAMP, LAMP, True)
    assert seen["triage"]["decided_condition_id"] == first["condition_id"]
    assert seen["triage"]["decided_at"] == "2026-11-20T10:00:00+08:00"


def test_a_correction_is_kept_beside_the_proposal(triaged: Service, acceptor: Person) -> None:
    number = triaged.citizen().report(category=None, description="这条路")["number"]
    assert acceptor.post(f"/reports/{number}/accept", {"category": "facilities"}).status_code == 200
    kept = acceptor.get(f"/reports/{number}").json()["triage"]
    assert (kept["top"][0]["class_code"], kept["decided_class"], kept["is_confirmed"]) == (LAMP, POTHOLE, False)


def test_clear_words_dispatch_without_a_category(triaged: Service, acceptor: Person) -> None:
    state = triaged.citizen().report(category=None, description="共享单车坏了")
    assert state["status"] == "dispatched"
    proposed = acceptor.get(f"/reports/{state['number']}").json()["triage"]
    assert (proposed["source"], proposed["is_adopted"], proposed["model_version"]) == ("keyword", True, None)
    assert [each["confidence"] for each in proposed["top"]] == [None]


def test_without_words_there_is_no_proposal(triaged: Service, acceptor: Person) -> None:
    number = triaged.citizen().report(description="")["number"]
    assert acceptor.get(f"/reports/{number}").json()["triage"] is None


def test_answers_are_held_against_the_category_that_was_chosen(triaged: Service) -> None:
    """Words that mean another class do not make an answer wrong that was right when it was given."""
    citizen = triaged.citizen()
    body = citizen.submission(category=None, description="路灯", answers={"place_type": "pavement"})
    assert citizen.post("/reports", body).status_code == 201


def test_models_are_listed_newest_first_without_their_weights(service: Service) -> None:
    packed = packed_model({LAMP: 0.7, CARS: 0.3})
    now = service.clock.now
    with service.database.transaction() as session:
        versions = [store(session, packed, now=now + timedelta(days=day)).version for day in (1, 2, 3)]
        activate(session, versions[1])
    viewer = service.as_role(Role.SUPERVISOR)
    listed = viewer.get("/triage/models", limit=2).json()
    assert [(each["version"], each["is_active"]) for each in listed["items"]] == [
        (versions[2], False),
        (versions[1], True),
    ]
    assert listed["items"][0]["note"].startswith("含演示数据（合成文本）")
    assert (listed["items"][0]["evaluation"]["accuracy"], listed["items"][0]["reports"]) == (0.9, 100)
    assert "weights" not in listed["items"][0]
    rest = viewer.get("/triage/models", limit=2, cursor=listed["next_cursor"]).json()
    assert versions[0] in [each["version"] for each in rest["items"]]


def test_agreement_is_counted_by_source(triaged: Service) -> None:
    triaged.clock.advance(days=400)  # later than any other test
    viewer, acceptor = triaged.as_role(Role.ADMINISTRATOR), triaged.as_role(Role.ACCEPTOR)
    since = triaged.clock.now.isoformat()
    assert viewer.get("/triage/accuracy", since=since).json()["sources"] == []
    citizen = triaged.citizen()
    for category in ("facilities", "parking", "sanitation"):
        number = citizen.report(category=None, description="这条路")["number"]
        assert acceptor.post(f"/reports/{number}/accept", {"category": category}).status_code == 200
    citizen.report(category=None, description="这条路")
    citizen.report(category=None, description="共享单车坏了")
    told = viewer.get("/triage/accuracy", since=since).json()
    assert [
        (each["source"], each["model_version"], each["proposals"], each["adopted"], each["decided"], each["in_top"])
        for each in told["sources"]
    ] == [("keyword", None, 1, 1, 0, 0), ("model", "m1", 4, 0, 3, 1)]
    assert [each["confirmed"] for each in told["sources"]] == [0, 0]
    assert (told["looked_at"], told["is_complete"]) == (5, True)
    assert viewer.get("/triage/accuracy").json()["looked_at"] >= 5


@pytest.mark.parametrize("path", ["/triage/models", "/triage/accuracy"])
def test_figures_are_not_for_everybody(service: Service, path: str) -> None:
    for role in (Role.CITIZEN, Role.HANDLER, Role.UNIT_LEAD, Role.INSPECTOR, Role.SERVICE):
        assert service.as_role(role).get(path).status_code == 403


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"since": "2026-11-20T10:00:00"}, {"until": "x"}])
def test_a_bad_question_is_refused(service: Service, query: dict[str, str]) -> None:
    assert service.as_role(Role.ADMINISTRATOR).get("/triage/accuracy", **query).status_code == 422
