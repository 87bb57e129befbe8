"""Each request has an id, safe headers, and one line in the log that names nobody."""

import pytest
import structlog
from fastapi import APIRouter, FastAPI, Response
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from app.infra.middleware import SECURITY_HEADERS, RequestMiddleware
from app.infra.problems import install


@pytest.fixture
def client() -> TestClient:
    application, router, outer = FastAPI(), APIRouter(prefix="/reports"), APIRouter(prefix="/v1")
    install(application)
    application.add_middleware(RequestMiddleware)

    @router.get("/{number}")
    def read(number: str) -> str:
        structlog.get_logger().info("inside")
        return number

    @application.get("/own")
    def own(response: Response) -> None:
        response.headers["Content-Security-Policy"] = "default-src 'none'"

    @application.get("/bug")
    def bug() -> None:
        raise ZeroDivisionError

    outer.include_router(router)
    application.include_router(outer, prefix="/api")
    return TestClient(application)


def test_every_answer_has_an_id_of_its_own(client: TestClient) -> None:
    first, second = (client.get("/api/v1/reports/1").headers["x-request-id"] for _ in range(2))
    assert len(first) == len(second) == 32
    assert first != second


def test_a_sane_id_of_the_caller_is_kept(client: TestClient) -> None:
    assert (
        client.get("/own", headers={"X-Request-ID": "gateway-0001.a_b"}).headers["x-request-id"] == "gateway-0001.a_b"
    )


@pytest.mark.parametrize("given", ["short", "a" * 65, "has space", 'quote"quote', "line%0Abreak"])
def test_any_other_id_is_replaced(client: TestClient, given: str) -> None:
    assert client.get("/own", headers={"X-Request-ID": given}).headers["x-request-id"] != given


@pytest.mark.parametrize("path", ["/api/v1/reports/1", "/nowhere", "/bug"])
def test_every_answer_has_the_security_headers(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_a_page_may_have_its_own_policy(client: TestClient) -> None:
    assert client.get("/own").headers.get_list("content-security-policy") == ["default-src 'none'"]


@pytest.mark.parametrize(
    ("path", "route", "status"),
    [
        ("/api/v1/reports/13800000000?q=secret", "/api/v1/reports/{number}", 200),
        ("/nowhere/13800000000", "-", 404),
        ("/bug?q=secret", "/bug", 500),
    ],
)
def test_the_access_line_names_the_route_and_not_the_path(
    client: TestClient, path: str, route: str, status: int
) -> None:
    with capture_logs() as lines:
        client.get(path)
    line = next(line for line in lines if line["event"] == "request")
    assert (line["method"], line["route"], line["status"]) == ("GET", route, status)
    assert 0 <= line["ms"] < 10_000
    assert "13800000000" not in str(line)
    assert "secret" not in str(line)


def test_log_lines_of_a_request_carry_its_id(client: TestClient) -> None:
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as lines:
        client.get("/api/v1/reports/1", headers={"X-Request-ID": "request-0001"})
    assert [(line["event"], line["request_id"]) for line in lines] == [
        ("inside", "request-0001"),
        ("request", "request-0001"),
    ]
    assert structlog.contextvars.get_contextvars() == {}
