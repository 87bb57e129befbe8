"""Logging in and out over HTTP."""

from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import select

from app.domain.roles import Role
from app.identity.models import AccessToken, UserAccount

PASSWORD = "correct horse"


def log_in(world: Any, login_name: str = "zhang", password: str = PASSWORD) -> Any:
    return world.client.post("/api/v1/auth/login", json={"login_name": login_name, "password": password})


def log_in_by_wechat(world: Any, code: str = "dev-anna") -> Any:
    return world.client.post("/api/v1/auth/wechat", json={"code": code})


def code_of(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_citizen_logs_in_and_is_remembered(world: Any) -> None:
    first = log_in_by_wechat(world)
    assert first.status_code == 200
    assert first.json()["expires_in"] == 30 * 24 * 3600
    assert first.json()["user"].keys() == {"id", "name", "roles"}
    assert first.json()["user"]["roles"] == ["citizen"]
    again = log_in_by_wechat(world)
    assert again.json()["user"] == first.json()["user"]
    assert again.json()["token"] != first.json()["token"]
    assert log_in_by_wechat(world, "dev-boris").json()["user"]["id"] != first.json()["user"]["id"]


@pytest.mark.parametrize("code", ["", "anna", "dev-", "dev-a b", "x" * 129])
def test_a_bad_code_opens_nothing(world: Any, code: str) -> None:
    assert log_in_by_wechat(world, code).status_code in (401, 422)
    with world.database.reading() as session:
        assert session.exec(select(UserAccount)).all() == []


def test_a_nul_is_refused_before_it_reaches_a_database(world: Any) -> None:
    assert code_of(log_in(world, "zh\x00ang")) == (422, "VALIDATION")
    assert code_of(log_in_by_wechat(world, "dev-\x00")) == (422, "VALIDATION")


def test_staff_log_in_by_name_and_password(world: Any) -> None:
    user_id = world.new_staff(roles=(Role.DISPATCHER, Role.ACCEPTOR), area_code="370213")
    answer = log_in(world)
    assert answer.status_code == 200
    assert answer.json()["expires_in"] == 12 * 3600
    assert answer.json()["user"] == {"id": str(user_id), "name": "张三", "roles": ["acceptor", "dispatcher"]}
    me = world.get("/api/v1/me", answer.json()["token"])
    assert me.json() == answer.json()["user"] | {"unit_code": None, "area_code": "370213"}


def test_a_wrong_password_and_an_unknown_name_look_alike(world: Any) -> None:
    world.new_staff()
    world.new_staff("machine", password=None)
    refusals = [log_in(world, password="wrong"), log_in(world, "nobody"), log_in(world, "machine")]
    for answer in refusals:
        assert code_of(answer) == (401, "WRONG_CREDENTIALS")
        assert answer.json()["message"] == refusals[0].json()["message"]


def test_a_password_is_guessed_ten_times_and_no_more(world: Any) -> None:
    world.new_staff()
    world.new_staff("li")
    for _ in range(10):
        assert log_in(world, password="wrong").status_code == 401
    refused = log_in(world)
    assert code_of(refused) == (429, "TOO_MANY_ATTEMPTS")
    assert refused.headers["retry-after"] == "900"
    assert log_in(world, "li").status_code == 200
    world.now += timedelta(minutes=15)
    assert log_in(world).status_code == 200


def test_a_closed_account_is_told_so_only_after_the_right_password(world: Any) -> None:
    user_id = world.new_staff()
    close(world, user_id)
    assert code_of(log_in(world, password="wrong")) == (401, "WRONG_CREDENTIALS")
    assert code_of(log_in(world)) == (403, "ACCOUNT_INACTIVE")


def close(world: Any, user_id: int) -> None:
    with world.database.transaction() as session:
        session.get_one(UserAccount, user_id).is_active = False


@pytest.mark.parametrize("header", [None, "Bearer", "Bearer ", "Basic YTpi", "Bearer unknown", "Bearer " + "x" * 200])
def test_without_a_good_token_nobody_gets_in(world: Any, header: str | None) -> None:
    answer = world.client.get("/api/v1/me", headers={} if header is None else {"Authorization": header})
    assert code_of(answer) == (401, "UNAUTHENTICATED")
    assert answer.headers["www-authenticate"] == "Bearer"
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_token_expires_to_the_second(world: Any) -> None:
    token = log_in_by_wechat(world).json()["token"]
    world.now += timedelta(days=30, seconds=-1)
    assert world.get("/api/v1/me", token).status_code == 200
    world.now += timedelta(seconds=1)
    assert code_of(world.get("/api/v1/me", token)) == (401, "TOKEN_EXPIRED")


def test_logging_out_ends_this_token_and_no_other(world: Any) -> None:
    one, other = (log_in_by_wechat(world).json()["token"] for _ in range(2))
    assert world.get("/api/v1/me", one).status_code == 200
    left = world.client.post("/api/v1/auth/logout", headers={"Authorization": f"Bearer {one}"})
    assert (left.status_code, left.content) == (204, b"")
    assert world.get("/api/v1/me", one).status_code == 401
    assert world.get("/api/v1/me", other).status_code == 200


def test_a_token_is_not_to_be_found_in_the_database(world: Any) -> None:
    token = log_in_by_wechat(world).json()["token"]
    with world.database.reading() as session:
        row = session.exec(select(AccessToken)).one()
    assert token not in str(row.model_dump())
    assert len(row.token_hash) == 64


def test_a_closed_account_is_noticed_within_five_seconds(world: Any) -> None:
    user_id = world.new_staff()
    token = world.token(user_id)
    assert world.get("/api/v1/me", token).status_code == 200
    close(world, user_id)
    world.now += timedelta(seconds=4)
    assert world.get("/queue", token).status_code == 200
    world.now += timedelta(seconds=1)
    assert code_of(world.get("/queue", token)) == (401, "UNAUTHENTICATED")


def test_a_permission_is_a_matter_of_roles(world: Any) -> None:
    citizen = log_in_by_wechat(world).json()["token"]
    staff = world.token(world.new_staff())
    assert code_of(world.get("/queue", citizen)) == (403, "PERMISSION_MISSING")
    assert world.get("/queue", staff).status_code == 200
    assert world.get("/queue").status_code == 401


def test_the_api_description_names_the_bearer_token(world: Any) -> None:
    described = world.client.get("/openapi.json").json()
    assert described["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    assert described["paths"]["/api/v1/me"]["get"]["security"] == [{"HTTPBearer": []}]
    assert "security" not in described["paths"]["/api/v1/auth/login"]["post"]
