"""Write a rule set as YAML that people read and change: one block per rule, Chinese as it is, always the same order."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

_PLAIN = re.compile(r"[A-Za-z_\u4e00-\u9fff](?:[\w./+-]| (?=\S)|[\u3001-\u3011\uff01-\uff5e\u2014\u2018-\u201d])*")
"""What YAML takes for a text without quotes, in any version of it."""

_WORDS_OF_YAML = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_INVISIBLE = re.compile("[\\x7f-\\x9f\\u2028\\u2029\\ufeff\\ufffe\\uffff]")
_HEAD = ("version", "note")
_INDENT = "  "


def write_yaml(content: Mapping[str, Any]) -> Iterator[str]:
    """Give the lines of the file, each with its end.

    :param content: what `RuleSetWords` dumps without defaults
    """
    for name in _HEAD:
        if name in content:
            yield f"{name}: {_scalar(content[name])}\n"
    for section, items in content.items():
        if section not in _HEAD and items:
            yield f"{section}:\n"
            for item in items:
                yield from _block(item)


def _block(item: Mapping[str, Any]) -> Iterator[str]:
    mark = "- "
    for name, value in item.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            yield f"{_INDENT}{mark}{name}:\n"
            yield from (f"{_INDENT * 3}- {_flow(each)}\n" for each in value)
        else:
            yield f"{_INDENT}{mark}{name}: {_flow(value)}\n"
        mark = _INDENT


def _flow(value: Any) -> str:  # noqa: ANN401 - whatever a rule set holds
    if isinstance(value, Mapping):
        return "{" + _joined(f"{_scalar(name)}: {_flow(each)}" for name, each in value.items()) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + _joined(map(_flow, value)) + "]"
    return _scalar(value)


def _joined(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _scalar(value: Any) -> str:  # noqa: ANN401 - a text, a number or a truth value
    if not isinstance(value, str):
        return json.dumps(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS_OF_YAML:
        return value
    quoted = json.dumps(value, ensure_ascii=False)  # JSON's escapes are YAML's, but for what YAML does not show
    return _INVISIBLE.sub(lambda sign: f"\\u{ord(sign[0]):04x}", quoted)
