"""A rule set as a YAML file: read into domain rules, checked for shape, stored as rows."""

from collections.abc import Mapping
from datetime import date, datetime
from importlib.resources import files
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import insert
from sqlmodel import Session, col, select

from app.domain.routing import BadRule, Rule, RuleSet, Then, When, Window
from app.routing.models import RoutingRule, RuleSetState, RuleSetVersion

DEFAULT_FILE = "default_rules.yaml"


class _Window(BaseModel):
    model_config = ConfigDict(extra="forbid")
    from_day: tuple[int, int] = (1, 1)
    to_day: tuple[int, int] = (12, 31)
    weekdays: frozenset[int] = frozenset(range(1, 8))
    hours: tuple[int, int] = (0, 24)


class _When(BaseModel):
    model_config = ConfigDict(extra="forbid")
    scheme: str = ""
    class_prefix: str = Field(default="", alias="class")
    condition: str = ""
    area: str = ""
    polygon: str = ""
    jurisdiction: str = ""
    place_type: str = ""
    facts: dict[str, str] = {}
    channels: frozenset[str] = frozenset()
    window: _Window | None = None


class _Then(BaseModel):
    model_config = ConfigDict(extra="forbid")
    unit: str = ""
    role: str = ""
    assisting: tuple[str, ...] = ()
    limit: str = ""
    priority: int = 0
    auto_dispatch: bool = True


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid")
    key: str = Field(min_length=1, max_length=64)
    when: _When = _When()
    then: _Then
    basis: str = Field(min_length=1)
    overrides_powers: bool = False
    valid_from: date | None = None
    valid_until: date | None = None


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid")
    version: str = Field(min_length=1, max_length=32)
    note: str
    rules: list[_Rule]


def _refuse_what_does_nothing(key: str, when: _When, then: _Then) -> None:
    """Refuse fields that the decision does not carry out yet, rather than let a rule look stronger than it is.

    :raises BadRule: the rule sets a limit, or asks for a polygon or jurisdiction
    """
    for field, value in (("limit", then.limit), ("polygon", when.polygon), ("jurisdiction", when.jurisdiction)):
        if value:
            raise BadRule(reason=field, rule=key)


def to_rule(row: Mapping[str, Any]) -> Rule:
    """Return the domain rule of a row or a file's entry.

    :raises pydantic.ValidationError: a field is unknown or of the wrong kind
    :raises BadRule: a field is not carried out yet
    """
    parsed = _Rule.model_validate(row)
    when = parsed.when
    _refuse_what_does_nothing(parsed.key, when, parsed.then)
    window = Window(**when.window.model_dump()) if when.window else None
    fields = when.model_dump(exclude={"window"})
    return Rule(
        key=parsed.key,
        when=When(**fields, window=window),
        then=Then(**parsed.then.model_dump()),
        basis=parsed.basis,
        overrides_powers=parsed.overrides_powers,
        valid_from=parsed.valid_from,
        valid_until=parsed.valid_until,
    )


def load_default_rules(session: Session, *, now: datetime) -> None:
    """Publish the shipped rule set once; a city that has any version keeps its own."""
    if session.exec(select(RuleSetVersion)).first() is not None:
        return
    text = files("app.routing").joinpath(DEFAULT_FILE).read_text(encoding="utf-8")
    content = _RuleFile.model_validate(yaml.safe_load(text))
    RuleSet((to_rule(rule.model_dump(by_alias=True)) for rule in content.rules), version=content.version)
    version = RuleSetVersion(
        version=content.version,
        state=RuleSetState.PUBLISHED,
        note=content.note,
        editor="suishoupai",
        effective_from=now,
        created_at=now,
    )
    session.add(version)
    session.flush()  # for the id that the rules refer to
    session.execute(insert(RoutingRule), [_row(version, rule) for rule in content.rules])


def _row(version: RuleSetVersion, rule: _Rule) -> dict[str, Any]:
    return {
        "rule_set_id": version.id,
        "key": rule.key,
        "conditions": rule.when.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        "decision": rule.then.model_dump(mode="json", exclude_defaults=True),
        "basis": rule.basis,
        "overrides_powers": rule.overrides_powers,
        "valid_from": rule.valid_from,
        "valid_until": rule.valid_until,
    }


def load_active_rules(session: Session, *, now: datetime) -> tuple[int, RuleSet]:
    """Return the id and the compiled rules of the version in force.

    :raises LookupError: no version is published
    """
    version = session.exec(
        select(RuleSetVersion)
        .where(RuleSetVersion.state == RuleSetState.PUBLISHED, col(RuleSetVersion.effective_from) <= now)
        .order_by(col(RuleSetVersion.effective_from).desc(), col(RuleSetVersion.id).desc())
    ).first()
    if version is None or version.id is None:
        raise LookupError("no routing rule set is published")
    rows = session.exec(select(RoutingRule).where(RoutingRule.rule_set_id == version.id)).all()
    rules = (
        to_rule(
            {
                "key": row.key,
                "when": row.conditions,
                "then": row.decision,
                "basis": row.basis,
                "overrides_powers": row.overrides_powers,
                "valid_from": row.valid_from,
                "valid_until": row.valid_until,
            }
        )
        for row in rows
    )
    return version.id, RuleSet(rules, version=version.version)
