"""What a client reads when something is wrong: an RFC 9457 document made of an error and its facts."""

import json
import math
import warnings
from collections.abc import Mapping
from datetime import datetime
from enum import Enum

from fastapi import Request, Response

from app.domain.errors import DomainError, Unauthenticated
from app.infra.problem_families import FAMILY_STATUS, status_of
from app.infra.wire import beijing_text
from app.texts import text

MEDIA_TYPE = "application/problem+json"

_MEMBERS = frozenset(
    {"type", "title", "status", "detail", "instance", "code", "message", "request_id", "retryable"},
)


def problem_response(request: Request, error: DomainError, *, headers: Mapping[str, str] | None = None) -> Response:
    """Turn an expected failure into its answer; `headers` are added to those its status asks for."""
    status = status_of(error)
    body = _body(error, status=status, request=request)
    # ASCII on purpose: a client's lone surrogate among the facts cannot be written as UTF-8.
    content = json.dumps(body, allow_nan=False).encode("ascii")
    return Response(content, status, media_type=MEDIA_TYPE, headers=_headers(error, status) | dict(headers or {}))


def _body(error: DomainError, *, status: int, request: Request) -> dict[str, object]:
    facts = {name: _plain(value) for name, value in error.facts.items()}
    hidden = sorted(facts.keys() & _MEMBERS)
    if hidden:
        warnings.warn(f"{error.code}: facts may not be called {hidden}", stacklevel=2)
    sentence = _sentence(error, facts, status=status)
    return facts | {
        "type": f"/problems/{error.code}",
        "title": text(f"problem_title.{status}"),  # the kind of failure; RFC 9457 wants it the same every time
        "status": status,
        "detail": sentence,
        "instance": request.url.path,
        "code": error.code,
        "message": sentence,
        "request_id": getattr(request.state, "request_id", None),
        "retryable": error.retryable,
    }


def _sentence(error: DomainError, facts: Mapping[str, object], *, status: int) -> str:
    """Return the error's Chinese sentence; a missing text is our mistake and must not change the answer."""
    shown = {name: "、".join(map(str, fact)) if isinstance(fact, list) else fact for name, fact in facts.items()}
    try:
        return text(f"problem.{error.code}", **shown)
    except (KeyError, IndexError) as missing:
        warnings.warn(f"{error.code}: no text, or not the fact it asks for: {missing}", stacklevel=2)
        return text(f"problem_title.{status}")


def _headers(error: DomainError, status: int) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if status == FAMILY_STATUS[Unauthenticated]:
        headers["WWW-Authenticate"] = "Bearer"
    if "retry_after_s" in error.facts:
        headers["Retry-After"] = str(error.facts["retry_after_s"])
    return headers


def _plain(value: object) -> object:
    """Return a value JSON can hold; what it cannot becomes its text."""
    if isinstance(value, Enum):
        return _plain(value.value)
    if isinstance(value, datetime):
        return beijing_text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, str | int | None):
        return value
    return _plain_many(value)


def _plain_many(value: object) -> object:
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    if isinstance(value, set | frozenset):
        return sorted((_plain(inner) for inner in value), key=str)
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    return str(value)
