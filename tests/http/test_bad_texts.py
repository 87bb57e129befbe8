"""No text of any request holds what changes how it reads: every field is found in the API's own description."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest

from app.domain.roles import Role
from app.infra.wire import CLEAN_LINE, CLEAN_TEXT
from tests.builders import SQUAD
from tests.http.row_counts import rows_of
from tests.http.strict_client import Service

ITEM, NAME = "0", "x"
"""Stand for any item of a list and any name in an object."""

BAD = [chr(code) for code in (0, 7, 0x1B, 0x7F, 0x85, 0x61C, 0x200E, 0x200F, 0x202E, 0x2066, 0x2069, 0xD800, 0xDFFF)]


class Text(NamedTuple):
    """A text in the body of an operation: where it stands and what the description says of it."""

    method: str
    path: str
    where: tuple[str, ...]
    schema: dict[str, Any]

    @property
    def is_written_by_people(self) -> bool:
        return self.schema.get("pattern") in {CLEAN_TEXT, CLEAN_LINE}

    def __str__(self) -> str:
        return "/".join((self.path.rsplit("/", 1)[1], *self.where))

    def body(self, value: str) -> Any:
        """Return a body that has this text and nothing else."""
        body: Any = value
        for part in reversed(self.where):
            body = [body] if part == ITEM else {part: body}
        return body


def texts_of(document: dict[str, Any]) -> Iterator[Text]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json")
            for where, schema in _strings(content["schema"], (), document) if content else ():
                yield Text(method, path, where, schema)


def _strings(
    schema: dict[str, Any], where: tuple[str, ...], document: dict[str, Any]
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if schema.get("type") == "string":
        yield where, schema
    inside = [(where, either) for either in schema.get("anyOf", [])]
    inside += [((*where, name), inner) for name, inner in schema.get("properties", {}).items()]
    inside += [((*where, ITEM), schema["items"])] if "items" in schema else []
    named = [schema.get("additionalProperties"), *schema.get("patternProperties", {}).values()]
    inside += [((*where, NAME), inner) for inner in named if isinstance(inner, dict)]
    for there, inner in inside:
        yield from _strings(inner, there, document)


def test_every_text_of_every_body_says_what_it_may_hold(service: Service) -> None:
    """A code has a pattern or is looked up, a choice has its values; anything else is written by people."""
    texts = list(texts_of(service.app.openapi()))
    known = {"pattern", "enum", "const", "format"}
    assert [str(each) for each in texts if not known & each.schema.keys()] == []
    assert {str(each) for each in texts if each.is_written_by_people} >= {
        "reports/description",
        "reports/location/address",
        "reports/answers/x",
        "accept/note",
        "reject/reason",
        "resolve/result",
        "rate/reason",
    }


@pytest.mark.parametrize("bad", BAD, ids=ascii)
def test_what_people_write_holds_nothing_that_nobody_sees(service: Service, bad: str) -> None:
    person = service.as_role(*Role, unit_code=SQUAD)
    headers = person.headers | {"Content-Type": "application/json"}
    is_half = "\ud800" <= bad <= "\udfff"
    expected = "含有无效字符" if is_half else "含有控制字符或改变文字方向的符号，请删除"
    before = rows_of(service.database)
    for each in texts_of(service.app.openapi()):
        if not each.is_written_by_people:
            continue
        url = each.path.replace("{number}", "261120360000000011").replace("{template_id}", "1")
        content = json.dumps(each.body(f"路{bad}口")).encode()
        answer = service.client.request(each.method, url, content=content, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION"), each
        said = {problem["pointer"]: problem["detail"] for problem in answer.json()["errors"]}
        assert said["/".join(("/body", *each.where))] == expected, each
    assert rows_of(service.database) == before


@pytest.mark.parametrize("bad", [*BAD, "\n", "\t"], ids=ascii)
def test_what_an_answer_answers_is_one_clean_line(service: Service, bad: str) -> None:
    citizen = service.citizen()
    body = json.dumps(citizen.submission() | {"answers": {f"几{bad}辆": "三"}}).encode()
    before = rows_of(service.database)
    headers = citizen.headers | {"Content-Type": "application/json"}
    answer = service.client.post("/api/v1/reports", content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (422, "VALIDATION")
    assert rows_of(service.database) == before


def test_words_are_kept_as_they_were_written(service: Service) -> None:
    citizen = service.citizen()
    written = "路口东侧\n\t👩‍🔧 井盖缺失 𠮷 e\u0301 é"
    number = citizen.report(description=f" \r\n{written}\u3000")["number"]
    assert citizen.get(f"/reports/{number}").json()["description"] == written
