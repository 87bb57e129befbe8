"""Whatever goes wrong, the client reads one shape, in Chinese, and never its own input."""

import json
from datetime import UTC, datetime
from enum import Enum
from typing import Annotated, Any

import pytest
from fastapi import Body, FastAPI, File, HTTPException, Query, UploadFile
from fastapi.testclient import TestClient
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import create_engine, text
from sqlalchemy.exc import TimeoutError as DatabaseTimeout
from structlog.testing import capture_logs

from app.domain.errors import Conflict, DomainError, Forbidden, Invalid, NotFound, Stale, Unauthenticated
from app.infra.middleware import RequestMiddleware
from app.infra.problem_families import FAMILY_STATUS, family_of
from app.infra.problems import PayloadTooLarge, TooManyRequests, install, problems, status_of
from app.texts import has_text
from app.texts import text as chinese


class Kind(str, Enum):
    PIT = "pit"


class Place(BaseModel):
    lon: float = Field(gt=70, lt=140)


class Submission(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str = Field(min_length=2, max_length=5)
    kind: Kind
    place: Place
    photos: list[int] = Field(max_length=2)


class NoSuchReport(NotFound):
    code = "NOT_FOUND"


ERRORS: dict[str, Exception] = {
    "not-found": NoSuchReport(),
    "forbidden": Forbidden(),
    "conflict": Conflict(allowed=["受理", "退回"], kind=Kind.PIT, at=datetime(2026, 11, 20, 2, 0, tzinfo=UTC)),
    "invalid": Invalid(seen={2.5, float("nan")}, text="\ud800", nested={1: (b"x",)}),
    "stale": Stale(),
    "unauthenticated": Unauthenticated(),
    "too-large": PayloadTooLarge(max_bytes=1),
    "too-many": TooManyRequests(retry_after_s=30),
    "framework-403": HTTPException(403, "secret"),
    "framework-418": HTTPException(418, "secret"),
    "database": DatabaseTimeout("secret"),
    "bug": KeyError("secret"),
}


def an_application() -> FastAPI:
    application = FastAPI()
    install(application)
    application.add_middleware(RequestMiddleware)

    @application.get("/errors/{name}")
    def fail(name: str) -> None:
        raise ERRORS[name]

    @application.post("/submissions/{number}", responses=problems(404, 409))
    def submit(number: int, submission: Submission, limit: Annotated[int, Query(ge=1)] = 1) -> int:
        return number + limit + len(submission.photos)

    @application.post("/photos")
    def upload(photo: Annotated[UploadFile, File()]) -> str | None:
        return photo.filename

    @application.get("/wrong-answer")
    def wrong_answer() -> Place:
        return {"lon": "secret"}  # type: ignore[return-value]  # the mistake under test

    return application


@pytest.fixture
def client() -> TestClient:
    return TestClient(an_application())


def submit(client: TestClient, **changes: Any) -> dict[str, Any]:
    body = {"title": "坑洼", "kind": "pit", "place": {"lon": 120}, "photos": []} | changes
    content = json.dumps(body)  # the client's own encoder refuses lone surrogates
    answer = client.post("/submissions/1", content=content, headers={"Content-Type": "application/json"})
    assert answer.headers["content-type"] == "application/problem+json"
    parsed: dict[str, Any] = answer.json()
    assert parsed["status"] == answer.status_code == 422
    return parsed


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("not-found", 404, "NOT_FOUND"),
        ("forbidden", 403, "FORBIDDEN"),
        ("conflict", 409, "CONFLICT"),
        ("invalid", 422, "INVALID"),
        ("stale", 412, "STALE_VERSION"),
        ("unauthenticated", 401, "UNAUTHENTICATED"),
        ("too-large", 413, "PAYLOAD_TOO_LARGE"),
        ("too-many", 429, "TOO_MANY_REQUESTS"),
        ("framework-403", 403, "FORBIDDEN"),
        ("framework-418", 500, "INTERNAL"),
        ("database", 503, "DATABASE_UNAVAILABLE"),
        ("bug", 500, "INTERNAL"),
    ],
)
def test_each_failure_has_one_status_and_one_shape(client: TestClient, name: str, status: int, code: str) -> None:
    answer = client.get(f"/errors/{name}?q=1")
    problem = answer.json()
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["cache-control"] == "no-store"
    assert "secret" not in answer.text
    expected = {
        "type": f"/problems/{code}",
        "title": chinese(f"problem_title.{status}"),
        "status": status,
        "detail": chinese(f"problem.{code}"),
        "instance": f"/errors/{name}",
        "code": code,
        "message": chinese(f"problem.{code}"),
        "request_id": answer.headers["x-request-id"],
        "retryable": status in {429, 503},
    }
    assert problem | expected == problem


def test_facts_travel_along_in_plain_json(client: TestClient) -> None:
    problem = client.get("/errors/conflict").json()
    assert problem["allowed"] == ["受理", "退回"]
    assert problem["kind"] == "pit"
    assert problem["at"] == "2026-11-20T10:00:00+08:00"


def test_facts_that_json_cannot_hold_do_not_break_the_answer(client: TestClient) -> None:
    answer = client.get("/errors/invalid")
    facts = json.loads(answer.content)
    assert facts["text"] == "\ud800"
    assert facts["nested"] == {"1": ["b'x'"]}
    assert None in facts["seen"]


def test_a_missing_token_is_asked_for(client: TestClient) -> None:
    assert client.get("/errors/unauthenticated").headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(("name", "seconds"), [("too-many", "30"), ("database", "1")])
def test_the_client_is_told_when_to_come_back(client: TestClient, name: str, seconds: str) -> None:
    assert client.get(f"/errors/{name}").headers["retry-after"] == seconds


def test_a_bug_is_logged_with_the_request_id_and_an_expected_failure_is_not(client: TestClient) -> None:
    with capture_logs() as lines:
        client.get("/errors/bug", headers={"X-Request-ID": "request-0001"})
        client.get("/errors/conflict")
    assert [line["event"] for line in lines if line["log_level"] == "error"] == ["unexpected failure"]


def test_a_wrong_answer_of_ours_is_our_failure(client: TestClient) -> None:
    answer = client.get("/wrong-answer")
    assert (answer.status_code, answer.json()["code"]) == (500, "INTERNAL")
    assert "secret" not in answer.text


def test_a_database_that_does_not_answer_is_said_to_be_unavailable() -> None:
    application = an_application()

    @application.get("/lost")
    def lost() -> None:
        engine = create_engine("postgresql://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 1})
        with engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    answer = TestClient(application).get("/lost")
    assert (answer.status_code, answer.json()["code"]) == (503, "DATABASE_UNAVAILABLE")
    assert answer.json()["retryable"] is True


@pytest.mark.parametrize(
    ("change", "pointer", "detail"),
    [
        ({"title": "x"}, "/body/title", "至少 2 个字符"),
        ({"title": "一二三四五六"}, "/body/title", "最多 5 个字符"),
        ({"title": 5}, "/body/title", "应为文字"),
        ({"title": "\ud800\ud800"}, "/body/title", "含有无效字符"),
        ({"kind": "secret"}, "/body/kind", "不是可选的值"),
        ({"place": {}}, "/body/place/lon", "必填"),
        ({"place": {"lon": "secret"}}, "/body/place/lon", "应为数字"),
        ({"place": {"lon": 140}}, "/body/place/lon", "应小于 140.0"),
        ({"place": {"lon": 70}}, "/body/place/lon", "应大于 70.0"),
        ({"photos": [1, 2, 3]}, "/body/photos", "最多 2 项"),
        ({"photos": [1, "secret"]}, "/body/photos/1", "应为整数"),
        ({"a/b~c": 1}, "/body/a~1b~0c", "没有这一项"),
    ],
)
def test_each_field_is_named_in_chinese(client: TestClient, change: dict[str, Any], pointer: str, detail: str) -> None:
    problem = submit(client, **change)
    assert problem["code"] == "VALIDATION"
    assert problem["errors"] == [{"pointer": pointer, "detail": detail}]
    assert "secret" not in json.dumps(problem)


def test_path_and_query_are_checked_the_same_way(client: TestClient) -> None:
    body = {"title": "坑洼", "kind": "pit", "place": {"lon": 120}, "photos": []}
    errors = client.post("/submissions/secret?limit=0", json=body).json()["errors"]
    assert errors == [
        {"pointer": "/path/number", "detail": "应为整数"},
        {"pointer": "/query/limit", "detail": "不能小于 1"},
    ]


def test_a_flood_of_errors_is_cut(client: TestClient) -> None:
    assert len(submit(client, **{f"x{n}": n for n in range(500)})["errors"]) == 50


@pytest.mark.parametrize(
    ("body", "content_type", "code"),
    [
        (b'{"title": secret', "application/json", "MALFORMED_JSON"),
        (b"", "application/json", "VALIDATION"),
        (b"\xff\xfe\xff", "application/json", "MALFORMED_BODY"),
        (b"[" * 100_000, "application/json", "MALFORMED_BODY"),
        (b"secret", "text/plain", "VALIDATION"),
        (b'"secret"', "application/json", "VALIDATION"),
    ],
)
def test_a_body_that_cannot_be_read_is_invalid(client: TestClient, body: bytes, content_type: str, code: str) -> None:
    answer = client.post("/submissions/1", content=body, headers={"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert "secret" not in answer.text


def test_a_broken_form_is_invalid(client: TestClient) -> None:
    answer = client.post("/photos", content=b"x", headers={"Content-Type": "multipart/form-data"})
    assert (answer.status_code, answer.json()["code"]) == (422, "MALFORMED_BODY")


def test_an_unknown_address_and_a_wrong_method(client: TestClient) -> None:
    assert client.get("/nowhere/随手拍").json()["code"] == "NOT_FOUND"
    answer = client.delete("/photos")
    assert (answer.status_code, answer.json()["code"], answer.headers["allow"]) == (405, "METHOD_NOT_ALLOWED", "POST")


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_body_over_the_limit_of_its_router_is_a_problem(is_chunked: bool) -> None:
    application, inner = FastAPI(), FastAPI()
    install(application)

    @inner.post("/small")
    def small(text: Annotated[str, Body()]) -> int:
        return len(text)

    application.include_router(inner.router, max_body_size=10)
    body = b'"' + b"x" * 100 + b'"'
    content = iter([body[:50], body[50:]]) if is_chunked else body
    answer = TestClient(application).post("/small", content=content, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert answer.json()["code"] == "PAYLOAD_TOO_LARGE"


def test_the_nearest_family_decides() -> None:
    class Special(Invalid):
        code = "SPECIAL"

    class SpecialTooLarge(PayloadTooLarge, Invalid):
        code = "SPECIAL_TOO_LARGE"

    assert status_of(Special()) == 422
    assert status_of(SpecialTooLarge()) == 413
    assert status_of(DomainError()) == 500


def test_every_status_has_its_words() -> None:
    for family, status in FAMILY_STATUS.items():
        assert has_text(f"problem.{family.code}")
        assert has_text(f"problem_title.{status}")
        assert family_of(status) is family


def test_a_fact_that_would_hide_a_member_is_reported() -> None:
    ERRORS["hiding"] = Conflict(status="open")
    with pytest.warns(UserWarning, match="status"):
        answer = TestClient(an_application()).get("/errors/hiding")
    assert answer.json()["status"] == 409


def test_a_code_without_text_is_reported_and_still_answered() -> None:
    class Wordless(Conflict):
        code = "WORDLESS"

    ERRORS["wordless"] = Wordless()
    with pytest.warns(UserWarning, match="WORDLESS"):
        answer = TestClient(an_application()).get("/errors/wordless")
    assert answer.json()["message"] == chinese("problem_title.409")


def test_openapi_describes_problems_and_nothing_else_for_failures() -> None:
    schema = an_application().openapi()
    responses = schema["paths"]["/submissions/{number}"]["post"]["responses"]
    assert sorted(responses) == ["200", "404", "408", "409", "422"]
    reference = {"schema": {"$ref": "#/components/schemas/Problem"}}
    assert all(
        responses[status]["content"] == {"application/problem+json": reference} for status in ("404", "408", "422")
    )
    assert "HTTPValidationError" not in json.dumps(schema)
    assert {"Problem", "FieldProblem"} <= schema["components"]["schemas"].keys()


def test_openapi_is_made_once() -> None:
    application = an_application()
    assert application.openapi() is application.openapi()


def test_a_failure_after_the_answer_began_is_passed_on() -> None:
    application = an_application()

    @application.get("/stream")
    def stream() -> Any:
        yield b"1"
        raise ZeroDivisionError

    with pytest.raises(BaseException):  # noqa: B017 - in whatever wrapping the framework gives it
        TestClient(application).get("/stream")
