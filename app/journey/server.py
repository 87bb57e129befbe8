"""A running server as a client sees it: each call says what it expects, and no call waits for ever."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import httpx  # noqa: TID251 - for the names of its errors; app.infra.http_client makes the client

from app.infra.http_client import http_client
from app.texts import text

MAX_SHOWN = 300


class Unexpected(Exception):
    """The server answered something else than a step needs."""

    def __init__(self, *, expected: str, got: str) -> None:
        super().__init__(f"{expected} / {got}")
        self.expected = expected
        self.got = got[:MAX_SHOWN]


class Unreachable(Exception):
    """There is no answer: nothing listens there, or it takes too long."""


class Server:
    """Calls one server; a path starts with a slash."""

    def __init__(self, base: str, *, timeout_s: float) -> None:
        self.base = base.rstrip("/")
        self._client = http_client(timeout_s=timeout_s, retries=0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _: BaseException | None, _at: TracebackType | None) -> None:
        self._client.close()

    def get(self, path: str, *, token: str | None = None) -> Any:  # noqa: ANN401 - whatever JSON the server sends
        return self.call("GET", path, token=token)

    def post(
        self, path: str, body: Mapping[str, Any], *, token: str | None = None, expect: int = 200, key: str | None = None
    ) -> Any:  # noqa: ANN401 - as above
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", path, token=token, expect=expect, json=body, headers=headers)

    def call(self, method: str, path: str, *, token: str | None = None, expect: int = 200, **request: Any) -> Any:  # noqa: ANN401 - whatever JSON
        """Return the JSON of an answer with the status expected.

        :raises Unexpected: another status, or no JSON
        :raises Unreachable: no answer in time
        """
        headers = dict(request.pop("headers", {})) | ({"Authorization": f"Bearer {token}"} if token else {})
        try:
            answer = self._client.request(method, f"{self.base}{path}", headers=headers, **request)
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            raise Unreachable(text("journey.unreachable", base=self.base, reason=type(failed).__name__)) from None
        if answer.status_code != expect:
            raise Unexpected(expected=f"{method} {path} {expect}", got=f"{answer.status_code} {_said(answer)}")
        try:
            return answer.json()
        except ValueError:
            raise Unexpected(expected=f"{method} {path} JSON", got=answer.text) from None


def _said(answer: httpx.Response) -> str:
    """Return a problem's code and message, or whatever else was answered."""
    try:
        problem = answer.json()
        return f"{problem['code']} {problem['message']}"
    except (ValueError, LookupError, TypeError):
        return answer.text


def check(expected: object, got: object, what: str) -> None:
    """Compare one member of an answer.

    :raises Unexpected: they differ
    """
    if got != expected:
        raise Unexpected(expected=f"{what} = {expected}", got=f"{what} = {got}")
