"""A phone that is about to send what is there already: refused with a choice, joined or sent anyway."""

from functools import partial
from itertools import count
from typing import Any

import pytest
from httpx2 import Response

from app.domain.roles import Role
from tests.builders import SQUAD
from tests.http.row_counts import rows_of
from tests.http.strict_client import Person, Service
from tests.http.test_safe_requests import a_key, counted
from tests.media.pictures import encoded
from tests.media.test_dhash import a_view
from tests.places.test_nearby import changed_reach, north_of

_days = count(10)
HERE = (120.4100, 36.1550)


@pytest.fixture
def quiet(service: Service) -> Service:
    """Give the service on a day of its own, so that nothing of other tests is near in time."""
    service.clock.advance(days=40 * next(_days))
    return service


def unaware(person: Person, **changes: Any) -> dict[str, Any]:
    """Return a submission of somebody who has not been shown what may be the same."""
    least: dict[str, Any] = {"at": HERE, "duplicates_acknowledged": False}
    return person.submission(**least | changes)


def candidates(answer: Response) -> list[dict[str, Any]]:
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (409, "POSSIBLE_DUPLICATES"), answer.text
    assert f"附近已有 {problem['count']} 件同类上报" in problem["message"]
    assert problem["retryable"] is False
    found: list[dict[str, Any]] = problem["candidates"]
    return found


def test_nothing_is_kept_of_a_refused_submission_and_the_key_serves_for_the_second(quiet: Service) -> None:
    first, second = quiet.citizen(), quiet.citizen()
    number = first.report(at=HERE)["number"]
    body, key = unaware(second), a_key()
    before = rows_of(quiet.database)
    refused = second.post("/reports", body, Idempotency_Key=key)
    (shown,) = candidates(refused)
    assert number not in refused.text
    assert rows_of(quiet.database) == before
    assert second.get(f"/reports/by-key/{key}").status_code == 404
    # The same photos, the same key, and the sender's word that they know.
    sent = second.post("/reports", body | {"duplicates_acknowledged": True}, Idempotency_Key=key)
    assert sent.status_code == 201
    assert second.get(f"/reports/by-key/{key}").json()["number"] == sent.json()["number"]
    assert shown["join_token"]


def test_an_answer_that_was_lost_is_given_again_and_without_a_key_one_sees_ones_own(quiet: Service) -> None:
    citizen = quiet.citizen()
    body, key = unaware(citizen), a_key()
    first = citizen.post("/reports", body, Idempotency_Key=key)
    again = citizen.post("/reports", body, Idempotency_Key=key)
    assert (first.status_code, again.text) == (201, first.text)
    (shown,) = candidates(citizen.post("/reports", unaware(citizen)))
    assert (shown["number"], shown["join_token"]) == (first.json()["number"], None)


def test_joining_following_hearing_and_leaving(quiet: Service) -> None:
    reporter, joiner = quiet.citizen(), quiet.citizen()
    number = reporter.report(at=HERE, description="我家三楼")["number"]
    (shown,) = candidates(joiner.post("/reports", unaware(joiner)))
    since = quiet.clock.now.isoformat()
    quiet.clock.advance(minutes=2)
    joined = joiner.post("/reports/join", {"join_token": shown["join_token"]})
    assert joined.status_code == 200, joined.text
    followed_id = joined.json()["followed_id"]
    assert joiner.post("/reports/join", {"join_token": shown["join_token"]}).json() == joined.json()
    assert joiner.get("/me/reports").json()["items"] == []
    assert joiner.get(f"/reports/{number}").status_code == 404

    quiet.clock.advance(minutes=5)
    lead = quiet.as_role(Role.UNIT_LEAD, unit_code=SQUAD)
    lead.post(f"/reports/{number}/sign")
    done = lead.post(f"/reports/{number}/resolve", {"result": "已劝离", "photo_ids": [lead.photo("after")]})
    assert done.status_code == 200
    (item,) = joiner.get("/followed").json()["items"]
    assert (item["report"]["result"], len(item["report"]["photos"])) == ("已劝离", 1)
    assert joiner.client.get(item["report"]["photos"][0]["url"]).status_code == 200
    heard = joiner.get("/me/updates", since=since)
    assert [(each["followed_id"], each["action"]) for each in heard.json()["items"]] == [
        (followed_id, "sign"),
        (followed_id, "resolve"),
    ]
    for told in (joined.text, joiner.get("/followed").text, heard.text):
        assert number not in told
        assert "三楼" not in told
    assert reporter.get(f"/reports/{number}").json()["met_by"] == 1

    assert joiner.client.delete(f"/api/v1/followed/{followed_id}", headers=joiner.headers).status_code == 204
    assert joiner.get("/followed").json() == {"items": [], "next_cursor": None}
    assert reporter.get(f"/reports/{number}").json()["met_by"] == 0


def test_a_token_is_for_whom_it_was_given_and_for_an_hour(quiet: Service) -> None:
    owner, joiner, other = (quiet.citizen() for _ in range(3))
    number = owner.report(at=HERE)["number"]
    (shown,) = candidates(joiner.post("/reports", unaware(joiner)))
    token = shown["join_token"]
    changed = ("B" if token[0] == "A" else "A") + token[1:]
    for person, wrong in ((other, token), (owner, token), (joiner, changed), (joiner, "A" * 40)):
        refused = person.post("/reports/join", {"join_token": wrong})
        assert (refused.status_code, refused.json()["code"]) == (403, "JOIN_TOKEN_INVALID")
    for nonsense in ("", "x", token + "=", number, 5, None):
        assert joiner.post("/reports/join", {"join_token": nonsense}).status_code == 422
    quiet.clock.advance(hours=1, seconds=1)
    late = joiner.post("/reports/join", {"join_token": token})
    assert (late.status_code, late.json()["code"]) == (403, "JOIN_TOKEN_INVALID")
    assert joiner.get("/followed").json()["items"] == []


def test_a_reach_that_is_changed_counts_for_the_next_submission_of_that_category(quiet: Service) -> None:
    quiet.citizen().report(at=HERE, category="clutter")
    quiet.citizen().report(at=HERE, category="sanitation")
    late, other = quiet.citizen(), quiet.citizen()
    for category, person in (("clutter", late), ("sanitation", other)):
        assert len(candidates(person.post("/reports", unaware(person, category=category)))) == 1
    with changed_reach(quiet, "clutter", duplicate_radius_m=0):
        assert len(candidates(other.post("/reports", unaware(other, category="sanitation")))) == 1
        assert late.post("/reports", unaware(late, category="clutter")).status_code == 201
    assert len(candidates(other.post("/reports", unaware(other, category="clutter")))) == 2


def test_whoever_has_joined_is_asked_again_when_the_first_request_comes_again(quiet: Service) -> None:
    quiet.citizen().report(at=HERE)
    joiner = quiet.citizen()
    body, key = unaware(joiner), a_key()
    (shown,) = candidates(joiner.post("/reports", body, Idempotency_Key=key))
    first = joiner.post("/reports/join", {"join_token": shown["join_token"]}).json()
    (again,) = candidates(joiner.post("/reports", body, Idempotency_Key=key))
    assert joiner.post("/reports/join", {"join_token": again["join_token"]}).json() == first
    assert (len(joiner.get("/followed").json()["items"]), joiner.get("/me/reports").json()["items"]) == (1, [])


def test_what_ended_meanwhile_is_not_joined(quiet: Service) -> None:
    owner, joiner = quiet.citizen(), quiet.citizen()
    number = owner.report(at=HERE)["number"]
    (shown,) = candidates(joiner.post("/reports", unaware(joiner)))
    assert owner.post(f"/reports/{number}/withdraw").status_code == 200
    over = joiner.post("/reports/join", {"join_token": shown["join_token"]})
    assert (over.status_code, over.json()["code"]) == (409, "JOIN_REPORT_OVER")
    assert joiner.post("/reports", unaware(joiner)).status_code == 201


def test_a_photo_that_went_from_phone_to_phone_is_recognised(quiet: Service) -> None:
    """Real uploads: the same view squeezed by a messenger, 200 m away by a pin set wrongly, two weeks later."""
    first, second, third = (quiet.citizen() for _ in range(3))
    view = a_view(5)
    first.report(at=HERE, category="facilities", photo_ids=[uploaded(first, encoded(view))])
    quiet.clock.advance(days=14)
    squeezed = encoded(view.resize((500, 375)), quality=50)
    there = {"at": north_of(HERE, 200), "category": "facilities"}
    (shown,) = candidates(second.post("/reports", unaware(second, **there, photo_ids=[uploaded(second, squeezed)])))
    assert (shown["why"], shown["why_text"], shown["distance_m"]) == ("same_photo", "照片几乎相同", 200)
    other = uploaded(third, encoded(a_view(6)))
    assert third.post("/reports", unaware(third, **there, photo_ids=[other])).status_code == 201


def uploaded(person: Person, data: bytes) -> str:
    files = {"file": ("photo.jpg", data, "image/jpeg")}
    answer = person.client.post("/api/v1/photos", files=files, data={"kind": "near"}, headers=person.headers)
    assert answer.status_code == 201, answer.text
    photo_id: str = answer.json()["photo_id"]
    return photo_id


def test_the_desk_lists_what_to_merge_and_merges_it(quiet: Service) -> None:
    one, two = quiet.citizen(), quiet.citizen()
    numbers = [each.report(at=north_of(HERE, 7 * index))["number"] for index, each in enumerate((one, two))]
    desk = quiet.as_role(Role.ACCEPTOR)
    (item,) = desk.get(f"/reports/{numbers[1]}/duplicates").json()["items"]
    assert (item["report"]["number"], item["distance_m"], item["why"]) == (numbers[0], 7, "near")
    assert item["report"]["thumb_url"]
    merged = desk.post(f"/reports/{numbers[1]}/merge", {"master": item["report"]["number"]})
    assert merged.json()["status"] == "merged"
    (item,) = desk.get(f"/reports/{numbers[1]}/duplicates").json()["items"]
    assert (item["is_master"], item["follower_count"]) == (True, 1)
    assert two.get(f"/reports/{numbers[1]}").json()["master"]["status"] == "dispatched"
    # Whoever comes now is shown the one that is open, not both.
    late = quiet.citizen()
    assert len(candidates(late.post("/reports", unaware(late)))) == 1


def test_a_submission_beside_others_costs_a_dozen_statements(quiet: Service) -> None:
    for hours in (0, 1):
        quiet.clock.advance(hours=hours)
        person = quiet.citizen()
        body = person.submission(at=HERE, photo_ids=[uploaded(person, encoded(a_view(hours)))])
        counts = counted(quiet, partial(person.post, "/reports", body, Idempotency_Key=a_key()))
        assert counts <= (9, 12)[hours]


def test_an_acknowledgement_is_a_yes_or_no(quiet: Service) -> None:
    person = quiet.citizen()
    wrong: tuple[Any, ...] = ("vielleicht", 7, None, [])
    for nonsense in wrong:
        body = unaware(person) | {"duplicates_acknowledged": nonsense}
        assert person.post("/reports", body).status_code == 422
