"""Asks the rules who is responsible for a report and keeps the answer with its reasons."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from app.city.snapshot import ConditionFact
from app.domain.cells import community_of, district_of, street_of
from app.domain.routing import FALLBACK_ROLE, Decision, Facts
from app.reports.models import Report
from app.reports.world import World


def decide(
    *,
    cell_code: str,
    condition: ConditionFact | None,
    scheme: str,
    place_type: str,
    answers: dict[str, str],
    channel: str,
    world: World,
    now: datetime,
) -> Decision:
    """Return the rules' decision; without a class only rules for any class and the fallback can win."""
    facts = Facts(
        scheme=condition.scheme if condition else scheme,
        class_code=condition.class_code if condition else "",
        condition=condition.name if condition else "",
        district=district_of(cell_code),
        street=street_of(cell_code),
        community=community_of(cell_code),
        cell=cell_code,
        at=now,
        place_type=place_type,
        answers=answers,
        channel=channel,
    )
    return world.rules.decide(facts, find_unit=world.city.unit_for)


def explain(decision: Decision, *, world: World) -> dict[str, Any]:
    """Return what is stored with the report: readable after the rule set and the unit are gone."""
    unit = world.city.units[decision.unit]
    return {
        "rule_set": world.rules.version,
        "rule": decision.rule,
        "unit": decision.unit,
        "unit_name": unit.name,
        "basis": decision.basis,
        "matched": list(decision.matched),
        "passed_over": [asdict(rule) for rule in decision.passed_over],
        "assisting": list(decision.assisting),
        "is_gap": decision.is_gap,
        "is_tie": decision.is_tie,
    }


def propose(report: Report, *, world: World, now: datetime) -> None:
    """Ask again after a change of class and keep the new proposal on the report."""
    condition = world.city.condition(report.condition_id) if report.condition_id else None
    decision = decide(
        cell_code=report.cell_code,
        condition=condition,
        scheme=report.scheme,
        place_type=report.place_type,
        answers=report.answers,
        channel=report.source.value,
        world=world,
        now=now,
    )
    report.rule_set_id, report.rule_key = world.rule_set_id, decision.rule
    report.routing = explain(decision, world=world)
    report.proposed_unit_code = decision.unit


def propose_after_return(report: Report, *, world: World) -> None:
    """Propose the rules' best choice that has not returned the report, else the street office (属地)."""
    ranked = [str(report.routing["unit"])]
    ranked += [str(rule["unit"]) for rule in report.routing.get("passed_over", []) if rule["unit"]]
    fallback = world.city.unit_for(FALLBACK_ROLE, report.street_code)
    candidates = [*ranked, fallback or report.proposed_unit_code]
    report.proposed_unit_code = next((unit for unit in candidates if unit not in report.returned_by), candidates[-1])
