"""What a rule set says, in the words of its file and of its rows; turned into the values of the domain."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.domain.gcj02 import Datum
from app.domain.keywords import Keyword
from app.domain.limits import Limit, LimitUnit
from app.domain.questions import Choice, Question
from app.domain.routing.rules import DayKind, Jurisdiction, Link, Powers, Rule, Then, When, Window

Code = Annotated[str, Field(min_length=1, max_length=64)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Basis = Annotated[str, Field(min_length=1, max_length=500)]
ClassPrefix = Annotated[str, Field(pattern=r"^[0-9]{2}([0-9]{3})?$")]


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
    parse_limit(written)
    return written


class _Words(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class WindowWords(_Words):
    from_day: tuple[int, int] = (1, 1)
    to_day: tuple[int, int] = (12, 31)
    weekdays: frozenset[Annotated[int, Field(ge=1, le=7)]] = frozenset(range(1, 8))
    hours: tuple[Annotated[int, Field(ge=0, le=23)], Annotated[int, Field(ge=0, le=24)]] = (0, 24)
    days: DayKind = DayKind.ANY


class WhenWords(_Words):
    scheme: str = ""
    class_prefix: ClassPrefix | Annotated[str, Field(max_length=0)] = Field(default="", alias="class")
    condition: str = ""
    area: str = Field(default="", pattern=r"^[0-9]*$")
    polygon: str = ""
    jurisdiction: str = ""
    place_type: str = ""
    facts: dict[str, str] = {}
    channels: frozenset[str] = frozenset()
    window: WindowWords | None = None


class ThenWords(_Words):
    unit: str = ""
    role: str = ""
    chain: tuple[Link, ...] = ()
    assisting: tuple[str, ...] = ()
    assisting_roles: tuple[str, ...] = ()
    limit: Annotated[str, AfterValidator(_is_limit)] = ""
    priority: int = Field(default=0, ge=-100, le=100)
    auto_dispatch: bool = True


class RuleWords(_Words):
    """One rule; `when` may be left out, a rule without conditions is for everything."""

    key: Code
    when: WhenWords = WhenWords()
    then: ThenWords
    basis: Basis
    powers: Powers = Powers.ORDINARY
    valid_from: date | None = None
    valid_until: date | None = None


class ChoiceWords(_Words):
    code: Annotated[str, Field(min_length=1, max_length=32)]
    text: Name


class QuestionWords(_Words):
    code: Code
    text: Name
    categories: tuple[str, ...] = Field(min_length=1)
    choices: tuple[ChoiceWords, ...] = Field(min_length=1)


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
    holds: tuple[ClassPrefix, ...] = ()
    withheld: tuple[ClassPrefix, ...] = ()


class UnitWords(_Words):
    """A unit that the rule set brings along; it begins when the version does."""

    code: Code
    name: Name
    kind: Annotated[str, Field(min_length=1, max_length=40)]
    level: str
    area: str = Field(default="", pattern=r"^[0-9]*$")
    parent: str = ""


class KeywordWords(_Words):
    class_code: Annotated[str, Field(pattern=r"^[0-9]{5}$")] = Field(alias="class")
    condition: str = ""
    any_of: tuple[str, ...] = Field(default=(), alias="any")
    all_of: tuple[str, ...] = Field(default=(), alias="all")
    none_of: tuple[str, ...] = Field(default=(), alias="none")


class SectionWords(_Words):
    """Everything in a rule set but its rules."""

    questions: tuple[QuestionWords, ...] = ()
    areas: tuple[AreaWords, ...] = ()
    jurisdictions: tuple[JurisdictionWords, ...] = ()
    units: tuple[UnitWords, ...] = ()
    keywords: tuple[KeywordWords, ...] = ()


class RuleSetWords(SectionWords):
    """A whole rule set file."""

    version: Annotated[str, Field(min_length=1, max_length=32)]
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
