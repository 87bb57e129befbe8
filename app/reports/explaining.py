"""Writes down why the rules chose a unit, so fully that it can be read after the rule set and the unit are gone.

Names are kept beside codes; sentences are made of them when somebody reads (`app.reports.explanation`).
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from app.domain.routing.deciding import criteria_of
from app.domain.routing.decision import Decision, PassedOver
from app.domain.routing.rules import CLASS_DIGITS, DayKind, Facts, Powers, Rule, Window
from app.reports.world import World
from app.routing.words import write_limit
from app.texts import has_text, text

RUNNERS_UP_KEPT = 10
"""Of the rules that matched and lost only the nearest are kept with the report; a sound set rarely has three."""

_WHOLE_YEAR = (1, 1), (12, 31)
_WHOLE_DAY = (0, 24)
_DAYS_OF_WEEK = 7


def explain(decision: Decision, facts: Facts, *, world: World) -> dict[str, Any]:
    """Return what is stored with the report.

    Of the keys `unit`, `rule_set`, `basis`, `assisting`, `limit` and `passed_over` the program itself makes use later.
    """
    book = world.rulebook
    rule = world.rules.rules.get(decision.rule)
    return {
        "rule_set": world.rules.version,
        "effective_from": book.effective_from.isoformat() if book.effective_from else None,
        "editor": book.editor,
        "decided_at": facts.at.isoformat(),
        "rule": decision.rule,
        "basis": decision.basis,
        "powers": rule.powers.value if rule else Powers.ORDINARY.value,
        "matched": _named(decision, rule, facts, world),
        "then": _then(rule, world),
        "unit": decision.unit,
        "unit_name": _unit_name(decision.unit, world),
        "unit_area": _area_name(_area_of(decision.unit, world), world),
        "resolved_by": decision.resolved_by.value,
        "component": facts.component.code if facts.component else "",
        "jurisdiction": decision.jurisdiction,
        "jurisdictions": _jurisdictions(facts, world),
        "assisting": list(decision.assisting),
        "assisting_names": [_unit_name(code, world) for code in decision.assisting],
        "limit": write_limit(decision.limit) if decision.limit else "",
        "priority": decision.priority,
        "auto_dispatch": decision.auto_dispatch,
        "passed_over": [_runner_up(each, facts, world) for each in decision.passed_over[:RUNNERS_UP_KEPT]],
        "passed_over_count": len(decision.passed_over),
        "is_gap": decision.is_gap,
        "is_tie": decision.is_tie,
    }


def _named(decision: Decision, rule: Rule | None, facts: Facts, world: World) -> list[dict[str, str]]:
    if rule is not None:
        return _criteria(rule, facts, world)
    return [
        {"criterion": criterion, "value": value, "name": _area_name(value, world)}
        for criterion, value in decision.matched
    ]


def _criteria(rule: Rule, facts: Facts, world: World) -> list[dict[str, str]]:
    """Return what a rule asks for, each criterion with its value and the Chinese name of that."""
    return [
        {"criterion": criterion, "value": value, "name": _name_of(criterion, value, rule, facts, world)}
        for criterion, value in criteria_of(rule.when)
    ]


def _name_of(criterion: str, value: str, rule: Rule, facts: Facts, world: World) -> str:
    window = rule.when.window
    names: Mapping[str, Callable[[], str]] = {
        "scheme": lambda: value,
        "class": lambda: _class_name(value, facts.scheme, world),
        "condition": lambda: value,
        "area": lambda: _area_name(value, world),
        "polygon": lambda: world.rulebook.area_names.get(value, value),
        "jurisdiction": lambda: _jurisdiction_name(value, world),
        "channel": lambda: "、".join(map(_channel_name, value.split(","))),
        "window": lambda: window_words(window) if window else value,
    }
    name = names.get(criterion)
    return name() if name else _answer_name(criterion, value, world)


def _channel_name(channel: str) -> str:
    return text(f"source.{channel}") if has_text(f"source.{channel}") else channel


def _class_name(code: str, scheme: str, world: World) -> str:
    if len(code) < CLASS_DIGITS:
        return text("explain.major", code=code)
    return next((each.name for each in world.city.classes if each.code == code and each.scheme == scheme), code)


def _area_name(code: str, world: World) -> str:
    if not code:
        return text("level.city")
    area = world.city.areas.get(code)
    return area.name if area else _jurisdiction_name(code, world)


def _jurisdiction_name(code: str, world: World) -> str:
    known = world.rules.jurisdictions.get(code)
    return known.name if known else code


def _answer_name(question: str, answer: str, world: World) -> str:
    """Return the words of the choice; two questions may share a code, never an answer that means something else."""
    choices = (choice for each in world.rulebook.questions if each.code == question for choice in each.choices)
    return next((choice.text for choice in choices if choice.code == answer), answer)


def _unit_name(code: str, world: World) -> str:
    unit = world.city.units.get(code)
    return unit.name if unit else code


def _area_of(code: str, world: World) -> str:
    unit = world.city.units.get(code)
    return unit.area_code if unit else ""


def _then(rule: Rule | None, world: World) -> dict[str, Any]:
    """Return what a rule asks to be done, before any of it was resolved to this place; nothing without a rule."""
    if rule is None:
        return {}
    then = rule.then
    return {
        "chain": [link.value for link in then.chain],
        "role": then.role,
        "unit": then.unit,
        "unit_name": _unit_name(then.unit, world) if then.unit else "",
        "assisting_names": [_unit_name(code, world) for code in then.assisting],
        "assisting_roles": list(then.assisting_roles),
    }


def _jurisdictions(facts: Facts, world: World) -> list[dict[str, Any]]:
    """Return the functional areas the place lies in, and whether they hold the power over its class."""
    known = (world.rules.jurisdictions[code] for code in sorted(facts.jurisdictions))
    return [
        {"code": each.code, "name": each.name, "basis": each.basis, "has_power": each.has_power(facts.class_code)}
        for each in known
    ]


def _runner_up(lost: PassedOver, facts: Facts, world: World) -> dict[str, Any]:
    rule = world.rules.rules[lost.key]
    return asdict(lost) | {
        "unit_name": _unit_name(lost.unit, world) if lost.unit else "",
        "basis": rule.basis,
        "matched": _criteria(rule, facts, world),
    }


def window_words(window: Window) -> str:
    """Return when a rule holds, in words: season, days and hours as far as they bound anything."""
    parts = []
    if (window.from_day, window.to_day) != _WHOLE_YEAR:
        (first_month, first_day), (last_month, last_day) = window.from_day, window.to_day
        parts.append(text("explain.season", m1=first_month, d1=first_day, m2=last_month, d2=last_day))
    if len(window.weekdays) < _DAYS_OF_WEEK:
        parts.append("、".join(text(f"explain.weekday.{day}") for day in sorted(window.weekdays)))
    if window.days is not DayKind.ANY:
        parts.append(text(f"explain.days.{window.days.value}"))
    if window.hours != _WHOLE_DAY:
        first, end = window.hours
        parts.append(text("explain.hours" if first < end else "explain.hours_overnight", first=first, end=end))
    return "，".join(parts) or text("explain.always")
