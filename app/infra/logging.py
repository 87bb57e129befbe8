"""Log lines on stderr: one JSON object each, ours and the libraries' alike, without personal data."""

import json as stdlib_json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from traceback import extract_tb
from typing import Any, TextIO

import orjson
import structlog
from fastapi.exceptions import ValidationException
from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError
from structlog.types import EventDict, Processor, WrappedLogger

# Their own handlers would print in another format; the access line is written by `app.infra.middleware`.
_REROUTED = ("uvicorn", "uvicorn.error", "uvicorn.access", "sqlalchemy", "apscheduler", "alembic", "py.warnings")
_SILENT_BELOW_WARNING = ("alembic.runtime.plugins", "uvicorn.access", "apscheduler", "httpx", "httpcore", "sqlalchemy")


def configure_logging(level: str, *, json: bool, stream: TextIO | None = None) -> None:
    """Send everything logged at `level` (a name such as `INFO`) and above to `stream`, by default stderr.

    :param json: one JSON object per line; otherwise lines for a person at a terminal
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        explain_exception,
    ]
    console: Processor = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    render: list[Processor] = [_render_json] if json else [_causes_in_lines, console]
    target = stream or sys.stderr
    structlog.configure(
        processors=[*shared, *render],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(target),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared[:-1], structlog.stdlib.add_logger_name, structlog.stdlib.ExtraAdder()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, explain_exception, *render],
            keep_exc_info=True,
        )
    )
    _reroute(handler, threshold)


def explain_exception(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Replace `exc_info` by a list of causes, outermost first: type, message where it is safe, and where it happened.

    Messages of the database and of Pydantic repeat the values they complain about, so those are left out.
    """
    error = event.pop("exc_info", None)
    if error is True:
        error = sys.exc_info()
    if isinstance(error, tuple):
        error = error[1]
    if isinstance(error, BaseException):
        event["exception"] = [_described(each) for each in _chain(error)]
    return event


def _causes_in_lines(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write the causes as lines below the message: the console knows no lists."""
    causes = event.pop("exception", None)
    if causes:
        event["exception"] = "\n".join(_cause_in_lines(cause) for cause in causes)
    return event


def _cause_in_lines(cause: dict[str, Any]) -> str:
    return "\n".join([f"{cause['type']}: {cause['message']}", *(f"  {frame}" for frame in cause["at"])])


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)


def _described(error: BaseException) -> dict[str, object]:
    frames = [f"{_short(frame.filename)}:{frame.lineno} {frame.name}" for frame in extract_tb(error.__traceback__)]
    return {"type": type(error).__qualname__, "message": _safe_message(error), "at": frames}


def _short(filename: str) -> str:
    return "/".join(Path(filename).parts[-3:])


def _safe_message(error: BaseException) -> str:
    if isinstance(error, ValidationError | ValidationException):
        return ", ".join(sorted({each["type"] for each in error.errors()}))
    if isinstance(error, DBAPIError):
        return f"SQLSTATE {getattr(error.orig, 'sqlstate', None) or getattr(error.orig, 'sqlite_errorname', '?')}"
    if type(error).__module__.partition(".")[0] in {"psycopg", "sqlite3"}:
        return ""
    return str(error)


def _render_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    try:
        return orjson.dumps(event, default=str).decode()
    except TypeError:  # a lone surrogate or a number beyond 64 bits; a log line is never lost for its contents
        return stdlib_json.dumps(event, default=str)


def _reroute(handler: logging.Handler, threshold: int) -> None:
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(threshold)
    logging.captureWarnings(capture=True)
    for name in _REROUTED:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    for name in _SILENT_BELOW_WARNING:
        logging.getLogger(name).setLevel(max(threshold, logging.WARNING))
