"""Read YAML without any of its dangers, and remember the line of everything.

The events of the parser (libyaml where there is one) are put together here, one by one: nothing is constructed but
mappings, lists and texts, nothing refers to anything else, and depth and number are bounded while reading. A plain
scalar stays the text it is, so `06010` is no octal number and `no` no truth value; only `null`, `~` and nothing at all
are None.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml

from app.infra.wire import CLEAN_TEXT
from app.routing.findings import Findings, Path, Spot, refused

MAX_DEPTH = 10
MAX_NODES = 1_000_000
"""Values in one file; a rule has some twenty. A file of 16 MB could hold eight million."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_UNCLEAN = re.compile(CLEAN_TEXT.replace("^[^", r"[\ud800-\udfff\ufffe\uffff").removesuffix("*$"))


def tidied(written: str) -> str:
    """Return a text as every rule file means it: nothing around it, one kind of line end."""
    return written.strip().replace("\r\n", "\n").replace("\r", "\n")


def is_unclean(written: str) -> bool:
    """Tell whether a text holds signs that nobody sees or that no database takes."""
    return not written.isprintable() and _UNCLEAN.search(written) is not None


class Lines:
    """The line of a value, and those of what it holds."""

    __slots__ = ("inside", "line")

    def __init__(self, line: int, inside: "dict[str, Lines] | list[Lines] | None" = None) -> None:
        self.line = line
        self.inside = inside

    def of(self, path: Path) -> Spot:
        """Return the line of the value at a path, or of the last thing on the way that is there."""
        here = self
        for step in path:
            inside = here.inside
            if isinstance(inside, dict):
                found = inside.get(str(step))
            elif isinstance(inside, list) and isinstance(step, int) and step < len(inside):
                found = inside[step]
            else:
                found = None
            if found is None:
                break
            here = found
        return Spot(here.line)


@dataclass(slots=True)
class _Open:
    """A mapping or a list that is being read; `key` is the last key, whose value is to come."""

    value: dict[str, Any] | list[Any]
    lines: Lines
    key: str | None = None


def read_yaml(data: bytes, findings: Findings) -> tuple[dict[str, Any], Lines]:
    """Return the document and the lines of its values; what is found twice is a finding.

    :raises RuleFileRefused: not UTF-8, not YAML, not one mapping, or something that no rule set needs: anchors,
        aliases, tags, more than `MAX_DEPTH` levels or `MAX_NODES` values
    """
    try:
        written = data.decode("utf-8-sig")
    except UnicodeDecodeError as broken:
        raise refused("not_utf8", line=data.count(b"\n", 0, broken.start) + 1) from None
    try:
        document, lines = _Builder(findings).build(yaml.parse(written, Loader=_LOADER))
    except yaml.MarkedYAMLError as broken:
        mark = broken.problem_mark or broken.context_mark
        raise refused("not_yaml", line=mark.line + 1 if mark else 0, column=mark.column + 1 if mark else 0) from None
    except yaml.reader.ReaderError as broken:
        at = written.find(chr(broken.character))  # the first one stops the reader; it counts in bytes
        raise refused("unclean", line=written.count("\n", 0, at) + 1) from None
    except yaml.YAMLError:
        raise refused("not_yaml", column=0) from None
    if not isinstance(document, dict):
        raise refused("no_mapping", line=lines.line)
    return document, lines


class _Builder:
    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._stack: list[_Open] = []
        self._nodes = 0
        self._done: tuple[Any, Lines] | None = None

    def build(self, events: Iterator[Any]) -> tuple[Any, Lines]:
        for event in events:
            self._take(event)
        return self._done or (None, Lines(1))

    def _take(self, event: Any) -> None:  # noqa: ANN401 - an event of PyYAML, which has no types of its own
        line = event.start_mark.line + 1
        if isinstance(event, yaml.AliasEvent):
            raise refused("alias", line=line)
        if isinstance(event, yaml.NodeEvent):
            self._refuse_odd(event, line)
        if isinstance(event, yaml.ScalarEvent):
            self._scalar(event, line)
        elif isinstance(event, yaml.MappingStartEvent):
            self._start({}, Lines(line, {}))
        elif isinstance(event, yaml.SequenceStartEvent):
            self._start([], Lines(line, []))
        elif isinstance(event, yaml.CollectionEndEvent):
            closed = self._stack.pop()
            self._put(closed.value, closed.lines)
        elif isinstance(event, yaml.DocumentStartEvent) and self._done is not None:
            raise refused("several_documents", line=line)

    def _refuse_odd(self, event: Any, line: int) -> None:  # noqa: ANN401 - as above
        self._nodes += 1
        if self._nodes > MAX_NODES:
            raise refused("too_many_values", line=line, limit=MAX_NODES)
        if event.anchor is not None:
            raise refused("alias", line=line)
        if getattr(event, "tag", None) is not None:
            raise refused("tag", line=line)

    def _start(self, value: dict[str, Any] | list[Any], lines: Lines) -> None:
        self._refuse_as_key(lines.line)
        if len(self._stack) >= MAX_DEPTH:
            raise refused("too_deep", line=lines.line, limit=MAX_DEPTH)
        self._stack.append(_Open(value, lines))

    def _refuse_as_key(self, line: int) -> None:
        here = self._stack[-1] if self._stack else None
        if here is not None and isinstance(here.value, dict) and here.key is None:
            raise refused("odd_key", line=line)

    def _scalar(self, event: Any, line: int) -> None:  # noqa: ANN401 - as above
        here = self._stack[-1] if self._stack else None
        is_plain, written = event.implicit[0], tidied(event.value)
        if is_unclean(written):
            self._findings.add(Spot(line), "", "", "unclean")
        if here is not None and isinstance(here.value, dict) and here.key is None:
            if is_plain and written in {"<<", *_NULLS}:
                raise refused("odd_key", line=line)
            here.key = written
            if here.key in here.value:
                self._findings.add(Spot(line), "", here.key, "key_twice", key=here.key)
            return
        self._put(None if is_plain and written in _NULLS else written, Lines(line))

    def _put(self, value: Any, lines: Lines) -> None:  # noqa: ANN401 - whatever stands in the file
        if not self._stack:
            self._done = value, lines
            return
        here = self._stack[-1]
        if isinstance(here.value, list):
            here.value.append(value)
            here.lines.inside.append(lines)  # type: ignore[union-attr]  # made together
            return
        if value is not None:  # a field without a value was not written
            here.value[str(here.key)] = value
        here.lines.inside[str(here.key)] = lines  # type: ignore[index,call-overload]  # made together
        here.key = None
