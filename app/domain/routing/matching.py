"""The plain reading of one rule against one report; whatever is quicker must agree with it."""

from collections.abc import Mapping

from app.domain.routing.rules import Facts, Jurisdiction, Powers, Rule, When
from app.domain.working_time import BEIJING


def matches(rule: Rule, facts: Facts, *, jurisdictions: Mapping[str, Jurisdiction]) -> bool:
    """Tell whether a rule applies to a report, given the rule set's functional areas by code."""
    return (
        _matches_topic(rule.when, facts)
        and _matches_area(rule, facts, jurisdictions)
        and _matches_circumstances(rule.when, facts)
        and _is_valid(rule, facts)
    )


def _matches_topic(when: When, facts: Facts) -> bool:
    return (
        (not when.scheme or when.scheme == facts.scheme)
        and facts.class_code.startswith(when.class_prefix)
        and (not when.condition or when.condition == facts.condition)
    )


def _matches_area(rule: Rule, facts: Facts, jurisdictions: Mapping[str, Jurisdiction]) -> bool:
    when = rule.when
    return (
        (not when.area or facts.cell.startswith(when.area))
        and (not when.polygon or when.polygon in facts.polygons)
        and (not when.jurisdiction or _in_jurisdiction(rule, facts, jurisdictions))
    )


def _in_jurisdiction(rule: Rule, facts: Facts, jurisdictions: Mapping[str, Jurisdiction]) -> bool:
    """Tell whether a report lies in the rule's functional area and the rule may decide there.

    A functional area decides only what it holds, nothing if the rule set does not know it; a rule that withholds a
    power names where it is withheld.
    """
    code = rule.when.jurisdiction
    if code not in facts.jurisdictions:
        return False
    return rule.powers is Powers.WITHHELD or (code in jurisdictions and jurisdictions[code].has_power(facts.class_code))


def _matches_circumstances(when: When, facts: Facts) -> bool:
    return (
        (not when.place_type or when.place_type == facts.place_type)
        and all(facts.answers.get(name) == value for name, value in when.facts.items())
        and (not when.channels or facts.channel in when.channels)
        and (when.window is None or when.window.holds(facts.at, is_working_day=facts.is_working_day))
    )


def _is_valid(rule: Rule, facts: Facts) -> bool:
    if rule.valid_from is None and rule.valid_until is None:
        return True
    day = facts.at.astimezone(BEIJING).date()
    return (rule.valid_from is None or rule.valid_from <= day) and (rule.valid_until is None or day < rule.valid_until)
