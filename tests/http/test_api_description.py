"""The API's description: whole, true to the code, and with an example of everything that is sent or refused."""

import re
from functools import cache
from typing import Any

import jsonschema_rs
import pytest

from app.domain.report_number import make
from app.domain.roles import Role
from app.example_docs.describing import written
from app.main import describe
from tests.builders import NOW
from tests.http.strict_client import Service

UNKNOWN_NUMBER = make(NOW, 415_926)


@cache
def document() -> dict[str, Any]:
    return describe()


def operations() -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def json_bodies() -> dict[str, dict[str, Any]]:
    """Return the JSON media type of every operation that has a body."""
    contents = {key: each.get("requestBody", {}).get("content", {}) for key, each in operations().items()}
    return {key: content["application/json"] for key, content in contents.items() if "application/json" in content}


def validator(schema: dict[str, Any]) -> Any:
    return jsonschema_rs.validator_for(schema | {"components": document()["components"]}, validate_formats=True)


@pytest.mark.parametrize("key", operations())
def test_an_operation_says_what_it_does_and_what_each_parameter_means(key: str) -> None:
    operation = operations()[key]
    assert operation["summary"]
    assert operation["description"]
    assert len(operation["tags"]) == 1
    assert [each["name"] for each in operation.get("parameters", []) if not each.get("description")] == []


def test_no_two_operations_have_one_id() -> None:
    ids = [each["operationId"] for each in operations().values()]
    assert sorted(ids) == sorted(set(ids))


def test_every_tag_in_use_is_explained() -> None:
    assert {each["name"] for each in document()["tags"]} == {each["tags"][0] for each in operations().values()}
    assert all(each["description"] for each in document()["tags"])


@pytest.mark.parametrize("key", json_bodies())
def test_an_example_of_a_body_fits_its_schema(key: str) -> None:
    assert "example" in json_bodies()[key], f"add one to app/example_docs/examples.yaml under {key}"
    validator(json_bodies()[key]["schema"]).validate(json_bodies()[key]["example"])


@pytest.mark.parametrize("key", json_bodies())
@pytest.mark.parametrize("engine_name", ["sqlite"], indirect=True)
def test_an_example_of_a_body_can_be_sent(service: Service, key: str) -> None:
    """The service understands it; that there is no such report, photo or unit is another matter."""
    path = re.sub(r"\{\w+\}", UNKNOWN_NUMBER, key.removeprefix("POST "))
    person = service.as_role(*Role)
    answer = service.client.post(path, json=json_bodies()[key]["example"], headers=person.headers)
    assert answer.status_code < 300 or answer.json()["code"] not in {"VALIDATION", "BAD_COORDINATE"}, answer.text


def test_every_written_example_is_shown() -> None:
    with_body = {key for key, each in operations().items() if "requestBody" in each}
    assert written()["bodies"].keys() == with_body


@pytest.mark.parametrize("key", operations())
def test_a_refusal_is_a_problem_and_names_the_codes_it_can_have(key: str) -> None:
    refused = {status: each for status, each in operations()[key]["responses"].items() if int(status) >= 400}
    for status, response in refused.items():
        assert list(response["content"]) == ["application/problem+json"], status
        codes = response["content"]["application/problem+json"].get("examples", {})
        assert codes, f"{status} is declared, but no code reached from the endpoint has it"
        assert {document()["components"]["examples"][code]["value"]["status"] for code in codes} == {int(status)}


@pytest.mark.parametrize("code", document()["components"]["examples"])
def test_an_example_of_a_problem_is_one_word_for_word(code: str) -> None:
    example = document()["components"]["examples"][code]
    validator({"$ref": "#/components/schemas/Problem"}).validate(example["value"])
    assert example["value"]["code"] == code
    assert "{" not in example["summary"], "give the fact a value in app/example_docs/examples.yaml"


def test_a_token_is_asked_for_where_one_is_needed() -> None:
    assert document()["components"]["securitySchemes"]["HTTPBearer"]["scheme"] == "bearer"
    without = {key for key, each in operations().items() if "401" in each["responses"] and not each.get("security")}
    assert without == {"POST /api/v1/auth/wechat", "POST /api/v1/auth/login"}
