"""What a client reads when something is wrong: an RFC 9457 document made of an error and its facts."""

import json
import math
import warnings
from collections.abc import Mapping
from datetime import datetime
from enum import Enum
from string import Formatter

from fastapi import Request, Response

from app.domain.errors import DomainError, Unauthenticated
from app.infra.problem_families import FAMILY_STATUS, status_of
from app.infra.wire import beijing_text
from app.texts import text
from app.texts.zh_cn import TEXTS

MEDIA_TYPE = "application/problem+json"

_MEMBERS = frozenset(
    {"type", "title", "status", "detail", "instance", "code", "message", "request_id", "retryable"},
)

_EXAMPLE_ID = "3f2b6c0d9a8e4f7db1c5a6e2d4f80913"


def problem_response(request: Request, error: DomainError, *, headers: Mapping[str, str] | None = None) -> Response:
    """Turn an expected failure into its answer; `headers` are added to those its status asks for."""
    status = status_of(error)
    request_id = getattr(request.state, "request_id", None)
    body = _body(error, status=status, instance=request.url.path, request_id=request_id)
    # ASCII on purpose: a client's lone surrogate among the facts cannot be written as UTF-8.
    content = json.dumps(body, allow_nan=False).encode("ascii")
    return Response(content, status, media_type=MEDIA_TYPE, headers=_headers(error, status) | dict(headers or {}))


def short_problem(error: DomainError) -> dict[str, object]:
    """Return the members that tell a program and a person what went wrong, for answers about several things."""
    whole = _body(error, status=status_of(error), instance="", request_id=None)
    return {name: whole[name] for name in ("code", "message", "status", "retryable")}


def example_problem(
    kind: type[DomainError], *, facts: Mapping[str, object], instance: str, more: Mapping[str, object]
) -> dict[str, object]:
    """Return a document as `kind` would give it; `facts` are those its sentence may ask for, `more` are added."""
    asked = {name for _, name, _, _ in Formatter().parse(TEXTS[f"problem.{kind.code}"]) if name}
    error = kind(**{name: facts.get(name, f"{{{name}}}") for name in sorted(asked)}, **more)
    return _body(error, status=status_of(error), instance=instance, request_id=_EXAMPLE_ID)


def _body(error: DomainError, *, status: int, instance: str, request_id: str | None) -> dict[str, object]:
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
        "instance": instance,
        "code": error.code,
        "message": sentence,
        "request_id": request_id,
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
