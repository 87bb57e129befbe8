"""What a rule set says, in the words of its file and of its rows; turned into the values of the domain."""

import re
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator
from pydantic_core import PydanticCustomError

from app.city.models import UnitLevel
from app.domain.gcj02 import Datum
from app.domain.keywords import Keyword
from app.domain.limits import BadLimit, Limit, LimitUnit
from app.domain.questions import Choice, Question
from app.domain.routing.rules import DayKind, Jurisdiction, Link, Powers, Rule, Then, When, Window

Code = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Basis = Annotated[str, Field(min_length=1, max_length=500)]
Known = Annotated[str, Field(max_length=200)]
"""A name that somebody else has given, or '': whether it exists is found out elsewhere."""
Some = Field(max_length=50)
ClassPrefix = Annotated[str, Field(pattern=r"^[0-9]{2}([0-9]{3})?$")]

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_VERSION = re.compile(r"\w[\w.-]*")
_LEAP_YEAR = 2024
_AREA_DIGITS = frozenset({0, 4, 6, 9, 12, 15})


def _bad(fault: str) -> PydanticCustomError:
    """Return an error whose sentence is the text `rule_file.<fault>`."""
    return PydanticCustomError(fault, fault)


def _is_day(written: object) -> object:
    """Refuse numbers, which would be read as seconds since 1970."""
    if isinstance(written, str) and not _DAY.fullmatch(written):
        raise _bad("day")
    return written


def _is_day_of_a_year(pair: tuple[int, int]) -> tuple[int, int]:
    try:
        date(_LEAP_YEAR, *pair)
    except ValueError:
        raise _bad("month_day") from None
    return pair


def _is_version_name(written: str) -> str:
    if not _VERSION.fullmatch(written):
        raise _bad("version_name")
    return written


Day = Annotated[date, BeforeValidator(_is_day)]
MonthDay = Annotated[tuple[int, int], AfterValidator(_is_day_of_a_year)]
Weekdays = Annotated[
    frozenset[Annotated[int, Field(ge=1, le=7)]],
    Field(min_length=1, max_length=7),
    PlainSerializer(sorted, return_type=list[int], when_used="json"),
]
Channels = Annotated[
    frozenset[str], Field(max_length=20), PlainSerializer(sorted, return_type=list[str], when_used="json")
]
"""Sets are written in a fixed order: the same content has the same bytes in every process."""


def parse_limit(written: str) -> Limit | None:
    """Return the limit that `2 work_hour` says, None for nothing.

    :raises ValueError: not an amount and a unit
    :raises BadLimit: the amount is not above zero
    """
    if not written:
        return None
    amount, _, unit = written.partition(" ")
    try:
        return Limit(Decimal(amount), LimitUnit(unit))
    except InvalidOperation:
        raise ValueError(f"not an amount: {amount}") from None


def write_limit(limit: Limit) -> str:
    """Return a limit as `parse_limit` reads it."""
    return f"{limit.plain_amount} {limit.unit.value}"


def _is_limit(written: str) -> str:
    try:
        parse_limit(written)
    except (ValueError, BadLimit):
        raise _bad("limit") from None
    return written


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WindowWords(_Words):
    from_day: MonthDay = (1, 1)
    to_day: MonthDay = (12, 31)
    weekdays: Weekdays = frozenset(range(1, 8))
    hours: tuple[Annotated[int, Field(ge=0, le=23)], Annotated[int, Field(ge=0, le=24)]] = (0, 24)
    days: DayKind = DayKind.ANY

    @model_validator(mode="after")
    def _lasts(self) -> Self:
        if self.hours[0] == self.hours[1]:
            raise _bad("no_hours")
        return self


class WhenWords(_Words):
    scheme: Known = ""
    class_prefix: str = Field(default="", pattern=r"^([0-9]{2}([0-9]{3})?)?$", alias="class")
    condition: Known = ""
    area: str = Field(default="", pattern=r"^[0-9]*$")
    polygon: Known = ""
    jurisdiction: Known = ""
    place_type: Known = ""
    facts: Annotated[dict[Code, Code], Some] = {}
    channels: Channels = frozenset()
    window: WindowWords | None = None

    @model_validator(mode="after")
    def _names_one_area(self) -> Self:
        if sum(map(bool, (self.area, self.polygon, self.jurisdiction))) > 1:
            raise _bad("several_areas")
        if len(self.area) not in _AREA_DIGITS:
            raise _bad("area_digits")
        if self.window == WindowWords():  # it would make the rule more specific and say nothing
            raise _bad("empty_window")
        return self


class ThenWords(_Words):
    unit: Known = ""
    role: Known = ""
    chain: Annotated[tuple[Link, ...], Field(max_length=3)] = ()
    assisting: Annotated[tuple[Code, ...], Some] = ()
    assisting_roles: Annotated[tuple[Code, ...], Some] = ()
    limit: Annotated[str, AfterValidator(_is_limit)] = ""
    priority: int = Field(default=0, ge=-100, le=100)
    auto_dispatch: bool = True

    @model_validator(mode="after")
    def _names_one_lead(self) -> Self:
        if bool(self.unit) == bool(self.role):
            raise _bad("unit_or_role")
        return self


class RuleWords(_Words):
    """One rule; `when` may be left out, a rule without conditions is for everything."""

    key: Code
    when: WhenWords = WhenWords()
    then: ThenWords
    basis: Basis
    powers: Powers = Powers.ORDINARY
    valid_from: Day | None = None
    valid_until: Day | None = None

    @model_validator(mode="after")
    def _holds_on_some_day(self) -> Self:
        if self.valid_from and self.valid_until and self.valid_until <= self.valid_from:
            raise _bad("period")
        return self


class ChoiceWords(_Words):
    code: Annotated[str, Field(min_length=1, max_length=32)]
    text: Name


class QuestionWords(_Words):
    code: Code
    text: Name
    categories: tuple[Code, ...] = Field(min_length=1, max_length=200)
    choices: tuple[ChoiceWords, ...] = Field(min_length=1, max_length=100)


class AreaWords(_Words):
    """A polygon that rules name; `shape` is WKT, longitude first, in `datum`."""

    code: Code
    name: Name
    basis: Basis
    datum: Datum = Datum.WGS84
    shape: str = Field(min_length=1)


class JurisdictionWords(AreaWords):
    """A functional area; see `domain.routing.rules.Jurisdiction`."""

    code: Annotated[str, Field(pattern=r"^[0-9]{6}([0-9]{3}([0-9]{3})?)?$")]
    holds: Annotated[tuple[ClassPrefix, ...], Field(max_length=1000)] = ()
    withheld: Annotated[tuple[ClassPrefix, ...], Field(max_length=1000)] = ()


class UnitWords(_Words):
    """A unit that the rule set brings along; it begins when the version does."""

    code: Code
    name: Name
    kind: Annotated[str, Field(min_length=1, max_length=40)]
    level: UnitLevel
    area: str = Field(default="", pattern=r"^[0-9]*$")
    parent: Known = ""


class KeywordWords(_Words):
    class_code: Annotated[str, Field(pattern=r"^[0-9]{5}$")] = Field(alias="class")
    condition: Known = ""
    any_of: tuple[Name, ...] = Field(default=(), alias="any", max_length=100)
    all_of: tuple[Name, ...] = Field(default=(), alias="all", max_length=100)
    none_of: tuple[Name, ...] = Field(default=(), alias="none", max_length=100)

    @model_validator(mode="after")
    def _looks_for_something(self) -> Self:
        if not (self.any_of or self.all_of):
            raise _bad("no_word")
        return self


class SectionWords(_Words):
    """Everything in a rule set but its rules."""

    questions: tuple[QuestionWords, ...] = ()
    areas: tuple[AreaWords, ...] = ()
    jurisdictions: tuple[JurisdictionWords, ...] = ()
    units: tuple[UnitWords, ...] = ()
    keywords: tuple[KeywordWords, ...] = ()


class RuleSetWords(SectionWords):
    """A whole rule set file."""

    version: Annotated[str, Field(max_length=32), AfterValidator(_is_version_name)]
    note: Annotated[str, Field(max_length=1000)] = ""
    rules: tuple[RuleWords, ...] = ()


def to_rule(words: RuleWords) -> Rule:
    """Return the domain's rule."""
    when, then = words.when, words.then
    window = Window(**when.window.model_dump()) if when.window else None
    return Rule(
        key=words.key,
        when=When(**when.model_dump(exclude={"window"}), window=window),
        then=Then(**then.model_dump(exclude={"limit"}), limit=parse_limit(then.limit)),
        basis=words.basis,
        powers=words.powers,
        valid_from=words.valid_from,
        valid_until=words.valid_until,
    )


def rule_row(words: RuleWords, *, rule_set_id: int, position: int, editor: str) -> dict[str, Any]:
    """Return the row of a rule."""
    return {
        "rule_set_id": rule_set_id,
        "key": words.key,
        "position": position,
        "conditions": words.when.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "decision": words.then.model_dump(mode="json", exclude_defaults=True),
        "basis": words.basis,
        "powers": words.powers,
        "overrides_powers": words.powers is not Powers.ORDINARY,
        "editor": editor,
        "valid_from": words.valid_from,
        "valid_until": words.valid_until,
    }


def to_questions(words: Sequence[QuestionWords]) -> tuple[Question, ...]:
    return tuple(
        Question(
            each.code,
            each.text,
            frozenset(each.categories),
            tuple(Choice(choice.code, choice.text) for choice in each.choices),
        )
        for each in words
    )


def to_jurisdictions(words: Sequence[JurisdictionWords]) -> tuple[Jurisdiction, ...]:
    return tuple(Jurisdiction(each.code, each.name, each.basis, each.holds, each.withheld) for each in words)


def to_keywords(words: Sequence[KeywordWords]) -> tuple[Keyword, ...]:
    return tuple(Keyword(each.class_code, each.condition, each.any_of, each.all_of, each.none_of) for each in words)


def section_rows(words: SectionWords) -> Mapping[str, Any]:
    """Return what `rule_set.sections` stores."""
    return words.model_dump(mode="json", by_alias=True, exclude_defaults=True, include=set(SectionWords.model_fields))
