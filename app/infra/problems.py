"""Errors on the wire (RFC 9457): every answer of 400 and above is `application/problem+json`."""

from typing import Any

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from pydantic.json_schema import models_json_schema
from starlette.exceptions import HTTPException

from app.domain.errors import DomainError
from app.infra.database import DATABASE_FAILURES
from app.infra.problem_body import MEDIA_TYPE, problem_response
from app.infra.problem_edge import ProblemEdge
from app.infra.problem_families import (
    DatabaseUnavailable,
    MalformedJson,
    PayloadTooLarge,
    TooManyRequests,
    Unavailable,
    UnsupportedMedia,
    ValidationFailed,
    family_of,
    status_of,
)
from app.infra.validation_problems import field_problems
from app.texts import text

__all__ = [
    "FieldProblem",
    "PayloadTooLarge",
    "Problem",
    "TooManyRequests",
    "Unavailable",
    "UnsupportedMedia",
    "ValidationFailed",
    "install",
    "problem_response",
    "problems",
    "status_of",
]

_log = structlog.get_logger(__name__)
_REF = "#/components/schemas/{model}"


class FieldProblem(BaseModel):
    """One field that is not as it should be."""

    pointer: str = Field(description="JSON Pointer (RFC 6901)，第一段为 body、query、path、header 或 cookie")
    detail: str


class Problem(BaseModel):
    """RFC 9457 problem details; further members are the facts of the error."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="问题类型，/problems/<code>")
    title: str
    status: int
    detail: str
    instance: str
    code: str = Field(description="稳定的错误代码，供程序判断")
    message: str = Field(description="可直接显示给用户的中文说明")
    request_id: str | None
    retryable: bool = Field(description="稍后原样重试是否可能成功")
    errors: list[FieldProblem] | None = Field(default=None, description="仅 VALIDATION：每个不合要求的字段")


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return FastAPI's `responses=` for these statuses, e.g. `problems(404, 409)`.

    :raises KeyError: a status without text (`problem_title.<status>`), so none of ours
    """
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model=Problem.__name__)}}}
    return {status: {"description": text(f"problem_title.{status}"), "content": content} for status in statuses}


def install(app: FastAPI) -> None:
    """Answer every failure of `app` with a problem, and describe problems in its OpenAPI.

    Call it before adding other middleware, so that those see its answers. Body limits belong on routers
    (`include_router(..., max_body_size=)`): the application-wide one answers outside all middleware, in plain text.
    """
    for kind, handler in _HANDLERS.items():
        app.add_exception_handler(kind, handler)
    app.add_middleware(ProblemEdge)
    _describe(app)


async def _domain(request: Request, error: DomainError) -> Response:
    return problem_response(request, error)


async def _validation(request: Request, error: RequestValidationError) -> Response:
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return problem_response(request, MalformedJson())
    return problem_response(request, ValidationFailed(errors=field_problems(error.errors())))


async def _framework(request: Request, error: HTTPException) -> Response:
    return problem_response(request, family_of(error.status_code)(), headers=error.headers)


async def _database(request: Request, error: Exception) -> Response:
    _log.error("database unavailable", exc_info=error)
    return problem_response(request, DatabaseUnavailable(retry_after_s=1))


_HANDLERS: dict[type[Exception], Any] = {
    DomainError: _domain,
    RequestValidationError: _validation,
    HTTPException: _framework,
    **dict.fromkeys(DATABASE_FAILURES, _database),
}


def _describe(app: FastAPI) -> None:
    """Name the schemas once, and show FastAPI's own 422 as the problem it really is."""
    generate = app.openapi

    def openapi() -> dict[str, Any]:
        if not app.openapi_schema:
            _use_problems(generate())
        return generate()

    app.openapi = openapi  # type: ignore[method-assign]  # FastAPI's own way to extend it


def _use_problems(schema: dict[str, Any]) -> None:
    """Change a generated OpenAPI document in place."""
    _, shared = models_json_schema([(FieldProblem, "serialization"), (Problem, "serialization")], ref_template=_REF)
    known = schema.setdefault("components", {}).setdefault("schemas", {})
    known |= shared["$defs"]
    for unused in ("HTTPValidationError", "ValidationError"):
        known.pop(unused, None)
    framed = {str(status): response for status, response in problems(408, 422).items()}
    for operations in schema.get("paths", {}).values():
        for operation in operations.values():
            responses = operation["responses"]
            if "application/json" in responses.get("422", {}).get("content", {}):
                responses["422"] = framed["422"]
            if "requestBody" in operation or "413" in responses:  # what may be too large may be too slow
                responses["408"] = framed["408"]
