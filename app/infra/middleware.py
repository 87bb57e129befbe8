"""Around every request: its id, a deadline for its body, security headers and one line in the access log."""

import asyncio
import re
import time
from collections.abc import Mapping
from typing import Any
from uuid import uuid4

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_log = structlog.get_logger(__name__)

_REQUEST_ID = "X-Request-ID"
_SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; worker-src 'self' blob:; object-src 'none'; "
    "base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)

SECURITY_HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(self), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


BODY_TIMEOUT_S = 60.0


class RequestMiddleware:
    """Give each request an id (the caller's `X-Request-ID` if it is sane), headers and an access line.

    A body that has not arrived `body_timeout_s` seconds after somebody began to wait for it is a 408, however it
    trickles: whoever sends slowly holds no thread and no connection to the database, but a place all the same.

    The id is in the answer's `X-Request-ID`, in `request.state.request_id` and on every log line of the
    request. A security header the application has set itself stays. The access line names the route's
    template, never the path or the query: those hold report numbers and places.
    """

    def __init__(
        self, app: ASGIApp, *, headers: Mapping[str, str] = SECURITY_HEADERS, body_timeout_s: float = BODY_TIMEOUT_S
    ) -> None:
        self.app = app
        self._headers = headers
        self._body_timeout_s = body_timeout_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.perf_counter()
        status = 500  # unless an answer starts

        async def with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                self._add_headers(message, request_id)
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self.app(scope, _InTime(receive, self._body_timeout_s).receive, with_headers)
            finally:
                milliseconds = round((time.perf_counter() - started) * 1000, 1)
                _log.info(
                    "request", method=scope["method"], route=route_template(scope), status=status, ms=milliseconds
                )

    def _add_headers(self, message: Message, request_id: str) -> None:
        headers = MutableHeaders(scope=message)
        headers[_REQUEST_ID] = request_id
        for name, value in self._headers.items():
            headers.setdefault(name, value)


class _InTime:
    """A request's `receive` that waits only so long for the whole body."""

    __slots__ = ("_due", "_is_complete", "_receive", "_timeout_s")

    def __init__(self, receive: Receive, timeout_s: float) -> None:
        self._receive = receive
        self._timeout_s = timeout_s
        self._due: float | None = None
        self._is_complete = False

    async def receive(self) -> Message:
        """Return the next message.

        :raises HTTPException: 408, and the connection is closed: the rest of the body may never come
        """
        if self._is_complete:  # what comes now is the end of the connection, whenever that is
            return await self._receive()
        if self._due is None:
            self._due = asyncio.get_running_loop().time() + self._timeout_s
        try:
            async with asyncio.timeout_at(self._due):
                message = await self._receive()
        except TimeoutError:
            raise HTTPException(408, headers={"Connection": "close"}) from None
        self._is_complete = not message.get("more_body", False)
        return message


def route_template(scope: Mapping[str, Any]) -> str:
    """Return the template of the route that was taken, e.g. `/api/v1/reports/{number}`; `-` when none matched."""
    # FastAPI keeps a route of an included router as it was written and its full path beside it.
    included = scope.get("fastapi", {}).get("effective_route_context")
    route = included or scope.get("route")
    return str(getattr(route, "path", "-"))


def _request_id(scope: Scope) -> str:
    given = Headers(scope=scope).get(_REQUEST_ID, "")
    return given if _SANE_ID.fullmatch(given) else uuid4().hex
