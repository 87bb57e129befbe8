"""The innermost middleware: nothing leaves the application without the shape of a problem."""

import structlog
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.domain.errors import DomainError
from app.infra.problem_body import problem_response
from app.infra.problem_families import FAMILY_STATUS, PayloadTooLarge

_log = structlog.get_logger(__name__)


class ProblemEdge:
    """Turn an unexpected exception into a 500 problem, and the framework's plain-text 413 into a problem.

    Starlette's own last resort sits outside all middleware: its answer would have neither request id nor
    security headers, and no line in the access log.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        answer = _Answer(scope, receive, send)
        try:
            await self.app(scope, receive, answer.pass_on)
        except Exception as error:
            if answer.has_started:
                raise
            _log.exception("unexpected failure", exc_info=error)
            await problem_response(Request(scope), DomainError())(scope, receive, send)


class _Answer:
    def __init__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.has_started = False
        self._is_replaced = False
        self._scope, self._receive, self._send = scope, receive, send

    async def pass_on(self, message: Message) -> None:
        if self._is_replaced:
            return
        if message["type"] == "http.response.start":
            self.has_started = True
            if _is_plain_too_large(message):
                self._is_replaced = True
                response = problem_response(Request(self._scope), PayloadTooLarge())
                await response(self._scope, self._receive, self._send)
                return
        await self._send(message)


def _is_plain_too_large(message: Message) -> bool:
    """Starlette answers a too large Content-Length itself and replaces whatever the handlers say."""
    content_type = Headers(raw=message.get("headers", [])).get("content-type", "")
    return message["status"] == FAMILY_STATUS[PayloadTooLarge] and content_type.startswith("text/plain")
