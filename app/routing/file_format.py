"""Rule set files: bytes to words, YAML or workbook, with every fault and where it stands; and words back to bytes."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path as FilePath
from typing import Any

import orjson
from pydantic import BaseModel, ValidationError

from app.routing.findings import NOWHERE, Findings, Path, Spot, refused
from app.routing.words import (
    AreaWords,
    JurisdictionWords,
    KeywordWords,
    QuestionWords,
    RuleSetWords,
    RuleWords,
    UnitWords,
    section_rows,
)
from app.routing.xlsx_reading import read_xlsx
from app.routing.xlsx_writing import write_xlsx
from app.routing.yaml_reading import read_yaml
from app.routing.yaml_writing import write_yaml
from app.texts import has_text, text

MAX_BYTES = 16 * 1024 * 1024
"""The longest file; 10,000 rules take some 2 MB."""

MAX_ITEMS = {"rules": 20_000, "questions": 500, "areas": 2_000, "jurisdictions": 200, "units": 5_000, "keywords": 5_000}

_ZIP = b"PK\x03\x04"
_OLD_OFFICE = b"\xd0\xcf\x11\xe0"
_MODELS: Mapping[str, type[BaseModel]] = {
    "questions": QuestionWords,
    "areas": AreaWords,
    "jurisdictions": JurisdictionWords,
    "units": UnitWords,
    "keywords": KeywordWords,
    "rules": RuleWords,
}


class FileFormat(str, Enum):
    """The two ways to write a rule set."""

    YAML = "yaml"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class RuleFile:
    """What a file says, and where each value stands in it."""

    words: RuleSetWords
    where: Callable[[Path], Spot]


def stored(words: RuleSetWords) -> RuleFile:
    """Return a version out of the database as if it were a file without lines."""
    return RuleFile(words, lambda _path: NOWHERE)


def take(path: FilePath) -> bytes:
    """Read a file, and of a longer one no more than is needed to refuse it.

    :raises RuleFileRefused: it cannot be read, or is longer than `MAX_BYTES`
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)  # not the size the directory gives: a pipe has none
    except OSError as failed:
        raise refused("unreadable", path=path, detail=failed.strerror or type(failed).__name__) from None
    refuse_too_long(data)
    return data


def refuse_too_long(data: bytes) -> None:
    """Refuse a file longer than `MAX_BYTES`.

    :raises RuleFileRefused: it is
    """
    if len(data) > MAX_BYTES:
        raise refused("too_long", limit_mb=MAX_BYTES // 1024 // 1024)


def read_rule_file(data: bytes) -> RuleFile:
    """Return what a file says; whether the city knows its names is looked at elsewhere.

    :raises RuleFileRefused: with everything that is wrong with its shape
    """
    refuse_too_long(data)
    if not data.strip():
        raise refused("empty")
    if data.startswith(_OLD_OFFICE):
        raise refused("old_excel")
    findings = Findings()
    document, lines = (read_xlsx if data.startswith(_ZIP) else read_yaml)(data, findings)
    content = dict(document)
    for section, model in _MODELS.items():
        content[section] = _items(section, model, document.get(section, []), lines.of, findings)
    words = _validated(RuleSetWords, content, (), lines.of, findings)
    findings.refuse()
    return RuleFile(RuleSetWords.model_validate(words), lines.of)


def _items(
    section: str, model: type[BaseModel], raw: object, where: Callable[[Path], Spot], findings: Findings
) -> tuple[BaseModel, ...]:
    if not isinstance(raw, list):
        findings.add(where((section,)), "", section, "list_type")
        return ()
    if len(raw) > MAX_ITEMS[section]:
        raise refused("too_many_items", line=where((section,)).line, section=section, limit=MAX_ITEMS[section])
    made = (
        _validated(model, item, (section, n), where, findings) for n, item in enumerate(raw) if not findings.is_full
    )
    return tuple(each for each in made if each is not None)


def _validated(
    model: type[BaseModel], raw: object, path: Path, where: Callable[[Path], Spot], findings: Findings
) -> BaseModel | None:
    try:
        return model.model_validate(raw)
    except ValidationError as wrong:
        for error in wrong.errors(include_url=False):
            findings.say(where((*path, *error["loc"])), _item(raw) if path else "", *_told(error))
    return None


def _item(raw: object) -> str:
    named = (raw.get(name) for name in ("key", "code", "class")) if isinstance(raw, dict) else iter(())
    return next((name for name in named if isinstance(name, str)), "")


def _told(error: Mapping[str, Any]) -> tuple[str, str]:
    """Return the field and the sentence of an error of pydantic."""
    key = f"rule_file.{error['type']}"
    facts = {name: str(value) for name, value in error.get("ctx", {}).items()}
    return ".".join(map(str, error["loc"])), text(key, **facts) if has_text(key) else text("rule_file.value")


def content_of(words: RuleSetWords) -> dict[str, Any]:
    """Return what a rule set says, without defaults, in a fixed order."""
    return words.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def content_sha256(words: RuleSetWords) -> str:
    """Return the checksum of everything that decides: the rules and the sections, not the name and the note."""
    rules = [each.model_dump(mode="json", by_alias=True, exclude_defaults=True) for each in words.rules]
    deciding = {"rules": rules, "sections": section_rows(words)}
    return hashlib.sha256(orjson.dumps(deciding, option=orjson.OPT_SORT_KEYS)).hexdigest()


def write_rule_file(words: RuleSetWords, file_format: FileFormat) -> bytes:
    """Return the file; read again, it says the same."""
    content = content_of(words)
    if file_format is FileFormat.XLSX:
        return write_xlsx(content)
    return "".join(write_yaml(content)).encode()
