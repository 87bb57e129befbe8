"""What a validator found, in Chinese and field by field, without repeating what the client sent."""

from collections.abc import Mapping, Sequence
from typing import Any

from app.infra.wire import CLEAN_LINE, CLEAN_TEXT, NO_NUL
from app.texts import has_text, text

_MAX_SHOWN = 50
_MAX_POINTER = 200
_OF_PATTERN = dict.fromkeys((NO_NUL, CLEAN_TEXT, CLEAN_LINE), "control_character")


def field_problems(errors: Sequence[Mapping[str, Any]]) -> list[dict[str, str]]:
    """Return `{pointer, detail}` for each of the first 50 errors Pydantic found.

    `pointer` is an RFC 6901 JSON Pointer whose first part says where: body, query, path, header or cookie.
    """
    return [{"pointer": _pointer(error["loc"]), "detail": _detail(error)} for error in errors[:_MAX_SHOWN]]


def _pointer(location: Sequence[str | int]) -> str:
    parts = (str(part).replace("~", "~0").replace("/", "~1") for part in location)
    return "".join(f"/{part}" for part in parts)[:_MAX_POINTER]


def _detail(error: Mapping[str, Any]) -> str:
    """Return the sentence for this type of error; its limits come from our schema, never from the input."""
    limits = {name: value for name, value in error.get("ctx", {}).items() if name != "error"}
    kind = _OF_PATTERN.get(str(limits.get("pattern")), error["type"])
    key = f"validation.{kind}"
    return text(key if has_text(key) else "validation.other", **limits)
