"""Who is meant: a rule's owner chain, unit or role becomes a unit of the city where the report lies."""

from collections.abc import Mapping

from app.domain.routing.decision import ResolvedBy
from app.domain.routing.rules import Facts, Jurisdiction, Powers, Rule, UnitFinder

Lead = tuple[str, ResolvedBy, str]
"""A unit, how it was found, and the functional area it was found in ('' for none)."""

NOBODY: Lead = ("", ResolvedBy.ROLE, "")

_RESOLVED_BY = {each.value: each for each in ResolvedBy}


def lead_of(rule: Rule, facts: Facts, *, jurisdictions: Mapping[str, Jurisdiction], units: UnitFinder) -> Lead:
    """Return the unit that a rule means for a report, `NOBODY` if there is no such unit at work."""
    then = rule.then
    if then.chain and facts.component is not None:
        for link in then.chain:
            unit = facts.component.unit_of(link)
            if unit and units.is_at_work(unit):
                return unit, _RESOLVED_BY[link.value], ""
    if then.unit:
        return (then.unit, ResolvedBy.UNIT, "") if units.is_at_work(then.unit) else NOBODY
    found = resolve(then.role, facts, powers=rule.powers, jurisdictions=jurisdictions, units=units)
    return (found[0], ResolvedBy.ROLE, found[1]) if found else NOBODY


def resolve(
    role: str, facts: Facts, *, powers: Powers, jurisdictions: Mapping[str, Jurisdiction], units: UnitFinder
) -> tuple[str, str] | None:
    """Return the unit of a role and the functional area it belongs to ('' for none).

    A functional area that holds the power answers with its own unit, else the territory does. What is withheld from
    functional areas is always the territory's. Of several areas the one with the smaller code answers.
    """
    if facts.jurisdictions and powers is not Powers.WITHHELD:
        for code in sorted(facts.jurisdictions):
            zone = jurisdictions.get(code)
            unit = units.unit_at(role, code) if zone is not None and zone.has_power(facts.class_code) else None
            if unit:
                return unit, code
    unit = units.unit_for(role, facts.cell)
    return (unit, "") if unit else None
