"""Figures over HTTP: who may ask, what a refusal says, and that each row's link opens."""

from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from pydantic import SecretStr

from app.domain.roles import Role
from app.identity.tokens import issue_token
from app.main import create_app
from app.reports.world import WorldHolder
from app.settings import LoginProvider, Settings
from tests.analytics.conftest import Town, closed_at
from tests.builders_city import IN_LICUN, IN_ZHONGSHANLU, LICANG

PATH = "/api/v1/analytics/handling-time"


@pytest.fixture
def client(town: Town, tmp_path: Any) -> TestClient:
    settings = Settings(
        database_url=f"sqlite:///{tmp_path}/unused.db",
        blob_dir=tmp_path / "blobs",
        secret_key=SecretStr("x" * 32),
        login_provider=LoginProvider.DEVELOPMENT,
        worker_embedded=False,
    )
    application = create_app(settings, clock=lambda: town.now)
    application.state.database.dispose()
    application.state.database = town.database
    application.state.world = WorldHolder(town.database, clock=lambda: town.now)
    application.state.world.current()
    return TestClient(application)


def get(client: TestClient, town: Town, path: str, *, role: Role = Role.SUPERVISOR, **query: Any) -> Any:
    with town.database.transaction() as session:
        token = issue_token(session, user_id=town.users[role], lifetime=timedelta(hours=1), now=town.now)
    return client.get(path, params=query or None, headers={"Authorization": f"Bearer {token}"})


def test_the_forty_two_minutes_open_to_their_report(client: TestClient, town: Town) -> None:
    fastest = town.report(*closed_at(42), place=IN_LICUN, at=town.now - timedelta(hours=5))
    town.report(*closed_at(90), place=IN_LICUN, at=town.now - timedelta(hours=5))
    town.report(place=IN_ZHONGSHANLU, at=town.now - timedelta(hours=1))
    answer = get(client, town, PATH, group_by="district")
    assert answer.status_code == 200
    body = answer.json()
    assert body["as_of"] == "2026-11-20T10:00:00+08:00"
    assert body["period"] == {"from": "2026-11-14", "to": "2026-11-20", "days": 7}
    row = body["rows"][0]
    assert (row["key"], row["name"], row["n"], row["open"]) == (LICANG, "李沧区", 2, 0)
    assert (row["min_s"], row["min_report"], row["p50_s"], row["p90_s"]) == (2520, fastest, 2520, 5400)
    behind = get(client, town, row["reports_url"] + "&order=shortest").json()
    assert [each["duration_s"] for each in behind["items"]] == [2520, 5400]
    assert behind["items"][0]["number"] == fastest
    assert behind["next_cursor"] is None
    assert get(client, town, behind["items"][0]["report_url"]).json()["number"] == fastest


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ({"from": "2026-01-01"}, "PERIOD_TOO_LONG"),
        ({"from": "2026-11-20", "to": "2026-11-19"}, "PERIOD_INVERTED"),
        ({"unit": "nobody"}, "FILTER_VALUE_UNKNOWN"),
        ({"distrikt": LICANG}, "VALIDATION"),
        ({"duration": "forever"}, "VALIDATION"),
        ({"from": "yesterday"}, "VALIDATION"),
    ],
)
@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_a_refusal_says_why(client: TestClient, town: Town, query: dict[str, Any], code: str) -> None:
    for path in (PATH, f"{PATH}/reports"):
        answer = get(client, town, path, **query)
        assert (answer.status_code, answer.json()["code"]) == (422, code)
        assert answer.json()["message"]


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_figures_are_for_those_who_answer_for_them(client: TestClient, town: Town) -> None:
    paths = (PATH, f"{PATH}/reports", "/api/v1/analytics/definitions")
    for path in paths:
        assert client.get(path).status_code == 401
        for role in Role:
            allowed = role in {Role.SUPERVISOR, Role.ADMINISTRATOR, Role.DISPATCHER}
            assert get(client, town, path, role=role).status_code == (200 if allowed else 403), (path, role)


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_the_definitions_are_served(client: TestClient, town: Town) -> None:
    body = get(client, town, "/api/v1/analytics/definitions").json()
    assert next(each["name"] for each in body["durations"] if each["key"] == "report_to_feedback") == "上报至反馈"
    assert {each["key"] for each in body["bases"]} == {"reported", "closed", "due"}


@pytest.mark.parametrize("engine_name", ["sqlite"])
def test_no_field_of_an_answer_may_be_missing(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for name in ("HandlingTime", "HandlingTimeRow", "MeasuredReport", "Definitions", "LeftOutCounts", "PeriodRead"):
        assert sorted(schemas[name]["required"]) == sorted(schemas[name]["properties"]), name
