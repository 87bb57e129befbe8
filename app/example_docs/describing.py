"""Writes examples into the OpenAPI document: a body per operation, the problems each of its statuses can hold."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import RouteContext, iter_route_contexts

from app.domain.errors import DomainError
from app.identity.caller import Gate
from app.infra.problem_body import MEDIA_TYPE, example_problem
from app.infra.problem_families import FAMILY_STATUS, MalformedBody, MalformedJson, ValidationFailed, status_of_kind
from app.infra.reachable_problems import reachable_problems
from app.reports.actions.verbs import VERBS
from app.texts import has_text, text
from app.texts.zh_cn import TEXTS

_EXAMPLES = "examples.yaml"
_TAG = "docs.tag."

# A wrong rule or limit of the city, found when it is read, says nothing about a request.
_OUTSIDE = (
    "app.city.holder",
    "app.city.snapshot.load_snapshot",
    "app.domain.limits.BadLimit",
    "app.domain.routing.rules.BadRule",
    "app.reports.world.WorldHolder",
)

_VERBS = {action.value: verb.do for action, verb in VERBS.items()}
"""By the name of the gate of an action: what its endpoint does in the end, through a table."""

_FAMILY_OF = {str(status): family for family, status in FAMILY_STATUS.items()}


def describe_examples(app: FastAPI) -> None:
    """Have the OpenAPI document show by example what is sent and what is refused.

    Call it after the last endpoint has been added.
    """
    routes = {key: route for route in iter_route_contexts(app.routes) for key in _keys(route)}
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        is_described = bool(app.openapi_schema)
        document = generate()
        if not is_described:
            _describe(document, routes)
        return document

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _keys(route: RouteContext) -> list[str]:
    return [f"{method} {route.path}" for method in route.methods or ()]


def _describe(document: dict[str, Any], routes: Mapping[str, RouteContext]) -> None:
    shown: set[type[DomainError]] = set()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            key = f"{method.upper()} {path}"
            _show_body(operation, written()["bodies"].get(key))
            shown |= _show_problems(operation, routes[key])
    document["info"]["description"] = text("docs.description")
    document["tags"] = _tags(document)
    document["components"]["examples"] = {
        kind.code: _example(kind) for kind in sorted(shown, key=lambda kind: kind.code)
    }


def _tags(document: dict[str, Any]) -> list[dict[str, str]]:
    """Return the tags in use, in the order of their texts."""
    used = {tag for operations in document["paths"].values() for each in operations.values() for tag in each["tags"]}
    described = {key.removeprefix(_TAG): words for key, words in TEXTS.items() if key.startswith(_TAG)}
    return [{"name": name, "description": words} for name, words in described.items() if name in used]


def _show_body(operation: dict[str, Any], example: object) -> None:
    if example is not None:
        for content in operation["requestBody"]["content"].values():
            content["example"] = example


def _show_problems(operation: dict[str, Any], route: RouteContext) -> set[type[DomainError]]:
    """Refer from each status to the problems it can hold, and return all of these."""
    reached = reachable_problems(_calls(getattr(route, "dependant", None)), outside=_OUTSIDE)
    possible = reached | set(_from_framework(operation))
    shown = set()
    for status, response in operation["responses"].items():
        kinds = {kind for kind in possible if str(status_of_kind(kind)) == status and has_text(f"problem.{kind.code}")}
        if kinds and MEDIA_TYPE in response.get("content", {}):
            operation["responses"][status] = _with_examples(response, sorted(kind.code for kind in kinds))
            shown |= kinds
    return shown


def _with_examples(response: dict[str, Any], codes: list[str]) -> dict[str, Any]:
    """Return the response with examples: a copy, because operations share their parts."""
    examples = {code: {"$ref": f"#/components/examples/{code}"} for code in codes}
    return response | {"content": {MEDIA_TYPE: response["content"][MEDIA_TYPE] | {"examples": examples}}}


def _calls(dependant: Dependant | None) -> Iterator[Callable[..., Any]]:
    """Yield all that a request to an endpoint runs: the endpoint, what it depends on, the verb of its action."""
    if dependant is not None:
        if dependant.call is not None:
            yield dependant.call
        if isinstance(dependant.call, Gate) and dependant.call.name in _VERBS:
            yield _VERBS[dependant.call.name]
        for below in dependant.dependencies:
            yield from _calls(below)


def _from_framework(operation: dict[str, Any]) -> Iterable[type[DomainError]]:
    """Return what is refused before any code of ours runs; no code names these."""
    bodies = operation.get("requestBody", {}).get("content", {})
    if bodies or operation.get("parameters"):
        yield ValidationFailed
    if bodies:
        yield MalformedBody
    if "application/json" in bodies:
        yield MalformedJson
    yield from (_FAMILY_OF[status] for status in ("408", "413") if status in _FAMILY_OF)


def _example(kind: type[DomainError]) -> dict[str, Any]:
    file = written()
    more = file["more"].get(kind.code, {})
    value = example_problem(kind, facts=file["facts"], instance=file["instance"], more=more)
    return {"summary": f"{kind.code} {value['message']}", "value": value}


@cache
def written() -> dict[str, Any]:
    """Return the file of examples."""
    content: dict[str, Any] = yaml.safe_load((files(__package__) / _EXAMPLES).read_text("utf-8"))
    return content
