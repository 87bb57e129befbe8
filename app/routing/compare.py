"""What differs between two rule sets: items by their key, added, removed, or changed field by field."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from app.routing.file_format import content_of
from app.routing.words import RuleSetWords, SectionWords

SECTIONS = ("rules", *SectionWords.model_fields)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field, e.g. `when.class`, with its values as text; '' where it is not set."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class ItemChange:
    """An item of a section that both have, and what is not the same in it."""

    item: str
    fields: tuple[FieldChange, ...]


@dataclass(frozen=True, slots=True)
class SectionDifference:
    """What differs in one section; the order of items does not count."""

    section: str
    added: tuple[str, ...]
    removed: tuple[str, ...]
    changed: tuple[ItemChange, ...]

    @property
    def count(self) -> int:
        return len(self.added) + len(self.removed) + len(self.changed)


def compare(before: RuleSetWords, after: RuleSetWords) -> list[SectionDifference]:
    """Return the sections that differ, in the order of `SECTIONS`."""
    old, new = content_of(before), content_of(after)
    differences = (_section(name, old.get(name, ()), new.get(name, ())) for name in SECTIONS)
    return [each for each in differences if each.count]


def _section(name: str, before: Sequence[Any], after: Sequence[Any]) -> SectionDifference:
    old, new = ({_key(name, item): item for item in items} for items in (before, after))
    changes = (ItemChange(key, tuple(_changes(old[key], new[key]))) for key in new if key in old)
    return SectionDifference(
        section=name,
        added=tuple(key for key in new if key not in old),
        removed=tuple(key for key in old if key not in new),
        changed=tuple(change for change in changes if change.fields),
    )


def _key(section: str, item: Mapping[str, Any]) -> str:
    """Return what an item is known by; a question is asked per category, and keywords are nothing but their words."""
    if section == "keywords":
        return " ".join(f"{name}={_shown(value)}" for name, value in item.items())
    if section == "questions":
        return f"{item['code']}（{'、'.join(item['categories'])}）"
    return str(item["key"] if section == "rules" else item["code"])


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[FieldChange]:
    old, new = dict(_fields(before)), dict(_fields(after))
    for name in dict.fromkeys((*old, *new)):
        if old.get(name, "") != new.get(name, ""):
            yield FieldChange(name, old.get(name, ""), new.get(name, ""))


def _fields(item: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    for name, value in item.items():
        if isinstance(value, Mapping):
            yield from _fields(value, f"{above}{name}.")
        else:
            yield f"{above}{name}", _shown(value)


def _shown(value: Any) -> str:  # noqa: ANN401 - whatever a rule set holds
    return value if isinstance(value, str) else orjson.dumps(value).decode()
